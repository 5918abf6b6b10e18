"""An HTTP server on a free port of loopback, and a small client that sees octets as they are."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, Router

from mox.http import Counting, HttpServer, ProblemError, Site, read_body
from mox.runtime import Shutdown, Tasks
from moxkit.net import LineConn
from moxkit.testing import FakeClock


async def hello(request: Request) -> Response:
    state = request.state
    return PlainTextResponse(f"{state.remote_ip} {request.url.scheme} {request.url.path}\n" + "x" * 1000)


async def echo(request: Request) -> Response:
    return Response(await read_body(request, 1000), media_type="application/octet-stream")


async def crash(_request: Request) -> Response:
    raise RuntimeError("a bug")


async def refuse(_request: Request) -> Response:
    raise ProblemError(403, "Not <you>.", code="not-you")


async def stream(_request: Request) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        for number in range(3):
            yield b"data: %d\n\n" % number
            await asyncio.sleep(0)

    return StreamingResponse(pieces(), media_type="text/event-stream")


def make_site(path: str = "/", *, name: str = "test", is_forwarded: bool = False, host: str = "") -> Site:
    routes = [
        Route("/hello", hello),
        Route("/echo", echo, methods=["POST"]),
        Route("/crash", crash),
        Route("/refuse", refuse),
        Route("/stream", stream),
    ]
    return Site(
        name=name,
        path=path,
        app=Router(routes),
        serves_host=lambda asked: asked in {host or "site.example", "127.0.0.1"},
        is_forwarded=is_forwarded,
    )


@dataclass
class Reply:
    """An answer, read until its end."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Running:
    """A server, and what ends it."""

    port: int
    shutdown: Shutdown

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def raw(self, octets: bytes) -> bytes:
        """Send octets; return all that comes back until the server closes."""
        reader, writer = await self.connect()
        writer.write(octets)
        try:
            async with asyncio.timeout(10):
                return await reader.read()
        finally:
            writer.close()

    async def get(self, path: str, *, method: str = "GET", body: bytes = b"", **headers: str) -> Reply:
        lines = [f"{method} {path} HTTP/1.1", "connection: close"]
        headers = {"host": "site.example", **headers}
        if body:
            headers["content-length"] = str(len(body))
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return parse(await self.raw("\r\n".join([*lines, "", ""]).encode() + body))


def parse(octets: bytes) -> Reply:
    head, _, body = octets.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        joined, rest = b"", body
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            joined, rest = joined + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
        body = joined
    return Reply(int(first.split()[1]), headers, body)


Start = Callable[..., Awaitable[Running]]


@pytest.fixture
async def start(clock: FakeClock) -> AsyncIterator[Start]:
    """Starts servers; all are ended with the test."""
    tasks, servers, shutdowns = Tasks(), list[asyncio.Server](), list[Shutdown]()

    async def begin(*sites: Site, is_limited: bool = False, counting: Counting | None = None) -> Running:
        shutdown = Shutdown()
        shutdowns.append(shutdown)
        server = HttpServer(
            sites=sites or (make_site(),),
            clock=clock,
            shutdown=shutdown,
            is_limited=is_limited,
            counting=counting,
        )

        async def serve(conn: LineConn) -> None:
            try:
                await server.serve(conn)
            finally:
                conn.close()

        loop = asyncio.get_running_loop()
        listening = await loop.create_server(
            lambda: LineConn(loop, lambda conn: tasks.spawn(serve(conn), "connection")), "127.0.0.1", 0
        )
        servers.append(listening)
        return Running(listening.sockets[0].getsockname()[1], shutdown)

    yield begin
    for shutdown in shutdowns:
        shutdown.ask("end of test")
    for listening in servers:
        listening.close()
    await asyncio.sleep(0)
    await tasks.close()
