"""Binding ports and serving their connections."""

import asyncio
import errno
import logging
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from mox.runtime import ConnectionIds, Tasks, connection_id
from moxkit.net import LineConn, TLSContext, TLSError, TLSInfo, TLSTransport

__all__ = ["BindError", "Listeners", "Port", "Serve", "bind"]

logger = logging.getLogger(__name__)

_BACKLOG = 1024


class BindError(Exception):
    """A port cannot be listened on; the text says which, why, and what to do."""


Serve = Callable[[LineConn], Awaitable[None]]
"""Serves one connection until it ends."""


@dataclass(frozen=True, slots=True)
class Port:
    """One port, and who serves it.

    Attributes:
        service: For logs, like `imaps`.
        serve: Serves its connections.
        tls: Present: TLS begins at once.
        by_protocol: Who serves connections with other protocols, by ALPN (RFC 7301); `tls` offers them.
    """

    service: str
    ip: str
    port: int
    serve: Serve
    tls: TLSContext | None = None
    by_protocol: Mapping[str, Serve] = field(default_factory=dict)


class Listeners:
    """All ports of a process."""

    def __init__(
        self, *, ids: ConnectionIds, bound: Mapping[tuple[str, int], socket.socket] | None = None
    ) -> None:
        """Remember what there is.

        Args:
            ids: For connections.
            bound: Sockets that somebody else had to bind, by IP and port; other ports are bound here.
        """
        self._ids = ids
        self._bound = dict(bound or {})
        self._servers: list[asyncio.Server] = []
        self._connections = Tasks()
        self._open: set[LineConn] = set()

    async def listen(self, port: Port) -> None:
        """Bind a port and serve its connections.

        Raises:
            BindError: It cannot be bound.
        """
        loop = asyncio.get_running_loop()
        bound = self._bound.pop((port.ip, port.port), None) or bind(port.service, port.ip, port.port)

        def opened(conn: LineConn) -> None:
            self._connections.spawn(self._serve(port, conn), f"{port.service} connection")

        def make() -> asyncio.Protocol:
            if port.tls is None:
                return LineConn(loop, opened)
            return TLSTransport(loop, port.tls, app, server=True, on_done=_handshake_done)

        def app(_info: TLSInfo) -> asyncio.Protocol:
            return LineConn(loop, opened)

        self._servers.append(await loop.create_server(make, sock=bound, backlog=_BACKLOG))
        logger.debug("listening", extra={"service": port.service, "address": f"{port.ip}:{port.port}"})

    async def _serve(self, port: Port, conn: LineConn) -> None:
        connection_id.set(self._ids.take())
        self._open.add(conn)
        try:
            serve = port.serve
            if port.by_protocol and conn.tls is not None:
                serve = port.by_protocol.get(conn.tls.alpn, serve)
            await serve(conn)
        except (ConnectionError, TimeoutError) as error:
            logger.debug("connection lost", extra={"service": port.service, "reason": str(error)})
        except Exception:
            # One connection's bug is nobody else's trouble.
            logger.exception("connection handler crashed", extra={"service": port.service})
        finally:
            self._open.discard(conn)
            conn.close()

    async def close(self, grace_s: float) -> None:
        """Accept no more, give connections time to end, then cut them."""
        for server in self._servers:
            server.close()
        await self._connections.wait(grace_s)
        for conn in tuple(self._open):
            conn.abort()
        await self._connections.close()


def _handshake_done(error: TLSError | None) -> None:
    if error is not None:
        logger.debug("tls handshake failed", extra={"reason": error.reason})


def bind(service: str, ip: str, port: int) -> socket.socket:
    """Return a socket that is bound to a port; `service` is for the text of what goes wrong.

    Raises:
        BindError: It cannot be bound.
    """
    try:
        return _bind(ip, port)
    except OSError as error:
        raise BindError(_explain(service, ip, port, error)) from error


def _bind(ip: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":
            # On Windows it would let two programs share the port.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((ip, port))
    except OSError:
        bound.close()
        raise
    return bound


def _explain(service: str, ip: str, port: int, error: OSError) -> str:
    where = f"{service} port {port} on {ip}"
    if error.errno == errno.EADDRINUSE:
        return f"{where} is in use; stop the other program, or choose other ports with --port-offset"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{where}: the address is not of this machine"
    if error.errno == errno.EACCES:
        return f"{where}: not permitted; ports below 1024 need root"
    return f"{where} cannot be bound: {error.strerror}"
