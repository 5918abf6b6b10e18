"""Requests that another web server answers (reference http.md §5.3)."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from functools import cached_property
from urllib.parse import SplitResult, quote, urlsplit

import httpx
from starlette.requests import Request
from starlette.types import Send
from starlette.websockets import WebSocket

from mox.config import WebForward, WebHandler, compile_pattern
from mox.http import ProblemError, body_pieces
from mox.webserver.tunnels import tunnel

__all__ = ["Forwarder", "backend_headers", "backend_url", "without_hops"]

logger = logging.getLogger(__name__)

# Answers of others may take their time, such as streams of events.
_TIMEOUT = httpx.Timeout(connect=10, read=300, write=60, pool=10)
_MOST_CONNECTIONS = 200
# RFC 9110 §7.6.1.
_HOPS = frozenset(
    {
        b"connection", b"proxy-connection", b"keep-alive", b"te", b"trailer", b"transfer-encoding",
        b"upgrade", b"proxy-authenticate", b"proxy-authorization",
    }
)  # fmt: skip
_Headers = list[tuple[bytes, bytes]]


class Forwarder:
    """Connections to other web servers; made when they are first needed."""

    def __init__(self, make_context: Callable[[], ssl.SSLContext]) -> None:
        """Remember whom to believe.

        Args:
            make_context: For servers with https; called when it is first needed.
        """
        self._make_context = make_context
        self._client: httpx.AsyncClient | None = None

    @cached_property
    def context(self) -> ssl.SSLContext:
        """For servers with https."""
        return self._make_context()

    def _connected(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                verify=self.context,
                timeout=_TIMEOUT,
                limits=httpx.Limits(max_connections=_MOST_CONNECTIONS, max_keepalive_connections=20),
                follow_redirects=False,
            )
        return self._client

    async def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.aclose()

    async def answer(self, request: Request, handler: WebHandler, forward: WebForward, send: Send) -> None:
        """Have a request answered, piece by piece as it comes.

        Raises:
            ProblemError: The other server cannot be reached, or does not answer; nothing is sent yet.
        """
        scope, state = request.scope, request.state
        url = backend_url(handler, forward, scope["path"], scope["query_string"].decode("latin-1"))
        # Made by hand: the client would add headers of its own.
        outgoing = httpx.Request(
            request.method,
            url,
            headers=backend_headers(scope["headers"], state.remote_ip, is_secure=state.is_secure),
            content=_body(request),
            extensions={"timeout": _TIMEOUT.as_dict()},
        )
        try:
            response = await self._connected().send(outgoing, stream=True)
        except httpx.TimeoutException as error:
            raise _failed(504, "does not answer in time", url, error) from error
        except httpx.HTTPError as error:
            raise _failed(502, "cannot be reached", url, error) from error
        try:
            await _while_there(request, _pass_on(response, forward, send))
        except httpx.HTTPError as error:
            # The answer has begun: its end is all that can be told.
            logger.debug("forwarded answer ended early", extra={"url": url, "reason": str(error)})
            raise ConnectionError("the other web server ended its answer early") from error
        finally:
            await asyncio.shield(response.aclose())

    async def tunnel(self, websocket: WebSocket, handler: WebHandler, forward: WebForward) -> None:
        """Carry a WebSocket, until one side ends it."""
        url = backend_url(handler, forward, websocket.scope["path"], websocket.url.query)
        headers = backend_headers(
            websocket.scope["headers"], websocket.state.remote_ip, is_secure=websocket.state.is_secure
        )
        context = self.context if url.startswith("https:") else None
        await tunnel(websocket, url, headers, context)


async def _while_there(request: Request, passing: Coroutine[None, None, None]) -> None:
    """Pass an answer on until its end, or until the client goes: some answers never end by themselves."""
    ways = [asyncio.ensure_future(passing), asyncio.ensure_future(_gone(request))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        if ways[0].done():
            ways[0].result()
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _gone(request: Request) -> None:
    """Return when the client is gone; all of the body was read before."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _pass_on(response: httpx.Response, forward: WebForward, send: Send) -> None:
    headers = without_hops(response.headers.raw)
    own = [(name.encode().lower(), value.encode()) for name, value in forward.response_headers.items()]
    replaced = {name for name, _ in own}
    headers = [each for each in headers if each[0] not in replaced] + own
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    async for piece in response.aiter_raw():
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _body(request: Request) -> AsyncIterator[bytes] | None:
    names = {name for name, _ in request.scope["headers"]}
    return body_pieces(request) if names & {b"content-length", b"transfer-encoding"} else None


def _failed(status: int, what: str, url: str, error: Exception) -> ProblemError:
    logger.warning("web server behind us failed", extra={"url": url.partition("?")[0], "reason": repr(error)})
    return ProblemError(status, f"The web server behind this one {what}.")


def backend_url(handler: WebHandler, forward: WebForward, path: str, query: str) -> str:
    """Return the address at the other server; the path is decoded."""
    target = urlsplit(forward.url)
    if forward.strip_path:
        path = "/" + compile_pattern(handler.path_regexp).cut_from(path).lstrip("/")
    whole = target.path.removesuffix("/") + quote(path, safe="/:@!$&'()*+,;=~-._")
    queries = "&".join(filter(None, (target.query, query)))
    return SplitResult(target.scheme, target.netloc, whole, queries, "").geturl()


def backend_headers(headers: Iterable[tuple[bytes, bytes]], client_ip: str, *, is_secure: bool) -> _Headers:
    """Return the headers of a request for the other server: those of the client, and who and where it is."""
    kept = [each for each in without_hops(headers) if not each[0].startswith((b"x-forwarded", b"forwarded"))]
    host = next((value for name, value in kept if name == b"host"), b"")
    return [
        *kept,
        (b"x-forwarded-for", client_ip.encode("ascii", "replace")),
        (b"x-forwarded-host", host),
        (b"x-forwarded-proto", b"https" if is_secure else b"http"),
    ]


def without_hops(headers: Iterable[tuple[bytes, bytes]]) -> _Headers:
    """Return headers without those that are for one connection only (RFC 9110 §7.6.1)."""
    listed = [(name.lower(), value) for name, value in headers]
    named = {
        part.strip().lower() for name, value in listed if name == b"connection" for part in value.split(b",")
    }
    return [each for each in listed if each[0] not in _HOPS and each[0] not in named]
