"""Gzip for answers that are worth it, piece by piece, so that streams stay streams."""

import zlib
from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Compression", "accepts_gzip", "is_compressible"]

_LEAST_OCTETS = 512
_GZIP_BITS = 31
# Fastest: it is done for each answer.
_LEVEL = 1
_TYPES = frozenset(
    {
        "application/csv", "application/javascript", "application/json", "application/x-javascript",
        "application/xml", "font/otf", "font/ttf", "image/svg+xml", "image/vnd.microsoft.icon",
        "image/x-icon",
    }
)  # fmt: skip


def is_compressible(content_type: str) -> bool:
    """Say whether a type of content gets smaller; event streams are left alone, since they must not wait."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "text/event-stream":
        return False
    return kind.startswith("text/") or kind in _TYPES or kind.endswith(("+json", "+xml"))


def accepts_gzip(header: str) -> bool:
    """Say whether a client takes gzip (RFC 9110 §12.5.3)."""
    for part in header.lower().split(",")[:20]:
        coding, _, parameters = part.partition(";")
        if coding.strip() in {"gzip", "*"}:
            weight = parameters.replace(" ", "")
            return not (weight.startswith("q=0") and not weight.strip("q=0."))
    return False


class Compression:
    """Compresses what an application answers, where both sides want it (`is_compressed` in the state)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        accepted = dict(scope["headers"]).get(b"accept-encoding", b"").decode("latin-1")
        is_wanted = scope["method"] != "HEAD" and accepts_gzip(accepted)
        await self._app(scope, receive, _Answer(send, scope["state"]).take if is_wanted else send)


class _Answer:
    def __init__(self, send: Send, state: Mapping[str, object]) -> None:
        self._send = send
        self._state = state
        self._start: Message | None = None
        self._compressor: zlib._Compress | None = None

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            is_wanted = self._state.get("is_compressed", True)
            if message["status"] == 200 and is_wanted and _is_worth_it(message):
                # Kept until the size of the first piece is known.
                self._start = message
                return
        elif message["type"] == "http.response.body":
            message = await self._body(message)
        await self._send(message)

    async def _body(self, message: Message) -> Message:
        body, more = message.get("body", b""), message.get("more_body", False)
        if self._start is not None:
            start, self._start = self._start, None
            if more or len(body) >= _LEAST_OCTETS:
                self._compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_BITS)
                headers = [_weaker(each) for each in start["headers"] if each[0] != b"content-length"]
                headers += [(b"content-encoding", b"gzip"), (b"vary", b"accept-encoding")]
                start = {**start, "headers": headers}
            await self._send(start)
        if self._compressor is not None:
            body = self._compressor.compress(body)
            body += self._compressor.flush(zlib.Z_SYNC_FLUSH if more else zlib.Z_FINISH)
        return {**message, "body": body}


def _is_worth_it(start: Message) -> bool:
    headers = dict(start.get("headers", ()))
    kind = headers.get(b"content-type", b"").decode("latin-1")
    return b"content-encoding" not in headers and is_compressible(kind)


def _weaker(header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """Let a tag stand for the content, no longer for its octets (RFC 9110 §8.8.1)."""
    name, value = header
    return (name, b"W/" + value) if name == b"etag" and not value.startswith(b"W/") else header
