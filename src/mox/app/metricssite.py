"""Numbers for Prometheus, on a port of their own (reference http.md §1)."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mox.http import ProblemError
from mox.observe import Metrics

__all__ = ["metrics_app"]

_TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>mox metrics</title></head>'
    '<body><a href="metrics">metrics</a></body></html>'
)


def metrics_app(metrics: Metrics) -> ASGIApp:
    """Return the application: a page with a link, and the numbers."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], Request(scope).method
        if method not in {"GET", "HEAD"}:
            raise ProblemError(405, "This address is for reading only.", allow="GET, HEAD")
        response: Response
        if path == "/metrics":
            response = Response(metrics.text(), media_type=_TEXT_TYPE)
        elif path == "/":
            response = HTMLResponse(_PAGE)
        else:
            raise ProblemError(404, "There is no page at this address.")
        await response(scope, receive, send)

    return answer
