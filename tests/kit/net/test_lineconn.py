"""Reading, bounds, back-pressure and deadlines of a line connection, over real sockets."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest

from moxkit.net import LineConn, LineTooLong, connect


class MemoryTransport(asyncio.Transport):
    """Remembers what a `LineConn` asked of its transport."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.written = b""

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def pause_reading(self) -> None:
        self.asked.append("pause")

    def resume_reading(self) -> None:
        self.asked.append("resume")

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)


def memory_conn() -> tuple[LineConn, MemoryTransport]:
    conn, transport = LineConn(asyncio.get_running_loop()), MemoryTransport()
    conn.connection_made(transport)
    return conn, transport


@contextlib.asynccontextmanager
async def pair() -> AsyncIterator[tuple[LineConn, LineConn]]:
    """Give (server, client) connected over loopback."""
    loop = asyncio.get_running_loop()
    opened: asyncio.Future[LineConn] = loop.create_future()
    listening = await loop.create_server(lambda: LineConn(loop, opened.set_result), "127.0.0.1", 0)
    client = await connect("127.0.0.1", listening.sockets[0].getsockname()[1], timeout=5)
    server = await opened
    try:
        yield server, client
    finally:
        for conn in (server, client):
            conn.abort()
            await conn.wait_closed()
        listening.close()
        await listening.wait_closed()


async def test_reads_lines_blocks_and_the_rest() -> None:
    conn, _ = memory_conn()
    conn.data_received(b"one\r\ntwo\r\nabcdefrest")
    assert await conn.readline(100) == b"one\r\n"
    assert await conn.readline(100) == b"two\r\n"
    assert await conn.readn(6) == b"abcdef"
    assert await conn.read() == b"rest"


@pytest.mark.parametrize("size", [1, 2, 3, 7])
async def test_any_split_gives_the_same_lines(size: int) -> None:
    conn, _ = memory_conn()
    octets = b"first\r\n\nthird line\r\ntail"
    for at in range(0, len(octets), size):
        conn.data_received(octets[at : at + size])
    conn.eof_received()
    lines = [await conn.readline(100) for _ in range(5)]
    assert lines == [b"first\r\n", b"\n", b"third line\r\n", b"tail", b""]


async def test_line_arriving_in_pieces_wakes_the_waiting_reader() -> None:
    conn, _ = memory_conn()
    reading = asyncio.ensure_future(conn.readline(100))
    for piece in (b"a", b"bc", b"\n", b"next"):
        await asyncio.sleep(0)
        conn.data_received(piece)
    assert await reading == b"abc\n"
    assert conn.clear() == b"next"


@pytest.mark.parametrize("parts", [[b"x" * 20 + b"\nok\n"], [b"x" * 11, b"x" * 500, b"xx\nok\n"]])
async def test_too_long_line_is_refused_once_and_skipped(parts: list[bytes]) -> None:
    conn, _ = memory_conn()
    conn.data_received(parts[0])
    with pytest.raises(LineTooLong):
        await conn.readline(10)
    reading = asyncio.ensure_future(conn.readline(10))
    for part in parts[1:]:
        await asyncio.sleep(0)
        conn.data_received(part)
    assert await reading == b"ok\n"


async def test_line_of_exactly_the_limit_is_accepted() -> None:
    conn, _ = memory_conn()
    conn.data_received(b"12345678\r\n")
    assert await conn.readline(10) == b"12345678\r\n"


async def test_end_gives_what_is_left_and_then_nothing() -> None:
    conn, _ = memory_conn()
    conn.data_received(b"partial")
    conn.eof_received()
    assert await conn.readline(100) == b"partial"
    assert await conn.read() == b""
    assert await conn.readline(100) == b""
    with pytest.raises(asyncio.IncompleteReadError):
        await conn.readn(1)


async def test_pauses_the_wire_when_nobody_reads_and_resumes_for_a_reader() -> None:
    conn, transport = memory_conn()
    conn.data_received(b"x" * 131073)
    assert transport.asked == ["pause"]
    reading = asyncio.ensure_future(conn.readn(200000))
    await asyncio.sleep(0)
    assert transport.asked == ["pause", "resume"]
    conn.data_received(b"x" * 70000)
    assert len(await reading) == 200000


async def test_unread_input_is_bounded_over_a_socket() -> None:
    async with pair() as (server, client):
        client.write_timeout = 0.05
        client.write(b"x" * 30_000_000)
        with pytest.raises(TimeoutError):
            await client.drain()
        assert len(server.clear()) < 131072 + 300000


async def test_second_reader_is_a_mistake() -> None:
    conn, _ = memory_conn()
    reading = asyncio.ensure_future(conn.read())
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="two tasks"):
        await conn.read()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    conn.data_received(b"still works")
    assert await conn.read() == b"still works"


async def test_read_timeout_leaves_the_connection_usable() -> None:
    async with pair() as (server, client):
        server.read_timeout = 0.02
        with pytest.raises(TimeoutError):
            await server.readline(100)
        server.write(b"421 timeout\r\n")
        assert await client.readline(100) == b"421 timeout\r\n"
        client.write(b"late\r\n")
        server.read_timeout = 5
        assert await server.readline(100) == b"late\r\n"


async def test_shorter_timeout_set_later_counts() -> None:
    async with pair() as (server, client):
        server.read_timeout = 300
        client.write(b"a\n")
        assert await server.readline(10) == b"a\n"
        server.read_timeout = 0.02
        with pytest.raises(TimeoutError):
            await server.read()


async def test_both_directions_and_names() -> None:
    async with pair() as (server, client):
        client.writelines([b"he", b"llo\r\n"])
        assert await server.readline(100) == b"hello\r\n"
        assert server.peername == client.sockname
        assert server.tls is None
        assert server.channel_binding("tls-exporter") is None


async def test_half_closed_client_still_gets_its_answer() -> None:
    async with pair() as (server, client):
        client.write(b"QUIT\r\n")
        client.transport.write_eof()
        assert await server.readline(100) == b"QUIT\r\n"
        assert await server.read() == b""
        server.write(b"221 bye\r\n")
        server.close()
        assert await client.read() == b"221 bye\r\n"
        await server.wait_closed()


async def test_reset_raises_connection_error_after_buffered_data() -> None:
    conn, _ = memory_conn()
    conn.data_received(b"tail")
    conn.connection_lost(ConnectionResetError("reset"))
    assert await conn.read() == b"tail"
    with pytest.raises(ConnectionResetError):
        await conn.read()
    with pytest.raises(ConnectionResetError):
        await conn.drain()
    conn.write(b"ignored")


async def test_close_is_ended_by_the_write_timeout_when_the_peer_does_not_read() -> None:
    async with pair() as (server, client):
        client.transport.pause_reading()
        server.write_timeout = 0.05
        server.write(b"x" * 20_000_000)
        server.close()
        async with asyncio.timeout(5):
            await server.wait_closed()


async def test_wait_closed_survives_the_cancellation_of_another_waiter() -> None:
    async with pair() as (server, client):
        waiters = [asyncio.ensure_future(server.wait_closed()) for _ in range(2)]
        await asyncio.sleep(0)
        waiters[0].cancel()
        client.close()
        assert await server.read() == b""
        server.close()
        await waiters[1]


async def test_connect_to_nobody_is_an_oserror(unused_tcp_port_factory: Callable[[], int]) -> None:
    with pytest.raises(OSError, match=r"."):
        await connect("127.0.0.1", unused_tcp_port_factory(), timeout=5)
