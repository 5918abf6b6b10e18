"""Another context for single connections, by name and protocols, before OpenSSL hears of them."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator

import pytest
from cryptography import x509

from moxkit.net import (
    ClientHello,
    ImplicitTLS,
    LineConn,
    TLSContext,
    TLSError,
    TLSInfo,
    TLSTransport,
    client_context,
    connect,
    server_context,
)
from moxkit.testing import make_certificate


class Choosing:
    """Gives a context to who asks for a protocol; remembers whom it was asked about."""

    def __init__(self, *, is_active: bool) -> None:
        self.is_active = is_active
        self.asked: list[ClientHello] = []
        self.heard = asyncio.Semaphore(0)
        self.awaited: asyncio.Future[None] | None = None
        self.context = server_context([make_certificate("special.example")], alpn=["special/1"])

    def choose(self, hello: ClientHello) -> TLSContext | asyncio.Future[None] | None:
        self.asked.append(hello)
        self.heard.release()
        if self.awaited is not None and not self.awaited.done():
            return self.awaited
        return self.context if "special/1" in hello.alpn else None


@contextlib.asynccontextmanager
async def serve(choosing: Choosing, *, handshake_timeout: float = 30) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    usual = server_context([make_certificate("usual.example")], alpn=["h2"])
    context = server_context(alpn=["h2"], hello=choosing, select=lambda _name: usual)
    conns: list[LineConn] = []

    def app(_info: TLSInfo) -> LineConn:
        return LineConn(loop, conns.append)

    def transport() -> TLSTransport:
        return TLSTransport(loop, context, app, server=True, handshake_timeout=handshake_timeout)

    server = await loop.create_server(transport, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    for conn in conns:
        conn.abort()
        await conn.wait_closed()
    server.close()
    await server.wait_closed()


async def served(port: int, *alpn: str) -> tuple[str, str]:
    """Return who answers, and with which protocol."""
    tls = ImplicitTLS(client_context(), hostname="Some.example", alpn=alpn)
    conn = await connect("127.0.0.1", port, timeout=5, tls=tls)
    info = conn.tls
    conn.abort()
    await conn.wait_closed()
    assert info is not None
    assert info.peer_der is not None
    [name] = x509.load_der_x509_certificate(info.peer_der).subject
    return str(name.value), info.alpn


def client_hello() -> bytes:
    """Return what the standard library's client sends first."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="some.example")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


async def test_a_connection_gets_the_context_that_was_chosen_for_it() -> None:
    choosing = Choosing(is_active=True)
    async with serve(choosing) as port:
        assert await served(port, "special/1") == ("special.example", "special/1")
        assert await served(port, "h2") == ("usual.example", "h2")
        assert await served(port) == ("usual.example", "")
    assert choosing.asked == [
        ClientHello("some.example", ("special/1",)),
        ClientHello("some.example", ("h2",)),
        ClientHello("some.example", ()),
    ]


async def test_nobody_is_looked_at_while_that_is_of_no_use() -> None:
    choosing = Choosing(is_active=False)
    async with serve(choosing) as port:
        assert await served(port, "h2") == ("usual.example", "h2")
        with pytest.raises(TLSError, match="no application protocol"):
            await served(port, "special/1")
    assert choosing.asked == []


async def test_a_hello_that_comes_octet_by_octet_is_put_together() -> None:
    choosing = Choosing(is_active=True)
    async with serve(choosing) as port:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["special/1"])
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = context.wrap_bio(incoming, outgoing, server_hostname="some.example")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while True:
            with contextlib.suppress(ssl.SSLWantReadError):
                client.do_handshake()
                break
            for octet in outgoing.read():
                writer.write(bytes([octet]))
                await asyncio.sleep(0)
            incoming.write(await reader.read(65536))
        assert client.selected_alpn_protocol() == "special/1"
        writer.close()
        await writer.wait_closed()
    assert choosing.asked == [ClientHello("some.example", ("special/1",))]


async def test_a_handshake_waits_for_what_is_not_known_yet() -> None:
    choosing = Choosing(is_active=True)
    choosing.awaited = asyncio.get_running_loop().create_future()
    async with serve(choosing) as port:
        clients = [asyncio.ensure_future(served(port, protocol)) for protocol in ("special/1", "h2")]
        for _ in clients:
            await choosing.heard.acquire()
        await asyncio.sleep(0.02)
        assert not any(client.done() for client in clients)
        choosing.awaited.set_result(None)
        answers = await asyncio.gather(*clients)
        assert answers == [("special.example", "special/1"), ("usual.example", "h2")]
    # Each once before, and once after.
    assert len(choosing.asked) == 4


async def test_a_client_that_goes_while_it_waits_is_forgotten() -> None:
    choosing = Choosing(is_active=True)
    choosing.awaited = asyncio.get_running_loop().create_future()
    async with serve(choosing) as port:
        client = asyncio.ensure_future(served(port, "h2"))
        await choosing.heard.acquire()
        client.cancel()
        await asyncio.gather(client, return_exceptions=True)
        choosing.awaited.set_result(None)
        assert await served(port, "h2") == ("usual.example", "h2")


async def test_who_waited_in_vain_is_not_kept() -> None:
    choosing = Choosing(is_active=True)
    choosing.awaited = asyncio.get_running_loop().create_future()
    async with serve(choosing, handshake_timeout=0.02) as port:
        with pytest.raises(TLSError):
            await served(port, "h2")
        # Nothing of it is called any more.
        assert not choosing.awaited._callbacks


async def test_what_comes_while_a_handshake_waits_is_not_read() -> None:
    choosing = Choosing(is_active=True)
    choosing.awaited = asyncio.get_running_loop().create_future()
    async with serve(choosing) as port:
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(client_hello())
            await choosing.heard.acquire()
            client.setblocking(False)
            taken = 0
            for _ in range(20):
                with contextlib.suppress(BlockingIOError):
                    while taken < 100_000_000:
                        taken += client.send(bytes(1_000_000))
                await asyncio.sleep(0.005)
            # By the buffers of the system.
            assert taken < 20_000_000
            choosing.awaited.set_result(None)
            await asyncio.sleep(0.01)
    assert len(choosing.asked) == 2


async def test_noise_is_left_to_openssl() -> None:
    async with serve(Choosing(is_active=True)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        # An alert, and the end.
        assert (await reader.read())[:1] in {b"\x15", b""}
        writer.close()
        await writer.wait_closed()
