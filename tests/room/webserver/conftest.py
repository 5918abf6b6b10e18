"""A web server with handlers on a free port, and one behind it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, Router, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from mox.config import (
    ConfigSnapshot,
    DynamicConfig,
    Listener,
    Postmaster,
    StaticConfig,
    WebHandler,
    WebserverService,
    make_snapshot,
)
from mox.http import HttpServer, ProblemError, Rank, Site
from mox.runtime import Shutdown, Tasks
from mox.webserver import WebServer
from moxkit.net import LineConn
from moxkit.testing import FakeClock


def snapshot(*handlers: WebHandler, redirects: dict[str, str] | None = None) -> ConfigSnapshot:
    return make_snapshot(
        StaticConfig(
            log_level="info",
            hostname="mail.mox.example",
            listeners={"public": Listener(ips=("127.0.0.1",), webserver_http=WebserverService(enabled=True))},
            postmaster=Postmaster(account="me", mailbox="Postmaster"),
        ),
        DynamicConfig(web_handlers=handlers, web_domain_redirects=redirects or {}),
    )


@dataclass
class Serving:
    """Servers on free ports."""

    clock: FakeClock
    servers: list[asyncio.Server] = field(default_factory=list)
    tasks: Tasks = field(default_factory=Tasks)
    shutdown: Shutdown = field(default_factory=Shutdown)

    async def serve(self, sites: list[Site]) -> int:
        """Return the port."""
        loop = asyncio.get_running_loop()
        server = HttpServer(sites=sites, clock=self.clock, shutdown=self.shutdown, is_limited=False)

        async def serve(conn: LineConn) -> None:
            try:
                await server.serve(conn)
            finally:
                conn.close()

        listening = await loop.create_server(
            lambda: LineConn(loop, lambda conn: self.tasks.spawn(serve(conn), "connection")), "127.0.0.1", 0
        )
        self.servers.append(listening)
        port: int = listening.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        self.shutdown.ask("end of test")
        for server in self.servers:
            server.close()
        await asyncio.sleep(0)
        await self.tasks.close()


@pytest.fixture
async def serving(clock: FakeClock) -> AsyncIterator[Serving]:
    made = Serving(clock)
    yield made
    await made.close()


async def _seen(request: Request) -> Response:
    """Answer with what came."""
    body = (await request.body()).decode()
    lines = [f"{request.method} {request.url.path}?{request.url.query}", body]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    headers = {"x-behind": "yes", "connection": "close", "set-cookie": "a=b"}
    return PlainTextResponse("\n".join(lines), 201, headers=headers)


async def _stream(_request: Request) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        for number in range(3):
            yield b"data: %d\n\n" % number
            await asyncio.sleep(0)

    return StreamingResponse(pieces(), media_type="text/event-stream")


class Endless:
    """An answer that never ends by itself; tells when it was given up."""

    def __init__(self) -> None:
        self.began, self.ended = asyncio.Event(), asyncio.Event()

    async def answer(self, _request: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            self.began.set()
            try:
                while True:
                    yield b"data: x\n\n"
                    await asyncio.sleep(0.01)
            finally:
                self.ended.set()

        return StreamingResponse(pieces(), media_type="text/event-stream")


async def _crash(_request: Request) -> Response:
    raise ProblemError(503, "No.")


async def _echo(websocket: WebSocket) -> None:
    await websocket.accept("chat" if "chat" in websocket.scope["subprotocols"] else None)
    await websocket.send_text(
        f"{websocket.url.path} {websocket.headers['host']} {websocket.headers['x-forwarded-for']}"
    )
    try:
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if message.get("text") == "end":
                await websocket.close(4000)
                return
            if message.get("bytes") is not None:
                await websocket.send_bytes(message["bytes"][::-1])
            else:
                await websocket.send_text(message["text"].upper())
    except WebSocketDisconnect:
        return


@pytest.fixture
def endless() -> Endless:
    return Endless()


@pytest.fixture
async def behind(serving: Serving, endless: Endless) -> int:
    """The port of the server behind."""
    router = Router(
        [
            Route("/stream", _stream),
            Route("/crash", _crash),
            Route("/endless", endless.answer),
            WebSocketRoute("/base/ws", _echo),
            Route("/{path:path}", _seen, methods=["GET", "POST", "PUT", "DELETE"]),
        ]
    )
    site = Site(name="behind", path="/", app=router, serves_host=lambda _: True, takes_websockets=True)
    return await serving.serve([site])


@pytest.fixture
async def start(serving: Serving) -> AsyncIterator[Callable[[ConfigSnapshot], Awaitable[int]]]:
    """A function that starts a web server in front of a site of ours, and returns its port."""
    made: list[WebServer] = []

    async def one(config: ConfigSnapshot) -> int:
        async def own(scope, receive, send):  # type: ignore[no-untyped-def]
            await PlainTextResponse(f"own {scope['path']} {scope['root_path']}")(scope, receive, send)

        server = WebServer(current=lambda: config, own_sites={"account": own})
        made.append(server)
        return await serving.serve(
            [
                Site(
                    name="webserver",
                    path="/",
                    app=server,
                    serves_host=server.serves_host,
                    rank=Rank.CONFIGURED,
                    takes_websockets=True,
                ),
                Site(name="account", path="/", app=own, serves_host=lambda _: True),
            ]
        )

    yield one
    for each in made:
        await each.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port
