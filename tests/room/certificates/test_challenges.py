"""What an ACME provider sees while it looks: the certificate of RFC 8737, the text of RFC 8555 §8.3."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from mox.certificates import ACME_ALPN, CHALLENGE_PATH, Certificates, Challenges, Names
from mox.config import TLS
from moxkit.net import ImplicitTLS, LineConn, TLSContext, TLSError, TLSTransport, client_context, connect
from moxkit.testing import make_certificate

HOST, AUTHORIZED = "mail.mox.example", "token.thumbprint"


@contextlib.asynccontextmanager
async def serve(context: TLSContext) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    conns: list[LineConn] = []
    server = await loop.create_server(
        lambda: TLSTransport(loop, context, lambda _: LineConn(loop, conns.append), server=True),
        "127.0.0.1",
        0,
    )
    yield server.sockets[0].getsockname()[1]
    for conn in conns:
        conn.abort()
        await conn.wait_closed()
    server.close()
    await server.wait_closed()


async def shown(port: int, name: str, *alpn: str) -> tuple[x509.Certificate, str]:
    conn = await connect(
        "127.0.0.1", port, timeout=5, tls=ImplicitTLS(client_context(), hostname=name, alpn=alpn)
    )
    info = conn.tls
    conn.abort()
    await conn.wait_closed()
    assert info is not None
    assert info.peer_der is not None
    return x509.load_der_x509_certificate(info.peer_der), info.alpn


class OneHost:
    """Has a certificate for one host."""

    def __init__(self) -> None:
        self.pairs = [make_certificate(HOST)]
        self.comes: asyncio.Future[None] | None = None

    def current(self, provider: str, host: str) -> list[tuple[bytes, bytes]] | None:
        is_there = self.comes is None or self.comes.done()
        return self.pairs if (provider, host) == ("letsencrypt", HOST) and is_there else None

    def is_missing_some(self, provider: str) -> bool:
        return self.comes is not None

    def awaited(self, provider: str, host: str) -> asyncio.Future[None] | None:
        return self.comes if (provider, host) == ("letsencrypt", HOST) else None


@pytest.fixture
def web(tmp_path: Path) -> tuple[Challenges, TLSContext]:
    challenges = Challenges()
    certificates = Certificates(tmp_path, issued=OneHost(), hello=challenges)
    names = Names(HOST, needs_name=True)
    return challenges, certificates.context(
        TLS(acme="letsencrypt"), names=names, session_id=b"web", alpn=["h2"]
    )


async def test_who_looks_sees_the_digest_and_others_the_usual(web: tuple[Challenges, TLSContext]) -> None:
    challenges, context = web
    async with serve(context) as port:
        with challenges.answer_tls(HOST, AUTHORIZED):
            certificate, protocol = await shown(port, HOST, ACME_ALPN)
            assert protocol == ACME_ALPN
            names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            assert names == x509.SubjectAlternativeName([x509.DNSName(HOST)])
            [found] = [each for each in certificate.extensions if each.oid.dotted_string.endswith(".1.31")]
            assert found.critical
            digest = sha256(AUTHORIZED.encode()).digest()
            assert found.value == x509.UnrecognizedExtension(found.oid, b"\x04\x20" + digest)
            usual, protocol = await shown(port, HOST, "h2")
            assert protocol == "h2"
            assert usual != certificate
            with pytest.raises(TLSError):
                await shown(port, "else.mox.example", ACME_ALPN)
        # Nobody is expected any more.
        assert not challenges.is_active
        with pytest.raises(TLSError):
            await shown(port, HOST, ACME_ALPN)


async def test_a_new_certificate_is_in_use_at_once(tmp_path: Path) -> None:
    issued = OneHost()
    certificates = Certificates(tmp_path, issued=issued)
    context = certificates.context(TLS(acme="letsencrypt"), names=Names(HOST), session_id=b"imap")
    async with serve(context) as port:
        before, _ = await shown(port, HOST)
        issued.pairs = [make_certificate((HOST, "new.mox.example"))]
        after, _ = await shown(port, HOST)
    assert before != after


async def test_the_first_client_of_a_web_site_waits_and_the_provider_does_not(tmp_path: Path) -> None:
    issued, challenges = OneHost(), Challenges()
    issued.comes = asyncio.get_running_loop().create_future()
    certificates = Certificates(tmp_path, issued=issued, hello=challenges)
    tls, names = TLS(acme="letsencrypt"), Names(HOST, needs_name=True)
    web = certificates.context(tls, names=names, session_id=b"web", alpn=["h2"])
    mail = certificates.context(tls, names=names, session_id=b"mail")
    async with serve(web) as port, serve(mail) as mail_port:
        first = asyncio.ensure_future(shown(port, HOST.upper(), "h2"))
        with challenges.answer_tls(HOST, AUTHORIZED):
            look, protocol = await shown(port, HOST, ACME_ALPN)
            assert protocol == ACME_ALPN
        for name, which in ((HOST, mail_port), ("else.mox.example", port)):
            with pytest.raises(TLSError):
                await shown(which, name)
        assert not first.done()
        issued.comes.set_result(None)
        certificate, protocol = await first
    assert protocol == "h2"
    assert certificate != look


@pytest.mark.parametrize(("is_lenient", "is_refused"), [(False, True), (True, False)])
async def test_unknown_names_are_refused_but_by_mail_servers(
    tmp_path: Path, *, is_lenient: bool, is_refused: bool
) -> None:
    names = Names(HOST, is_lenient=is_lenient)
    context = Certificates(tmp_path, issued=OneHost()).context(
        TLS(acme="letsencrypt"), names=names, session_id=b"smtp"
    )
    async with serve(context) as port:
        if is_refused:
            with pytest.raises(TLSError):
                await shown(port, "else.example")
        else:
            assert (await shown(port, "else.example"))[0] == (await shown(port, HOST))[0]


def test_without_an_issuer_there_is_no_context(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nobody issues"):
        Certificates(tmp_path).context(TLS(acme="letsencrypt"), names=Names(HOST), session_id=b"x")


async def test_a_token_is_answered_as_long_as_it_is_asked_about() -> None:
    challenges = Challenges()
    transport = httpx.ASGITransport(app=challenges)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}{CHALLENGE_PATH}") as client:
        with challenges.answer_http("token", AUTHORIZED):
            answer = await client.get("token")
            assert (answer.status_code, answer.content) == (200, AUTHORIZED.encode())
            assert (await client.get("other")).status_code == 404
            assert (await client.post("token")).status_code == 404
        assert (await client.get("token")).status_code == 404
