"""Connections to hosts as policies ask: TLS good, bad, missing; what hosts cannot take; many recipients."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from kit.smtpclient.mailhost import GOOD, HOST, NOW, ROOT, STRANGER, Server, running
from moxkit import dane
from moxkit.smtp import Body, MailFrom, parse_path
from moxkit.smtpclient import (
    Dialer,
    HostConnection,
    HostFailure,
    Letter,
    NotSent,
    TlsPolicy,
    TlsUse,
    Verification,
)
from moxkit.testing import CertificateAndKey, make_certificate

LOOPBACK = ip_address("127.0.0.1")
OPPORTUNISTIC = TlsPolicy(TlsUse.OPPORTUNISTIC, Verification.NONE, (HOST,))
WEBPKI = TlsPolicy(TlsUse.REQUIRED, Verification.WEBPKI, (HOST,))


async def dial(
    dialer: Dialer, policy: TlsPolicy = OPPORTUNISTIC, *addresses: str
) -> HostConnection | HostFailure:
    return await dialer.dial(HOST, [ip_address(each) for each in addresses] or [LOOPBACK], policy)


def letter(*recipients: str, **parameters: object) -> Letter:
    def content() -> Iterator[bytes]:
        yield b"Subject: x\r\n\r\nhello\r\n"

    mail_from = MailFrom(parse_path("me@sender.example"), **parameters)  # type: ignore[arg-type] # passed on
    return Letter(mail_from, tuple(parse_path(each) for each in recipients or ["you@mox.example"]), content)


@contextlib.asynccontextmanager
async def connected(dialer: Dialer, policy: TlsPolicy = OPPORTUNISTIC) -> AsyncIterator[HostConnection]:
    connection = await dial(dialer, policy)
    assert isinstance(connection, HostConnection), connection
    try:
        yield connection
    finally:
        await connection.close()


def failures(result: HostConnection | HostFailure) -> list[tuple[str, bool]]:
    return [(failure.result_type, failure.mattered) for failure in result.failures]


@pytest.mark.parametrize("policy", [OPPORTUNISTIC, WEBPKI])
async def test_sends_over_tls(policy: TlsPolicy) -> None:
    server = Server()
    async with running(server) as dialer, connected(dialer, policy) as connection:
        replies = await connection.send(letter())
        assert not isinstance(replies, NotSent)
        assert [reply.code for reply in replies] == [250]
        assert connection.tls is not None
        assert (connection.is_verified, failures(connection)) == (policy is WEBPKI, [])
    assert (server.is_tls, server.taken) == ([True], [b"Subject: x\r\n\r\nhello\r\n"])


@pytest.mark.parametrize(
    ("certificate", "result"),
    [
        (make_certificate("other.example", issuer=ROOT), "certificate-host-mismatch"),
        (make_certificate(str(HOST), issuer=STRANGER), "certificate-not-trusted"),
        (make_certificate(str(HOST), issuer=ROOT, expired=True), "certificate-expired"),
    ],
)
async def test_a_bad_certificate_matters_where_it_is_verified(
    certificate: CertificateAndKey, result: str
) -> None:
    server = Server(certificate=certificate)
    async with running(server) as dialer:
        refused = await dial(dialer, WEBPKI)
        assert isinstance(refused, HostFailure)
        assert (refused.enhanced, failures(refused)) == ("4.7.5", [(result, True)])
        assert server.taken == []
        # Where it is not, it is reported, and the connection is encrypted all the same.
        async with connected(dialer) as connection:
            await connection.send(letter())
            assert failures(connection) == [(result, False)]
    assert server.is_tls == [True]


async def test_no_starttls_matters_where_it_is_required() -> None:
    server = Server(offers=["PIPELINING"])
    async with running(server) as dialer:
        refused = await dial(dialer, WEBPKI)
        assert isinstance(refused, HostFailure)
        assert failures(refused) == [("starttls-not-supported", True)]
        async with connected(dialer) as connection:
            await connection.send(letter())
            assert failures(connection) == [("starttls-not-supported", False)]
    assert server.is_tls == [False]


async def test_broken_tls_falls_back_to_plain_text_only_where_that_is_allowed() -> None:
    # A key that the client's TLS refuses to negotiate with: the context cannot be made, the handshake breaks.
    server = Server(certificate=(GOOD[0], make_certificate("x")[1]))
    async with running(server) as dialer:
        refused = await dial(dialer, WEBPKI)
        assert isinstance(refused, HostFailure)
        assert failures(refused) == [("validation-failure", True)]
        async with connected(dialer) as connection:
            await connection.send(letter())
            assert connection.tls is None
            assert failures(connection) == [("validation-failure", False)]
    assert server.is_tls == [False]


async def test_dane_takes_the_certificate_that_dns_names_and_no_other() -> None:
    der = x509.load_pem_x509_certificate(GOOD[0]).public_bytes(Encoding.DER)
    own = make_certificate("whatever.example")
    kinds = dane.Usage.DANE_EE, dane.Selector.SPKI, dane.MatchingType.SHA2_256
    record = dane.make_record(*kinds, certificate=der)
    found = dane.Found(dane.Status.USABLE, (record,), HOST, (HOST,))
    policy = TlsPolicy(TlsUse.REQUIRED, Verification.DANE, (HOST,), found)
    async with running(Server()) as dialer, connected(dialer, policy) as connection:
        assert connection.is_verified
    async with running(Server(certificate=own)) as dialer:
        refused = await dial(dialer, policy)
        assert isinstance(refused, HostFailure)
        assert failures(refused) == [("validation-failure", True)]


async def test_the_next_address_is_tried_when_nobody_answers() -> None:
    server = Server()
    async with running(server) as dialer:
        connection = await dial(dialer, OPPORTUNISTIC, "127.0.0.2", "127.0.0.1")
        if isinstance(connection, HostFailure):
            pytest.fail(connection.text)
        await connection.close()
        assert str(connection.address) in {"127.0.0.1", "127.0.0.2"}
    nobody = await dial(dialer)
    assert isinstance(nobody, HostFailure)
    assert nobody.enhanced == "4.4.1"
    none = await dialer.dial(HOST, [], OPPORTUNISTIC)
    assert isinstance(none, HostFailure)


@pytest.mark.parametrize(
    ("parameters", "enhanced"),
    [({"size": 1001}, "5.3.4"), ({"smtputf8": True}, "5.6.7"), ({"requires_tls": True}, "5.7.30")],
)
async def test_what_the_host_cannot_take_is_not_sent(parameters: dict[str, object], enhanced: str) -> None:
    server = Server()
    async with running(server) as dialer, connected(dialer) as connection:
        refused = await connection.send(letter(**parameters))
        assert isinstance(refused, NotSent)
        assert refused.enhanced == enhanced
    assert not any(command.startswith("MAIL") for command in server.commands)


async def test_what_is_not_offered_is_left_out() -> None:
    server = Server(offers=["STARTTLS", "8BITMIME", "REQUIRETLS"])
    async with running(server) as dialer, connected(dialer) as connection:
        await connection.send(letter(size=10, body=Body.EIGHT_BIT_MIME, requires_tls=True))
    (mail,) = [command for command in server.commands if command.startswith("MAIL")]
    assert mail == "MAIL FROM:<me@sender.example> BODY=8BITMIME REQUIRETLS"


@pytest.mark.parametrize("announced", [True, False])
async def test_recipients_that_are_too_many_go_in_further_transactions(announced: bool) -> None:
    server = Server(most_recipients=3)
    if announced:
        server.offers.append("LIMITS RCPTMAX=3")
    async with running(server) as dialer, connected(dialer) as connection:
        replies = await connection.send(letter(*(f"r{number}@mox.example" for number in range(8))))
        assert not isinstance(replies, NotSent)
        assert [reply.code for reply in replies] == [250] * 8
    assert len(server.taken) == 3


async def test_a_refused_sender_is_the_reply_for_all() -> None:
    server = Server()
    refused = Letter(
        MailFrom(parse_path("refused@sender.example")), (parse_path("you@mox.example"),), lambda: [b"x\r\n"]
    )
    async with running(server) as dialer, connected(dialer) as connection:
        replies = await connection.send(refused)
        assert not isinstance(replies, NotSent)
        assert [(reply.code, reply.enhanced) for reply in replies] == [(550, "5.7.1")]
        # The connection goes on to be of use.
        assert not isinstance(await connection.send(letter()), NotSent)


async def test_a_host_that_goes_away_in_the_middle_is_an_error() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        await reader.readline()
        writer.write(b"250 mx\r\n")
        await reader.readline()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    dialer = Dialer("me.example", [], lambda: NOW, port=port, timeout_s=5)
    async with connected(dialer) as connection:
        with pytest.raises(ConnectionError):
            await connection.send(letter())
    listening.close()
    await listening.wait_closed()
    await asyncio.sleep(0.001)
