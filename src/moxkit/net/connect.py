"""Making connections as a client, plain or with TLS from the first octet."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from moxkit.net.contexts import TLSContext
from moxkit.net.lineconn import LineConn
from moxkit.net.tlstransport import TLSTransport, Verdict

if TYPE_CHECKING:
    from moxkit.net.errors import TLSError

__all__ = ["ImplicitTLS", "connect"]


@dataclass(frozen=True, slots=True)
class ImplicitTLS:
    """How to do TLS right after connecting (RFC 8314 §3).

    Attributes:
        context: Made by `client_context`.
        hostname: Server name to ask for; `None` asks for none.
        verdict: Judges the server's certificates; `None` accepts any.
        alpn: Application protocols to offer.
    """

    context: TLSContext
    hostname: str | None = None
    verdict: Verdict | None = None
    alpn: tuple[str, ...] = ()


async def connect(
    host: str,
    port: int,
    *,
    timeout: float,  # noqa: ASYNC109 - one number for all that connecting takes, as callers think of it
    local_address: str | None = None,
    tls: ImplicitTLS | None = None,
) -> LineConn:
    """Connect within `timeout` seconds, handshake included.

    Args:
        host: An address; names work but bypass the `Resolver`.
        port: Port.
        timeout: Seconds.
        local_address: Address to connect from.
        tls: How to do TLS at once; without, the connection is plain.

    Raises:
        OSError: Not connected; `TimeoutError` and `TLSError` are among them.
    """
    loop = asyncio.get_running_loop()
    local = None if local_address is None else (local_address, 0)
    conn = LineConn(loop)
    async with asyncio.timeout(timeout):
        if tls is None:
            await loop.create_connection(lambda: conn, host, port, local_addr=local)
            return conn
        done: asyncio.Future[TLSError | None] = loop.create_future()
        transport = TLSTransport(
            loop,
            tls.context,
            lambda _info: conn,
            server=False,
            hostname=tls.hostname,
            alpn=tls.alpn,
            handshake_timeout=timeout,
            verdict=tls.verdict,
            on_done=lambda error: None if done.done() else done.set_result(error),
        )
        await loop.create_connection(lambda: transport, host, port, local_addr=local)
        try:
            error = await done
        except BaseException:
            transport.abort()
            raise
    if error is not None:
        raise error
    return conn
