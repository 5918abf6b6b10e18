"""One line in the log for each request, without what could be a secret: no query, no cookie, no body."""

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mox.runtime import Clock

__all__ = ["AccessLog"]

logger = logging.getLogger(__name__)

_LONGEST_TEXT = 200
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class AccessLog:
    """Watches an application from outside."""

    def __init__(self, app: ASGIApp, *, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and write down what became of it."""
        status, size, began = 0, 0, self._clock.monotonic()

        async def watched(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            state = scope["state"]
            tls, client = state.get("tls"), scope.get("client")
            logger.debug(
                "http request",
                extra={
                    "handler": state.get("handler", ""),
                    "method": scope["method"].lower() if scope.get("method") in _METHODS else "(other)",
                    "path": scope["path"][:_LONGEST_TEXT],
                    "status": status,
                    "size_octets": size,
                    "duration_ms": round((self._clock.monotonic() - began) * 1000),
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
