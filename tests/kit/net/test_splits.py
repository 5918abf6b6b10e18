"""TLS over a connection in memory: however the octets are split, the same comes out."""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from moxkit.net import TLSError, TLSInfo, TLSTransport, client_context, server_context
from moxkit.testing import make_certificate

SERVER = server_context([make_certificate("mx.example")], alpn=["smtp"])
CLIENT = client_context()


class Wire(asyncio.Transport):
    """One side's raw transport: keeps what is written until the test moves it."""

    def __init__(self) -> None:
        super().__init__()
        self.octets = bytearray()
        self.is_closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.octets += data

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Collector(asyncio.Protocol):
    """Keeps what an application receives."""

    def __init__(self) -> None:
        self.octets = b""
        self.ended = False

    def data_received(self, data: bytes) -> None:
        self.octets += data

    def eof_received(self) -> None:
        self.ended = True


class Side:
    """TLS with both its neighbours."""

    def __init__(self, *, server: bool) -> None:
        self.app = Collector()
        self.wire = Wire()
        self.ends: list[TLSError | None] = []
        self.tls = TLSTransport(
            asyncio.get_running_loop(),
            SERVER if server else CLIENT,
            self.make_app,
            server=server,
            hostname=None if server else "mx.example",
            alpn=() if server else ("smtp",),
            on_done=self.ends.append,
        )

    def make_app(self, _info: TLSInfo) -> Any:
        return self.app

    def start(self) -> None:
        self.tls.connection_made(self.wire)


def move(one: Side, other: Side, size: int) -> None:
    """Move octets in pieces of `size` until none are left."""
    while one.wire.octets or other.wire.octets:
        for source, target in ((one, other), (other, one)):
            piece = bytes(source.wire.octets[:size])
            del source.wire.octets[:size]
            if piece:
                target.tls.data_received(piece)


@settings(max_examples=30, deadline=None)
@given(size=st.integers(1, 3000), pieces=st.lists(st.binary(max_size=40000), max_size=4))
async def test_any_split_gives_the_same_octets(size: int, pieces: list[bytes]) -> None:
    server, client = Side(server=True), Side(server=False)
    server.start()
    client.start()
    move(server, client, size)
    assert (server.ends, client.ends) == ([None], [None])
    client.tls.writelines(pieces)
    for piece in pieces:
        server.tls.write(piece)
    move(server, client, size)
    assert server.app.octets == client.app.octets == b"".join(pieces)
    client.tls.close()
    move(server, client, size)
    assert server.app.ended
    server.tls.abort()


async def test_handshake_octet_by_octet() -> None:
    server, client = Side(server=True), Side(server=False)
    server.start()
    client.start()
    move(server, client, 1)
    assert (server.ends, client.ends) == ([None], [None])
    assert server.tls.get_extra_info("ssl_object").selected_alpn_protocol() == "smtp"
    for side in (server, client):
        side.tls.abort()


@settings(max_examples=100, deadline=None)
@given(noise=st.binary(min_size=1, max_size=300), inside=st.booleans())
async def test_noise_ends_the_handshake_with_a_tls_error_or_waits_for_more(
    noise: bytes, inside: bool
) -> None:
    if inside:
        # A record header, so that the noise is taken for a handshake message.
        noise = b"\x16\x03\x01" + len(noise).to_bytes(2) + noise
    server = Side(server=True)
    server.start()
    server.tls.data_received(noise)
    server.tls.eof_received()
    assert len(server.ends) == 1
    assert isinstance(server.ends[0], TLSError)
    server.tls.connection_lost(None)


@pytest.mark.parametrize("fed", [70_000, 200_000])
async def test_large_reads_from_the_wire_are_fed_in_slices(fed: int) -> None:
    server, client = Side(server=True), Side(server=False)
    server.start()
    client.start()
    move(server, client, 100_000)
    client.tls.write(b"x" * fed)
    move(server, client, 1_000_000)
    assert server.app.octets == b"x" * fed
    for side in (server, client):
        side.tls.abort()
