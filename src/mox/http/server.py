"""The HTTP service of one port: admits connections, and sends what they ask to the sites."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.logging import Logger
from starlette.types import ASGIApp, Receive, Scope, Send

from mox.http.access import AccessLog, Counting
from mox.http.compression import Compression
from mox.http.connection import HttpConnection
from mox.http.problems import Problems
from mox.http.routing import Router, Site
from mox.http.safety import Safety
from mox.listen import Limiter, Window
from mox.runtime import Clock, Shutdown, Tasks
from moxkit.net import LineConn

if TYPE_CHECKING:
    from hypercorn.typing import AppWrapper, ResponseSummary, WWWScope

__all__ = ["ALPN", "HttpServer"]

logger = logging.getLogger(__name__)

ALPN = ("h2", "http/1.1")
"""What a TLS port for `HttpServer` offers (RFC 7301)."""

_HEADER_OCTETS = 32 * 1024
_STREAMS = 100
_REQUESTS_A_CONNECTION = 1000
# Who is gone without a word is noticed by what he does not take.
_PING_S = 60
_OPEN = Window(None, (100, 300, 900))
_A_MINUTE, _AN_HOUR = Window(60, (1000, 3000, 9000)), Window(3600, (5000, 15000, 45000))


class _Log(Logger):
    """What hypercorn has to say goes where everything goes; it writes no lines about requests."""

    def __init__(self, _config: Config) -> None:
        self.access_logger = None
        self.error_logger = logger

    async def access(self, request: "WWWScope", response: "ResponseSummary", request_time: float) -> None:
        """Write nothing: `AccessLog` does."""


class HttpServer:
    """Serves sites on a port, HTTP/1.1 and HTTP/2."""

    def __init__(
        self,
        *,
        sites: Sequence[Site],
        clock: Clock,
        shutdown: Shutdown,
        is_limited: bool = True,
        counting: Counting | None = None,
    ) -> None:
        """Put the layers together.

        Args:
            sites: What is served, by host and path.
            clock: For limits and durations.
            shutdown: Idle connections end once it is asked for.
            is_limited: How much one client asks for is limited.
            counting: Hears of requests.
        """
        # Behind a proxy all clients have its address; only requests can be counted there.
        is_forwarded = any(site.is_forwarded for site in sites)
        requests = Limiter(_A_MINUTE, _AN_HOUR) if is_limited else None
        self._open = Limiter(_OPEN) if is_limited and not is_forwarded else None
        router = Router(sites, clock=clock, limiter=requests)
        inner = Safety(Compression(Problems(router)))
        app = _dispatching(AccessLog(inner, clock=clock, counting=counting), router)
        self._app: AppWrapper = ASGIWrapper(app)  # type: ignore[arg-type]  # Starlette's and hypercorn's names for the same
        self._clock = clock
        self._shutdown = shutdown
        self._config = _config()
        self._context = WorkerContext(None)
        self._connections: set[HttpConnection] = set()
        self._tasks = Tasks()

    async def serve(self, conn: LineConn) -> None:
        """Serve one client until it goes."""
        if not len(self._tasks):
            self._tasks.spawn(self._end_with_server(), "end of http connections")
        ip = str(conn.peername[0]).partition("%")[0]
        if self._open is not None and not self._open.add(ip, self._clock.now()):
            logger.debug("too many open http connections", extra={"peer_ip": ip})
            return
        connection = HttpConnection(conn, app=self._app, config=self._config, context=self._context)
        self._connections.add(connection)
        try:
            await connection.serve()
        finally:
            self._connections.discard(connection)
            if self._open is not None:
                self._open.remove(ip)

    async def _end_with_server(self) -> None:
        await self._shutdown.wait()
        await self._context.terminated.set()
        for connection in tuple(self._connections):
            connection.end_if_idle()


def _dispatching(app: ASGIApp, router: Router) -> ASGIApp:
    """Tell requests from WebSockets; who wants one that nobody has sees 403."""

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await app(scope, receive, send)
        elif scope["type"] != "websocket" or not await router.websocket(scope, receive, send):
            await send({"type": "websocket.close", "code": 1000})

    return dispatch


def _config() -> Config:
    config = Config()
    config.logger_class = _Log  # type: ignore[assignment]  # declared as the one class, meant as its kind
    config.include_server_header = False
    config.h11_max_incomplete_size = _HEADER_OCTETS
    config.h2_max_header_list_size = _HEADER_OCTETS
    config.h2_max_concurrent_streams = _STREAMS
    config.keep_alive_max_requests = _REQUESTS_A_CONNECTION
    config.websocket_ping_interval = _PING_S
    return config
