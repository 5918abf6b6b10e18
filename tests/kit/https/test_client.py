"""One GET against servers on loopback that answer as told: names, certificates, limits, redirects."""

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator

import pytest
from cryptography import x509

from moxkit.https import HttpsClient, HttpsError, Stage
from moxkit.net import LineConn, TLSTransport, server_context
from moxkit.testing import CertificateAndKey, FakeResolver, make_authority, make_certificate

ROOT = make_authority()
GOOD = make_certificate("web.example", issuer=ROOT)
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
HELLO = b"HTTP/1.1 200 OK\r\nContent-Type: Text/Plain; charset=utf-8\r\nContent-Length: 5\r\n\r\nhello"


class Web:
    """Answers every request with the same octets and closes."""

    def __init__(self, answer: bytes, *, hold: bool) -> None:
        self.answer = answer
        self.hold = hold
        self.requests: list[bytes] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.conns: list[LineConn] = []

    def opened(self, conn: LineConn) -> None:
        self.conns.append(conn)
        self.tasks.append(asyncio.get_running_loop().create_task(self._serve(conn)))

    async def _serve(self, conn: LineConn) -> None:
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            request += await conn.readline(4096)
        self.requests.append(request)
        conn.write(self.answer)
        if not self.hold:
            conn.close()


@contextlib.asynccontextmanager
async def serve(
    answer: bytes = HELLO, certificate: CertificateAndKey = GOOD, *, hold: bool = False, timeout_s: float = 5
) -> AsyncIterator[tuple[Web, HttpsClient]]:
    loop, web = asyncio.get_running_loop(), Web(answer, hold=hold)
    context = server_context([certificate])
    server = await loop.create_server(
        lambda: TLSTransport(loop, context, lambda _info: LineConn(loop, web.opened), server=True),
        "127.0.0.1",
        0,
    )
    port = server.sockets[0].getsockname()[1]
    resolver = FakeResolver("web.example A 127.0.0.1", temporary=["bad.example"])
    roots = [x509.load_pem_x509_certificate(ROOT[0])]
    try:
        yield web, HttpsClient(resolver, roots=roots, now=lambda: NOW, timeout_s=timeout_s, port=port)
    finally:
        for task in web.tasks:
            task.cancel()
        for conn in web.conns:
            conn.abort()
        await asyncio.gather(*web.tasks, return_exceptions=True)
        server.close()
        await asyncio.sleep(0.001)


async def fails(client: HttpsClient, url: str = "https://web.example/", max_octets: int = 100) -> HttpsError:
    with pytest.raises(HttpsError) as failed:
        await client.get(url, max_octets=max_octets)
    return failed.value


async def test_fetches_a_document() -> None:
    async with serve() as (web, client):
        response = await client.get("https://WEB.example/a%20b?c=d", max_octets=5)
        assert (response.status, response.content_type, response.body) == (200, "text/plain", b"hello")
        head = web.requests[0]
        assert head.startswith(b"GET /a%20b?c=d HTTP/1.1\r\nHost: web.example:")


async def test_body_to_the_end_of_the_connection_and_in_chunks() -> None:
    async with serve(b"HTTP/1.0 200 OK\r\n\r\nhello") as (_, client):
        assert (await client.get("https://web.example", max_octets=5)).body == b"hello"
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
    async with serve(chunked) as (_, client):
        assert (await client.get("https://web.example", max_octets=5)).body == b"hello"


async def test_redirect_is_returned() -> None:
    async with serve(b"HTTP/1.1 302 x\r\nLocation: https://else.example/\r\nContent-Length: 0\r\n\r\n") as (
        web,
        client,
    ):
        response = await client.get("https://web.example/", max_octets=5)
        assert (response.status, response.location) == (302, "https://else.example/")
        assert len(web.requests) == 1


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        (make_certificate("other.example", issuer=ROOT), "certificate-host-mismatch"),
        (make_certificate("web.example"), "certificate-not-trusted"),
        (make_certificate("web.example", expired=True, issuer=ROOT), "certificate-expired"),
    ],
)
async def test_bad_certificate(certificate: CertificateAndKey, reason: str) -> None:
    async with serve(certificate=certificate) as (web, client):
        error = await fails(client)
        assert (error.stage, error.reason, web.requests) == (Stage.TLS, reason, [])


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0 x\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\n\r\n" + bytes(200),
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ],
)
async def test_answer_that_is_not_http_or_too_long(answer: bytes) -> None:
    async with serve(answer) as (_, client):
        assert (await fails(client)).stage is Stage.RESPONSE


async def test_silent_server_costs_a_bounded_time() -> None:
    async with serve(b"HTTP/1.1 200 OK\r\n", hold=True, timeout_s=0.2) as (_, client):
        error = await fails(client)
        assert error.stage is Stage.RESPONSE
        assert "0.2 seconds" in error.reason


@pytest.mark.parametrize(
    ("url", "stage"),
    [
        ("https://none.example/", Stage.NAME),
        ("https://bad.example/", Stage.DNS),
        ("http://web.example/", Stage.CONNECT),
        ("https://user@web.example/", Stage.CONNECT),
        ("https://web.example/\r\nX: y", Stage.CONNECT),
        ("https://web.example/a b", Stage.CONNECT),
        ("https://[::1/", Stage.CONNECT),
        ("https://web.example:x/", Stage.CONNECT),
        ("https:///x", Stage.CONNECT),
        ("https://web.example:1/", Stage.CONNECT),
    ],
)
async def test_names_and_addresses_that_lead_nowhere(url: str, stage: Stage) -> None:
    async with serve() as (web, client):
        assert (await fails(client, url)).stage is stage
        assert web.requests == []


def test_no_roots_would_believe_nobody() -> None:
    with pytest.raises(ValueError, match="root"):
        HttpsClient(FakeResolver(), roots=[], now=lambda: NOW)
