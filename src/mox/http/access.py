"""One line in the log for each request, without what could be a secret: no query, no cookie, no body."""

import logging
from typing import Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mox.runtime import Clock

__all__ = ["AccessLog", "Counting"]

logger = logging.getLogger(__name__)

_LONGEST_TEXT = 200
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Counting(Protocol):
    """Hears of each request when it is answered; all names are of closed sets."""

    def answered(
        self, *, handler: str, proto: str, method: str, status: int, began_s: float, done_s: float
    ) -> None:
        """Take note of a request.

        Args:
            handler: Name of the site; in parentheses where there was none.
            proto: http or https.
            method: Lower case, or ``(other)``.
            status: 0: the client went before.
            began_s: Seconds until the answer began.
            done_s: Seconds until it was complete.
        """
        ...


class AccessLog:
    """Watches an application from outside."""

    def __init__(self, app: ASGIApp, *, clock: Clock, counting: Counting | None = None) -> None:
        self._app = app
        self._clock = clock
        self._counting = counting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and write down what became of it."""
        status, size, began = 0, 0, self._clock.monotonic()
        answered = began

        async def watched(message: Message) -> None:
            nonlocal status, size, answered
            if message["type"] == "http.response.start":
                status, answered = message["status"], self._clock.monotonic()
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            state, now = scope["state"], self._clock.monotonic()
            tls, client = state.get("tls"), scope.get("client")
            handler = state.get("handler", "")
            method = scope["method"].lower() if scope["method"] in _METHODS else "(other)"
            if self._counting is not None:
                self._counting.answered(
                    handler=handler,
                    proto="http" if tls is None else "https",
                    method=method,
                    status=status,
                    began_s=answered - began,
                    done_s=now - began,
                )
            logger.debug(
                "http request",
                extra={
                    "handler": handler,
                    "method": method,
                    "path": scope["path"][:_LONGEST_TEXT],
                    "status": status,
                    "size_octets": size,
                    "duration_ms": round((now - began) * 1000),
                    "proto": scope.get("http_version", ""),
                    "tls": "plain" if tls is None else tls.version,
                    "peer_ip": "" if client is None else client[0],
                    "client_ip": state.get("remote_ip", ""),
                    "user_agent": _header(scope, b"user-agent"),
                    "authaccount": state.get("account", ""),
                },
            )


def _header(scope: Scope, wanted: bytes) -> str:
    for name, value in scope["headers"]:
        if name == wanted:
            return str(value.decode("latin-1"))[:_LONGEST_TEXT]
    return ""
