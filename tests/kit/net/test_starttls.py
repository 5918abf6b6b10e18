"""The STARTTLS upgrade in place: both sides, smuggled plaintext, failures and cancellation."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from moxkit.net import LineConn, TLSError, client_context, connect, server_context
from moxkit.testing import make_certificate

CERTIFICATE = make_certificate("mx.example")


@contextlib.asynccontextmanager
async def pair() -> AsyncIterator[tuple[LineConn, LineConn]]:
    loop = asyncio.get_running_loop()
    opened: asyncio.Future[LineConn] = loop.create_future()
    listening = await loop.create_server(lambda: LineConn(loop, opened.set_result), "127.0.0.1", 0)
    client = await connect("127.0.0.1", listening.sockets[0].getsockname()[1], timeout=5)
    server = await opened
    server.read_timeout = client.read_timeout = 5
    try:
        yield server, client
    finally:
        for conn in (server, client):
            conn.abort()
            await conn.wait_closed()
        listening.close()
        await listening.wait_closed()


async def answer_starttls(server: LineConn) -> None:
    assert await server.readline(100) == b"STARTTLS\r\n"
    await server.start_tls(server_context([CERTIFICATE]), server=True, go_ahead=b"220 go\r\n")


async def test_goes_on_encrypted_on_the_same_connection() -> None:
    async with pair() as (server, client):
        answering = asyncio.ensure_future(answer_starttls(server))
        client.write(b"STARTTLS\r\n")
        assert await client.readline(100) == b"220 go\r\n"
        info = await client.start_tls(client_context(), server=False, hostname="mx.example")
        await answering
        assert info == client.tls
        assert server.tls is not None
        assert server.tls.sni == "mx.example"
        client.write(b"EHLO x\r\n")
        assert await server.readline(100) == b"EHLO x\r\n"
        server.write(b"250 ok\r\n")
        server.close()
        assert await client.readline(100) == b"250 ok\r\n"
        assert await client.readline(100) == b""
        await server.wait_closed()


async def test_server_refuses_plaintext_pipelined_behind_the_command() -> None:
    async with pair() as (server, client):
        client.write(b"STARTTLS\r\nMAIL FROM:<evil@attack.example>\r\n")
        with pytest.raises(TLSError, match="plaintext received"):
            await answer_starttls(server)
        await server.wait_closed()
        with contextlib.suppress(ConnectionError):
            assert await client.read() == b""


async def test_client_refuses_plaintext_pipelined_behind_the_answer() -> None:
    async with pair() as (server, client):
        server.write(b"220 go\r\n250 injected\r\n")
        assert await client.readline(100) == b"220 go\r\n"
        with pytest.raises(TLSError, match="plaintext received"):
            await client.start_tls(client_context(), server=False)


async def test_clear_drops_and_returns_what_was_not_read() -> None:
    async with pair() as (server, client):
        client.write(b"STARTTLS\r\ninjected\r\n")
        assert await server.readline(100) == b"STARTTLS\r\n"
        assert server.clear() == b"injected\r\n"
        assert server.clear() == b""


async def test_failed_handshake_raises_and_wakes_whoever_waits() -> None:
    async with pair() as (server, client):
        answering = asyncio.ensure_future(answer_starttls(server))
        client.write(b"STARTTLS\r\n")
        assert await client.readline(100) == b"220 go\r\n"
        with pytest.raises(TLSError, match="tlsa-invalid"):
            await client.start_tls(client_context(), server=False, verdict=lambda _chain: "tlsa-invalid")
        with pytest.raises(TLSError):
            await answering
        for conn in (server, client):
            await conn.wait_closed()
            assert conn.is_closing
            with pytest.raises(TLSError):
                await conn.read()


async def test_handshake_timeout_is_an_error_of_both_kinds_of_waiting() -> None:
    async with pair() as (server, client):
        with pytest.raises(TLSError, match="timeout"):
            await server.start_tls(server_context([CERTIFICATE]), server=True, handshake_timeout=0.02)
        with contextlib.suppress(ConnectionError):
            assert await client.read() == b""


async def test_cancelled_upgrade_ends_the_connection() -> None:
    async with pair() as (server, client):
        upgrading = asyncio.ensure_future(server.start_tls(server_context([CERTIFICATE]), server=True))
        await asyncio.sleep(0.01)
        upgrading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upgrading
        await server.wait_closed()
        with contextlib.suppress(ConnectionError):
            assert await client.read() == b""


async def test_back_pressure_from_before_does_not_stick() -> None:
    async with pair() as (server, client):
        client.transport.pause_reading()
        server.write(b"x" * 10_000_000)
        upgrading = asyncio.ensure_future(server.start_tls(server_context([CERTIFICATE]), server=True))
        client.transport.resume_reading()
        assert len(await client.readn(10_000_000)) == 10_000_000
        await client.start_tls(client_context(), server=False)
        await upgrading
        server.write_timeout = 5
        await server.drain()
        server.write(b"done\n")
        assert await client.readline(100) == b"done\n"
