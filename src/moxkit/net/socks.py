"""Connecting through a SOCKS5 proxy (RFC 1928), without authentication."""

import asyncio
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from moxkit.net.connect import connect
from moxkit.net.lineconn import LineConn

__all__ = ["SocksError", "SocksProxy", "connect_by_socks"]

_VERSION = 5
_NO_AUTHENTICATION = 0
_CONNECT = 1
_ADDRESS_TYPES = {4: 1, 6: 4}
_NAME_TYPE = 3
_ADDRESS_OCTETS = {1: 4, 4: 16}
# RFC 1928 §6.
_REFUSALS = {
    1: "general failure",
    2: "not allowed by its rules",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "ttl expired",
    7: "command not supported",
    8: "address type not supported",
}


class SocksError(ConnectionError):
    """The proxy does not connect us; the text says why."""


@dataclass(frozen=True, slots=True)
class SocksProxy:
    """Where a proxy is.

    Attributes:
        host: An address; names work but bypass the `Resolver`.
        port: Port.
    """

    host: str
    port: int


async def connect_by_socks(
    proxy: SocksProxy,
    address: IPv4Address | IPv6Address,
    port: int,
    *,
    timeout: float,  # noqa: ASYNC109 - one number for all that connecting takes, as `connect` has it
) -> LineConn:
    """Connect to an address through a proxy within `timeout` seconds.

    Raises:
        SocksError: The proxy cannot be reached, refuses, or does not speak SOCKS5 without authentication.
        TimeoutError: It does not answer.
    """
    async with asyncio.timeout(timeout):
        conn = await _reach(proxy, timeout)
        try:
            await _negotiate(conn, address, port)
        except asyncio.IncompleteReadError as error:
            conn.abort()
            raise SocksError("the proxy closed the connection") from error
        except BaseException:
            conn.abort()
            raise
    return conn


async def _reach(proxy: SocksProxy, seconds: float) -> LineConn:
    try:
        return await connect(proxy.host, proxy.port, timeout=seconds)
    except TimeoutError:
        raise
    except OSError as error:
        raise SocksError(f"the proxy cannot be reached: {error}") from error


async def _negotiate(conn: LineConn, address: IPv4Address | IPv6Address, port: int) -> None:
    conn.write(bytes((_VERSION, 1, _NO_AUTHENTICATION)))
    version, method = await conn.readn(2)
    if version != _VERSION:
        raise SocksError("the proxy does not speak SOCKS5")
    if method != _NO_AUTHENTICATION:
        raise SocksError("the proxy wants authentication")
    head = bytes((_VERSION, _CONNECT, 0, _ADDRESS_TYPES[address.version]))
    conn.write(head + address.packed + port.to_bytes(2))
    version, reply, _, kind = await conn.readn(4)
    if version != _VERSION:
        raise SocksError("the proxy does not speak SOCKS5")
    if reply:
        raise SocksError(f"the proxy could not connect: {_REFUSALS.get(reply, f'reply {reply}')}")
    # Where it is connected from, which nobody wants to know.
    if kind == _NAME_TYPE:
        await conn.readn((await conn.readn(1))[0] + 2)
    elif kind in _ADDRESS_OCTETS:
        await conn.readn(_ADDRESS_OCTETS[kind] + 2)
    else:
        raise SocksError("the proxy does not speak SOCKS5")
