"""SOCKS5 (RFC 1928): what the proxy hears, its refusals, proxies that are none."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from ipaddress import ip_address

import pytest
from hypothesis import given, strategies as st

from moxkit.net import SocksError, SocksProxy, connect_by_socks

TARGET = ip_address("192.0.2.1")
V4 = bytes([5, 0, 0, 1]) + bytes(6)


@contextlib.asynccontextmanager
async def proxy(*answers: bytes, heard: list[bytes] | None = None) -> AsyncIterator[SocksProxy]:
    """Run a proxy that gives these answers, and closes after them."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            octets = await reader.read(100)
            if heard is not None:
                heard.append(octets)
            writer.write(answer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield SocksProxy("127.0.0.1", server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0.001)


@pytest.mark.parametrize(
    ("address", "request_"),
    [
        ("192.0.2.1", b"\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x19"),
        ("2001:db8::1", b"\x05\x01\x00\x04" + ip_address("2001:db8::1").packed + b"\x00\x19"),
    ],
)
@pytest.mark.parametrize(
    "bound", [V4, bytes([5, 0, 0, 4]) + bytes(18), bytes([5, 0, 0, 3, 3]) + b"mox" + bytes(2)]
)
async def test_says_where_to_and_is_then_out_of_the_way(address: str, request_: bytes, bound: bytes) -> None:
    """RFC 1928 §3, §4, §6."""
    heard: list[bytes] = []
    async with proxy(b"\x05\x00", bound + b"220 hello\r\n", heard=heard) as there:
        conn = await connect_by_socks(there, ip_address(address), 25, timeout=5)
        assert await conn.readline(100) == b"220 hello\r\n"
        conn.close()
        await conn.wait_closed()
    assert heard == [b"\x05\x01\x00", request_]


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([b"\x04\x00"], "does not speak"),
        ([b"\x05\xff"], "authentication"),
        ([b""], "closed"),
        ([b"\x05"], "closed"),
        ([b"\x05\x00", b"\x05\x05\x00\x01" + bytes(6)], "connection refused"),
        ([b"\x05\x00", b"\x05\x4a\x00\x01" + bytes(6)], "reply 74"),
        ([b"\x05\x00", b"\x04\x00\x00\x01" + bytes(6)], "does not speak"),
        ([b"\x05\x00", b"\x05\x00\x00\x07" + bytes(6)], "does not speak"),
        ([b"\x05\x00", b"\x05\x00\x00\x03\xff"], "closed"),
    ],
)
async def test_refusals(answers: list[bytes], why: str) -> None:
    async with proxy(*answers) as there:
        with pytest.raises(SocksError, match=why):
            await connect_by_socks(there, TARGET, 25, timeout=5)


async def test_a_proxy_that_is_not_there() -> None:
    async with proxy() as there:
        pass
    with pytest.raises(SocksError, match="the proxy cannot be reached"):
        await connect_by_socks(there, TARGET, 25, timeout=5)


async def test_a_proxy_that_says_nothing_is_not_waited_for_long() -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    there = SocksProxy("127.0.0.1", server.sockets[0].getsockname()[1])
    with pytest.raises(TimeoutError):
        await connect_by_socks(there, TARGET, 25, timeout=0.02)
    server.close()
    await asyncio.sleep(0.2)


@given(st.binary(max_size=30), st.binary(max_size=30))
def test_noise_gives_a_connection_or_the_declared_error(first: bytes, second: bytes) -> None:
    async def try_it() -> None:
        async with proxy(first, second) as there:
            try:
                conn = await connect_by_socks(there, TARGET, 25, timeout=0.2)
            except (ConnectionError, TimeoutError):
                return
            conn.abort()
            await conn.wait_closed()

    asyncio.run(try_it())
