"""TLS connections over real sockets: what is negotiated, how they fail and how they end."""

import asyncio
import contextlib
import hashlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from OpenSSL import SSL

from moxkit.net import (
    ImplicitTLS,
    LineConn,
    TLSContext,
    TLSError,
    TLSInfo,
    TLSTransport,
    TLSVersion,
    client_context,
    connect,
    server_context,
)
from moxkit.testing import make_certificate

HOST = "mx.example"
CERTIFICATE = make_certificate(HOST)


def der_of(pem: bytes) -> bytes:
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


def spki_sha256(pem: bytes) -> bytes:
    key = x509.load_pem_x509_certificate(pem).public_key()
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


@dataclass
class Listening:
    """A TLS server of one test, with everything that happened to it."""

    port: int = 0
    accepted: asyncio.Queue[LineConn] = field(default_factory=asyncio.Queue)
    handshakes: asyncio.Queue[TLSError | None] = field(default_factory=asyncio.Queue)


@contextlib.asynccontextmanager
async def serve(
    ctx: TLSContext, *, handshake_timeout: float = 5, app: Callable[[TLSInfo], Any] | None = None
) -> AsyncIterator[Listening]:
    loop = asyncio.get_running_loop()
    listening = Listening()
    conns: list[LineConn] = []

    def make_app(_info: TLSInfo) -> LineConn:
        conn = LineConn(loop, listening.accepted.put_nowait)
        conn.read_timeout = 5
        conns.append(conn)
        return conn

    server = await loop.create_server(
        lambda: TLSTransport(
            loop,
            ctx,
            app or make_app,
            server=True,
            handshake_timeout=handshake_timeout,
            on_done=listening.handshakes.put_nowait,
        ),
        "127.0.0.1",
        0,
    )
    listening.port = server.sockets[0].getsockname()[1]
    try:
        yield listening
    finally:
        for conn in conns:
            conn.abort()
            await conn.wait_closed()
        server.close()
        await server.wait_closed()


@contextlib.asynccontextmanager
async def pair(
    server_ctx: TLSContext,
    client_ctx: TLSContext | None = None,
    *,
    alpn: tuple[str, ...] = (),
    name: str = HOST,
) -> AsyncIterator[tuple[LineConn, LineConn]]:
    """Give (server, client) connected."""
    async with serve(server_ctx) as listening:
        tls = ImplicitTLS(client_ctx or client_context(), name, None, alpn)
        client = await connect("127.0.0.1", listening.port, timeout=5, tls=tls)
        client.read_timeout = 5
        server = await listening.accepted.get()
        try:
            yield server, client
        finally:
            client.abort()
            await client.wait_closed()


def accept_any(_certificate: bytes, _address: str) -> bool:
    return True


def limited(ctx: TLSContext, version: TLSVersion) -> TLSContext:
    ctx.openssl.set_max_proto_version(version)
    return ctx


async def refused_client(listening: Listening, ctx: TLSContext, **tls: Any) -> TLSError:
    """Return how the client learned that it was refused (in TLS 1.3 perhaps only when reading)."""
    with pytest.raises(TLSError) as caught:
        await connect_and_read(listening, ctx, **tls)
    return caught.value


async def connect_and_read(listening: Listening, ctx: TLSContext, **tls: Any) -> None:
    client = await connect("127.0.0.1", listening.port, timeout=5, tls=ImplicitTLS(ctx, HOST, **tls))
    try:
        await client.read()
    finally:
        client.abort()


# What is negotiated.


@pytest.mark.parametrize("version", [TLSVersion.TLS12, TLSVersion.TLS13])
async def test_lines_both_ways_and_what_was_negotiated(version: TLSVersion) -> None:
    ctx = server_context([CERTIFICATE], alpn=["imap"])
    async with pair(ctx, limited(client_context(), version), alpn=("smtp", "imap")) as (server, client):
        client.write(b"hello\r\n")
        assert await server.readline(100) == b"hello\r\n"
        server.writelines([b"good", b"bye\r\n"])
        assert await client.readline(100) == b"goodbye\r\n"
        assert server.tls is not None
        assert client.tls is not None
        assert server.tls.version == client.tls.version == f"TLSv1.{version - TLSVersion.TLS10}"
        assert server.tls.alpn == client.tls.alpn == "imap"
        assert server.tls.sni == HOST
        assert server.tls.cipher == client.tls.cipher
        assert not server.tls.resumed
        assert server.tls.peer_der is None
        assert client.tls.peer_der == der_of(CERTIFICATE[0])
        assert server.peername == client.sockname


@pytest.mark.parametrize("version", [TLSVersion.TLS12, TLSVersion.TLS13])
@pytest.mark.parametrize(
    "certificate",
    [
        make_certificate("joe", "ed25519"),
        make_certificate("joe", "p256", expired=True),
        make_certificate("joe", "rsa2048", client=True),
    ],
    ids=["ed25519", "expired", "rsa"],
)
async def test_any_client_certificate_is_accepted_and_identified(
    certificate: tuple[bytes, bytes], version: TLSVersion
) -> None:
    ctx = server_context([CERTIFICATE], judge_client=accept_any)
    async with pair(ctx, limited(client_context([certificate]), version)) as (server, _):
        assert server.tls is not None
        assert server.tls.peer_der == der_of(certificate[0])
        assert server.tls.peer_spki_sha256 == spki_sha256(certificate[0])


@pytest.mark.parametrize("version", [TLSVersion.TLS12, TLSVersion.TLS13])
async def test_refused_client_certificate_is_an_alert_and_no_connection(version: TLSVersion) -> None:
    asked: list[tuple[bytes, str]] = []

    def refuse(certificate: bytes, address: str) -> bool:
        asked.append((certificate, address))
        return False

    stranger = make_certificate("joe", "ed25519")
    async with serve(server_context([CERTIFICATE], judge_client=refuse)) as listening:
        error = await refused_client(listening, limited(client_context([stranger]), version))
        assert error.alert is not None
        failed = await listening.handshakes.get()
        assert failed is not None
        assert failed.stage == "handshake"
        assert listening.accepted.empty()
    # A self-signed certificate has OpenSSL call back more than once; we are asked once.
    assert asked == [(der_of(stranger[0]), "127.0.0.1")]


async def test_client_without_certificate_is_fine_when_one_is_requested() -> None:
    async with pair(server_context([CERTIFICATE], judge_client=accept_any)) as (server, _):
        assert server.tls is not None
        assert server.tls.peer_spki_sha256 is None


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_session_is_resumed_when_client_certificates_are_requested(
    version: ssl.TLSVersion, tmp_path: Path
) -> None:
    pem = tmp_path / "client.pem"
    pem.write_bytes(b"".join(make_certificate("joe", "ed25519")))
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = version
    context.load_cert_chain(pem)

    def visit(port: int, session: ssl.SSLSession | None) -> ssl.SSLSession | None:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=5) as raw,
            context.wrap_socket(raw, server_hostname=HOST, session=session) as client,
        ):
            assert client.recv(100) == b"hi\r\n"
            return client.session

    async with serve(server_context([CERTIFICATE], judge_client=accept_any)) as listening:
        session = None
        infos = []
        for _ in range(2):
            visiting = asyncio.ensure_future(asyncio.to_thread(visit, listening.port, session))
            server = await listening.accepted.get()
            infos.append(server.tls)
            server.write(b"hi\r\n")
            session = await visiting
    first, second = infos
    assert first is not None
    assert second is not None
    assert (first.resumed, second.resumed) == (False, True)
    assert second.peer_spki_sha256 == first.peer_spki_sha256 is not None


async def test_alpn_of_the_selected_context_counts() -> None:
    other = make_certificate("other.example")
    contexts = {
        HOST: server_context([CERTIFICATE], alpn=["smtp"]),
        "other.example": server_context([other], alpn=["imap"]),
    }
    ctx = server_context(select=lambda name: contexts.get(name or HOST))
    for name, protocol in ((HOST, "smtp"), ("OTHER.example", "imap")):
        async with pair(ctx, alpn=("smtp", "imap"), name=name) as (server, client):
            assert server.tls is not None
            assert client.tls is not None
            assert server.tls.alpn == protocol
            assert (client.tls.peer_der == der_of(other[0])) is (protocol == "imap")


async def test_selection_also_happens_without_a_server_name() -> None:
    asked: list[str | None] = []
    chosen = server_context([CERTIFICATE])

    def select(name: str | None) -> TLSContext:
        asked.append(name)
        return chosen

    async with pair(server_context(select=select), name="127.0.0.1") as (server, _):
        assert server.tls is not None
        assert server.tls.sni is None
    assert asked == [None]


@pytest.mark.parametrize("version", [TLSVersion.TLS12, TLSVersion.TLS13])
async def test_unknown_server_name_gets_its_alert(version: TLSVersion) -> None:
    async with serve(server_context([CERTIFICATE], select=lambda _name: None)) as listening:
        error = await refused_client(listening, limited(client_context(), version))
        assert error.alert == "unrecognized_name"
        ended = await listening.handshakes.get()
        assert ended is not None
        assert ended.reason == "unrecognized server name"


async def test_failing_selector_refuses_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def select(_name: str | None) -> TLSContext:
        raise LookupError("bug")

    async with serve(server_context([CERTIFICATE], select=select)) as listening:
        assert (await refused_client(listening, client_context())).alert == "unrecognized_name"
    assert "tls server name selection failed" in caplog.text


async def test_no_common_protocol_gets_its_alert_when_strict() -> None:
    async with serve(server_context([CERTIFICATE], alpn=["imap"])) as listening:
        error = await refused_client(listening, client_context(), alpn=("h2",))
        assert error.alert == "no_application_protocol"
        ended = await listening.handshakes.get()
        assert ended is not None
        assert ended.reason == "no application protocol in common"


async def test_no_common_protocol_is_ignored_when_lenient() -> None:
    ctx = server_context([CERTIFICATE], alpn=["imap"], strict_alpn=False)
    async with pair(ctx, alpn=("h2",)) as (server, _):
        assert server.tls is not None
        assert server.tls.alpn == ""


async def test_ecdsa_and_rsa_live_in_one_context() -> None:
    rsa = make_certificate(HOST, "rsa2048")
    ctx = server_context([CERTIFICATE, rsa])
    old = limited(client_context(), TLSVersion.TLS12)
    old.openssl.set_cipher_list(b"ECDHE-RSA-AES128-GCM-SHA256")
    async with pair(ctx, old) as (_, client):
        assert client.tls is not None
        assert client.tls.peer_der == der_of(rsa[0])
    async with pair(ctx) as (_, client):
        assert client.tls is not None
        assert client.tls.peer_der == der_of(CERTIFICATE[0])


@pytest.mark.parametrize(
    ("version", "names"),
    [
        (TLSVersion.TLS13, ("tls-exporter", "tls-server-end-point")),
        (TLSVersion.TLS12, ("tls-unique", "tls-server-end-point")),
    ],
)
async def test_channel_bindings_are_equal_on_both_sides(version: TLSVersion, names: tuple[str, ...]) -> None:
    async with pair(server_context([CERTIFICATE]), limited(client_context(), version)) as (server, client):
        for name in ("tls-exporter", "tls-unique", "tls-server-end-point", "tls-nonsense"):
            assert server.channel_binding(name) == client.channel_binding(name)
            assert (server.channel_binding(name) is not None) is (name in names)
        end_point = hashlib.sha256(der_of(CERTIFICATE[0])).digest()
        assert client.channel_binding("tls-server-end-point") == end_point


# Handshakes that fail.


async def test_malformed_hello_gets_an_alert() -> None:
    async with serve(server_context([CERTIFICATE])) as listening:
        client = await connect("127.0.0.1", listening.port, timeout=5)
        client.write(b"\x16\x03\x01\x00\x08\x01\x00\x00\x04\x03\x03\x00\x00")
        answer = await client.read()
        assert answer[:1] == b"\x15"
        client.abort()
        ended = await listening.handshakes.get()
        assert ended is not None
        assert (ended.stage, ended.alert) == ("handshake", None)
        assert "length" in ended.reason


async def test_plain_http_is_closed_with_a_reason() -> None:
    async with serve(server_context([CERTIFICATE])) as listening:
        client = await connect("127.0.0.1", listening.port, timeout=5)
        client.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while await client.read():
                pass
        client.abort()
        ended = await listening.handshakes.get()
        assert ended is not None
        assert "http request" in ended.reason


async def test_too_old_version_gets_its_alert() -> None:
    async with serve(server_context([CERTIFICATE], min_version=TLSVersion.TLS13)) as listening:
        error = await refused_client(listening, limited(client_context(), TLSVersion.TLS12))
        assert error.alert == "protocol_version"
        assert error.stage == "handshake"


async def test_alert_of_the_peer_is_named() -> None:
    def visit(port: int) -> None:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=5) as raw,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            ssl.create_default_context().wrap_socket(raw, server_hostname=HOST)

    ctx = server_context([CERTIFICATE])
    async with serve(ctx) as listening:
        await asyncio.to_thread(visit, listening.port)
        ended = await listening.handshakes.get()
        assert ended is not None
        assert ended.alert == "unknown_ca"


async def test_silent_client_times_out() -> None:
    async with serve(server_context([CERTIFICATE]), handshake_timeout=0.02) as listening:
        client = await connect("127.0.0.1", listening.port, timeout=5)
        ended = await listening.handshakes.get()
        assert str(ended) == "tls handshake: timeout"
        with contextlib.suppress(ConnectionError):
            assert await client.read() == b""
        client.abort()


async def test_client_that_leaves_during_the_handshake_is_reported() -> None:
    async with serve(server_context([CERTIFICATE])) as listening:
        client = await connect("127.0.0.1", listening.port, timeout=5)
        client.close()
        ended = await listening.handshakes.get()
        assert ended is not None
        assert ended.reason == "connection closed by peer"


async def test_client_of_a_silent_server_times_out() -> None:
    loop = asyncio.get_running_loop()
    accepted: asyncio.Future[LineConn] = loop.create_future()
    server = await loop.create_server(lambda: LineConn(loop, accepted.set_result), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises((TimeoutError, TLSError)):
        await connect("127.0.0.1", port, timeout=0.02, tls=ImplicitTLS(client_context()))
    conn = await accepted
    conn.abort()
    await conn.wait_closed()
    server.close()


async def test_failing_application_ends_the_connection() -> None:
    problems: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, problem: problems.append(problem))

    def app(_info: TLSInfo) -> asyncio.Protocol:
        raise LookupError("bug")

    async with serve(server_context([CERTIFICATE]), app=app) as listening:
        await refused_client(listening, client_context())
        assert isinstance(await listening.handshakes.get(), TLSError)
    assert isinstance(problems[0]["exception"], LookupError)


async def test_refusing_verdict_ends_the_handshake_before_it_is_complete() -> None:
    seen: list[tuple[bytes, ...]] = []

    def refuse(chain: tuple[bytes, ...]) -> str | None:
        seen.append(chain)
        return "certificate-host-mismatch"

    async with serve(server_context([CERTIFICATE])) as listening:
        tls = ImplicitTLS(client_context(), HOST, refuse)
        with pytest.raises(TLSError) as caught:
            await connect("127.0.0.1", listening.port, timeout=5, tls=tls)
        assert (caught.value.stage, caught.value.reason) == ("verify", "certificate-host-mismatch")
        assert seen == [(der_of(CERTIFICATE[0]),)]
        assert isinstance(await listening.handshakes.get(), TLSError)


# How connections end.


async def test_close_notify_is_a_clean_end_and_the_other_way_stays_open() -> None:
    async with pair(server_context([CERTIFICATE])) as (server, client):
        client.write(b"bye\r\n")
        client.close()
        assert await server.read() == b"bye\r\n"
        assert await server.read() == b""
        server.write(b"nobody reads this")
        server.close()
        await server.wait_closed()
        await client.wait_closed()


async def test_end_without_close_notify_is_an_error_after_the_data() -> None:
    async with pair(server_context([CERTIFICATE])) as (server, client):
        server.write(b"session tickets are read with this\r\n")
        await client.read()
        client.write(b"tail")
        raw = client.transport._raw  # type: ignore[attr-defined] # closing under TLS is the point
        raw.close()
        assert await server.readn(4) == b"tail"
        with pytest.raises(TLSError, match="without close_notify"):
            await server.read()


async def test_corrupt_record_gets_an_alert_and_ends_the_connection() -> None:
    async with pair(server_context([CERTIFICATE])) as (server, client):
        raw = client.transport._raw  # type: ignore[attr-defined] # forging octets under TLS is the point
        raw.write(b"\x17\x03\x03\x00\x20" + b"x" * 32)
        with pytest.raises(TLSError) as ours:
            await server.read()
        assert ours.value.stage == "read"
        with pytest.raises(TLSError) as theirs:
            await client.read()
        assert theirs.value.alert == "bad_record_mac"


async def test_finished_connection_holds_no_openssl_object() -> None:
    async with pair(server_context([CERTIFICATE])) as (server, client):
        transports = (server.transport, client.transport)
        client.close()
        assert await server.read() == b""
        server.close()
        await server.wait_closed()
        await client.wait_closed()
        assert [t._connection for t in transports] == [None, None]  # type: ignore[attr-defined] # the invariant


async def test_large_transfers_arrive_whole_with_back_pressure_both_ways() -> None:
    size = 5_000_000
    piece = bytes(range(256)) * 1024

    async def send(conn: LineConn) -> None:
        sent = 0
        while sent < size:
            conn.write(piece[: size - sent])
            sent += len(piece[: size - sent])
            await conn.drain()

    async def receive(conn: LineConn) -> bytes:
        digest, received = hashlib.sha256(), 0
        while received < size:
            data = await conn.read()
            received += len(data)
            digest.update(data)
        return digest.digest()

    async with pair(server_context([CERTIFICATE])) as (server, client):
        results = await asyncio.gather(send(server), send(client), receive(server), receive(client))
        whole = (piece * (size // len(piece) + 1))[:size]
        assert results[2] == results[3] == hashlib.sha256(whole).digest()


async def test_one_large_write_pauses_the_writer() -> None:
    async with pair(server_context([CERTIFICATE])) as (server, client):
        client.transport.pause_reading()
        server.write(b"x" * 20_000_000)
        server.write_timeout = 0.02
        with pytest.raises(TimeoutError):
            await server.drain()
        client.transport.resume_reading()
        server.write_timeout = 5
        draining = asyncio.ensure_future(server.drain())
        assert len(await client.readn(20_000_000)) == 20_000_000
        await draining


async def test_pausing_inside_delivery_stops_it_at_once() -> None:
    class Hesitant(asyncio.Protocol):
        transport: asyncio.Transport

        def __init__(self) -> None:
            self.received: asyncio.Queue[bytes] = asyncio.Queue()

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            self.received.put_nowait(data)
            self.transport.pause_reading()

    made = Hesitant()
    async with serve(server_context([CERTIFICATE]), app=lambda _info: made) as listening:
        tls = ImplicitTLS(client_context())
        client = await connect("127.0.0.1", listening.port, timeout=5, tls=tls)
        client.writelines([b"a" * 16384, b"b" * 16384, b"c"])
        for expected in (b"a" * 16384, b"b" * 16384, b"c"):
            async with asyncio.timeout(5):
                assert await made.received.get() == expected
            await asyncio.sleep(0.005)
            assert made.received.empty()
            assert not made.transport.is_reading()
            made.transport.resume_reading()
        assert made.transport.get_extra_info("ssl_object").selected_alpn_protocol() is None
        made.transport.abort()
        client.abort()


async def test_context_of_the_wrong_side_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="other side"):
        TLSTransport(asyncio.get_running_loop(), client_context(), lambda _: asyncio.Protocol(), server=True)


async def test_renegotiation_is_refused() -> None:
    ctx = limited(client_context(), TLSVersion.TLS12)
    async with pair(server_context([CERTIFICATE]), ctx) as (server, client):
        connection = client.transport._connection  # type: ignore[attr-defined] # misbehaving is the point
        with pytest.raises(SSL.Error):
            connection.renegotiate()
        server.write(b"still here\r\n")
        assert await client.readline(100) == b"still here\r\n"
