"""What goes wrong, told to people as a page and to programs as JSON (RFC 9457)."""

import base64
import hashlib
import html
import json
import logging
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["ProblemError", "Problems"]

logger = logging.getLogger(__name__)

_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:20vh auto;padding:0 1.5rem;"
    "color:light-dark(#1c1a17,#edebe7);background:light-dark(#f4f2ee,#111215)}"
    "h1{font-size:1.375rem;letter-spacing:-.015em;margin:0 0 .5rem}p{margin:0}"
    "small{color:light-dark(#55514a,#b4b1ab)}"
)
# The one style that a page may bring along is this one, to the letter.
_PAGE_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    + "'"
)


class ProblemError(Exception):
    """A request is refused, or cannot be answered.

    Attributes:
        status: Of HTTP.
        detail: A sentence for people.
        code: For programs, stable.
        field: Name of the field of the request that is to blame; empty for none.
        allow: Methods that would do, for 405 (RFC 9110 §15.5.6); empty for none.
    """

    def __init__(self, status: int, detail: str, *, code: str = "", field: str = "", allow: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.code = code or HTTPStatus(status).phrase.lower().replace(" ", "-")
        self.field = field
        self.allow = allow


class Problems:
    """Answers for an application that raises."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, whatever happens."""
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        # Starlette raises for unknown routes only where it believes an application to be.
        scope["app"] = self
        try:
            await self._app(scope, receive, watched)
        except ProblemError as error:
            problem = error
        except HTTPException as error:
            allow = (error.headers or {}).get("Allow", "")
            problem = ProblemError(error.status_code, _sentence(error), allow=allow)
        except Exception:
            logger.exception("http request crashed", extra={"handler": scope["state"].get("handler", "")})
            problem = ProblemError(500, "Something went wrong on the server. It is in its log.")
        else:
            return
        if started:
            # The client sees the answer end early, since no last piece comes.
            raise ConnectionAbortedError("request crashed after its answer began")
        await _answer(problem, scope, send)


def _sentence(error: HTTPException) -> str:
    match error.status_code:
        case 404:
            return "There is no page at this address."
        case 405:
            return "That cannot be done with this address."
        case _:
            return str(error.detail)


async def _answer(problem: ProblemError, scope: Scope, send: Send) -> None:
    wants_page = b"text/html" in dict(scope["headers"]).get(b"accept", b"")
    body = _page(problem) if wants_page else _json(problem)
    kind = b"text/html; charset=utf-8" if wants_page else b"application/problem+json"
    headers = [
        (b"content-type", kind),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"vary", b"accept"),
    ]
    if wants_page:
        headers.append((b"content-security-policy", _PAGE_POLICY.encode()))
    if problem.status == 400 and scope["http_version"].startswith("1"):
        headers.append((b"connection", b"close"))
    if problem.allow:
        headers.append((b"allow", problem.allow.encode()))
    if problem.status == 429:
        headers.append((b"retry-after", b"60"))
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _json(problem: ProblemError) -> bytes:
    told: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
    }
    if problem.field:
        told["field"] = problem.field
    return json.dumps(told).encode()


def _page(problem: ProblemError) -> bytes:
    title = HTTPStatus(problem.status).phrase
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><main><h1>{title}</h1>"
        f"<p>{html.escape(problem.detail)}</p><p><small>{problem.status}</small></p></main></body></html>"
    ).encode()
