"""Ports: what is told when one is taken, and connections that do not hurt each other."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest

from mox.listen import BindError, Listeners, Port
from mox.runtime import ConnectionIds, connection_id
from moxkit.net import ImplicitTLS, LineConn, client_context, connect, server_context
from moxkit.testing import make_certificate


@pytest.fixture
async def listeners() -> AsyncIterator[Listeners]:
    listeners = Listeners(ids=ConnectionIds(datetime(2030, 1, 1, tzinfo=UTC)))
    yield listeners
    await listeners.close(0.01)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def listen(listeners: Listeners, serve: Callable[[LineConn], Awaitable[None]]) -> int:
    port = free_port()
    await listeners.listen(Port("smtp", "127.0.0.1", port, serve))
    return port


async def ask(port: int, line: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(line)
        return await asyncio.wait_for(reader.read(), 5)
    finally:
        writer.close()
        await writer.wait_closed()


async def echo(conn: LineConn) -> None:
    line = await conn.readline(100)
    if line.startswith(b"crash"):
        raise ZeroDivisionError
    conn.write(b"%d %b" % (connection_id.get() or 0, line))
    await conn.drain()


async def test_a_taken_port_is_told_with_what_to_do(listeners: Listeners) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            BindError, match=f"smtp port {port} on 127.0.0.1 is in use; stop the other program"
        ):
            await listeners.listen(Port("smtp", "127.0.0.1", port, echo))


async def test_an_address_of_another_machine_is_told(listeners: Listeners) -> None:
    with pytest.raises(BindError, match=r"imap port 0 on 192\.0\.2\.1: the address is not of this machine"):
        await listeners.listen(Port("imap", "192.0.2.1", 0, echo))


async def test_a_crashing_handler_hurts_nobody_else(
    listeners: Listeners, caplog: pytest.LogCaptureFixture
) -> None:
    port = await listen(listeners, echo)
    answers = await asyncio.gather(*(ask(port, line) for line in (b"one\r\n", b"crash\r\n", b"two\r\n")))
    assert [a.partition(b" ")[2].strip() for a in answers] == [b"one", b"", b"two"]
    assert caplog.messages == ["connection handler crashed"]
    assert (await ask(port, b"three\r\n")).strip().endswith(b"three")


async def test_each_connection_has_its_own_id(listeners: Listeners) -> None:
    port = await listen(listeners, echo)
    ids = [int((await ask(port, b"x\r\n")).split()[0]) for _ in range(3)]
    assert ids == list(range(ids[0], ids[0] + 3))


async def test_closing_cuts_what_does_not_end(listeners: Listeners) -> None:
    started = asyncio.Event()

    async def hang(conn: LineConn) -> None:
        started.set()
        await conn.readline(100)

    port = await listen(listeners, hang)
    asking = asyncio.ensure_future(ask(port, b""))
    await asyncio.wait_for(started.wait(), 5)
    await listeners.close(0.01)
    assert await asyncio.wait_for(asking, 5) == b""
    with pytest.raises(ConnectionError):
        await ask(port, b"")


async def test_a_port_has_several_services_by_protocol(listeners: Listeners) -> None:
    port = free_port()
    context = server_context([make_certificate("mail.mox.example")], alpn=["h2", "imap"])

    def saying(text: bytes) -> Callable[[LineConn], Awaitable[None]]:
        async def serve(conn: LineConn) -> None:
            conn.write(text)
            await conn.drain()

        return serve

    await listeners.listen(
        Port("https", "127.0.0.1", port, saying(b"web"), context, {"imap": saying(b"mail")})
    )

    async def heard(*alpn: str) -> bytes:
        tls = ImplicitTLS(client_context(), hostname="mail.mox.example", alpn=alpn)
        conn = await connect("127.0.0.1", port, timeout=5, tls=tls)
        try:
            return await conn.read()
        finally:
            conn.close()
            await conn.wait_closed()

    assert [await heard("h2"), await heard(), await heard("imap"), await heard("imap", "h2")] == [
        b"web",
        b"web",
        b"mail",
        b"web",
    ]
