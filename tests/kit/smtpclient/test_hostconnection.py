"""Connections to hosts as policies ask: TLS good, bad, missing; what hosts cannot take; many recipients."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from kit.smtpclient.mailhost import GOOD, HOST, NOW, ROOT, STRANGER, Server, running
from moxkit import dane
from moxkit.net import client_context
from moxkit.smtp import Body, MailFrom, Notify, RcptTo, RecipientAddress, Ret, parse_path
from moxkit.smtpclient import (
    Dialer,
    HostConnection,
    HostFailure,
    Letter,
    NotBegunError,
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
    return Letter(
        mail_from, tuple(RcptTo(parse_path(each)) for each in recipients or ["you@mox.example"]), content
    )


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
        assert refused.failures[0].judged_by is Verification.DANE
        assert refused.failures[0].reason == "no certificate matches a tlsa record"


async def test_dane_counts_and_what_authorities_say_is_reported() -> None:
    """An MTA-STS policy of the same domain has its own results (RFC 8460 §4.4)."""
    own = make_certificate("whatever.example", issuer=STRANGER)
    der = x509.load_pem_x509_certificate(own[0]).public_bytes(Encoding.DER)
    kinds = dane.Usage.DANE_EE, dane.Selector.SPKI, dane.MatchingType.SHA2_256
    found = dane.Found(dane.Status.USABLE, (dane.make_record(*kinds, certificate=der),), HOST, (HOST,))
    policy = TlsPolicy(TlsUse.REQUIRED, Verification.DANE, (HOST,), found)
    async with running(Server(certificate=own)) as dialer, connected(dialer, policy) as connection:
        assert connection.is_verified
        assert [each.judged_by for each in connection.failures] == [Verification.WEBPKI]


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
    server = Server(answers={"refused": b"550 5.7.1 not you\r\n"})
    refused = Letter(
        MailFrom(parse_path("refused@sender.example")),
        (RcptTo(parse_path("you@mox.example")),),
        lambda: [b"x\r\n"],
    )
    async with running(server) as dialer, connected(dialer) as connection:
        replies = await connection.send(refused)
        assert not isinstance(replies, NotSent)
        assert [(reply.code, reply.enhanced) for reply in replies] == [(550, "5.7.1")]
        # The connection goes on to be of use.
        assert not isinstance(await connection.send(letter()), NotSent)


@pytest.mark.parametrize("is_offered", [True, False])
async def test_wishes_for_notifications_go_where_they_are_understood(is_offered: bool) -> None:
    """RFC 3461 §5.2.1."""
    asked = RcptTo(
        parse_path("you@mox.example"), frozenset({Notify.SUCCESS}), RecipientAddress("rfc822", "a@b.example")
    )
    wish = replace(letter(ret=Ret.HDRS, envid="e1"), recipients=(asked,))
    server = Server(offers=["DSN"] if is_offered else [])
    async with running(server) as dialer, connected(dialer) as connection:
        assert connection.passes_on_dsn is is_offered
        await connection.send(wish)
    said = [command for command in server.commands if command.startswith(("MAIL", "RCPT"))]
    more = (" RET=HDRS ENVID=e1", " NOTIFY=SUCCESS ORCPT=rfc822;a@b.example") if is_offered else ("", "")
    assert said == [f"MAIL FROM:<me@sender.example>{more[0]}", f"RCPT TO:<you@mox.example>{more[1]}"]


async def test_8_bit_text_is_kept_from_hosts_that_do_not_take_it_if_asked() -> None:
    """RFC 6152 §3."""
    async with running(Server()) as dialer, connected(dialer) as connection:
        refused = await connection.send(replace(letter(), needs_8bit=True))
        assert isinstance(refused, NotSent)
        assert refused.enhanced == "5.6.3"


async def test_a_host_that_has_waited_long_enough_has_nothing_of_the_next_letter() -> None:
    """RFC 5321 §4.5.3.2.7: servers close what is idle, with 421 or without."""
    for said in (b"421 4.4.2 idle for too long\r\n", b""):
        server = Server(says_at_second_mail=said)
        async with running(server) as dialer, connected(dialer) as connection:
            assert not isinstance(await connection.send(letter()), NotSent)
            with pytest.raises(NotBegunError):
                await connection.send(letter())
            assert connection.is_over
        assert len(server.taken) == 1


@pytest.mark.parametrize("to", ["me", "you"])
async def test_421_to_the_first_letter_is_its_answer(to: str) -> None:
    server = Server(answers={to: b"421 4.3.2 too busy\r\n"})
    async with running(server) as dialer, connected(dialer) as connection:
        replies = await connection.send(letter())
        assert not isinstance(replies, NotSent)
        assert [reply.code for reply in replies] == [421]
        assert connection.is_over


async def test_who_has_an_answer_keeps_it_when_a_later_round_breaks() -> None:
    """Else they would get the message once more."""
    server = Server(offers=["PIPELINING", "LIMITS RCPTMAX=2"], says_at_second_mail=b"")
    async with running(server) as dialer, connected(dialer) as connection:
        replies = await connection.send(letter(*(f"r{number}@mox.example" for number in range(4))))
        assert not isinstance(replies, NotSent)
        assert [reply.code for reply in replies] == [250, 250, 421, 421]


async def test_tls_from_the_first_octet_and_never() -> None:
    """RFC 8314 §3.3; and servers in the same rack."""
    immediate = TlsPolicy(TlsUse.IMMEDIATE, Verification.WEBPKI, (HOST,))
    server = Server(is_immediate=True)
    async with running(server) as dialer, connected(dialer, immediate) as connection:
        await connection.send(letter())
        assert (connection.is_verified, failures(connection)) == (True, [])
    server = Server(is_immediate=True, certificate=make_certificate(str(HOST), issuer=STRANGER))
    async with running(server) as dialer:
        refused = await dial(dialer, immediate)
        assert isinstance(refused, HostFailure)
        assert failures(refused) == [("certificate-not-trusted", True)]
    server = Server()
    never = TlsPolicy(TlsUse.NONE, Verification.NONE, ())
    async with running(server) as dialer, connected(dialer, never) as connection:
        await connection.send(letter())
        assert (connection.tls, failures(connection)) == (None, [])
    assert server.is_tls == [False]


async def test_a_host_that_does_not_want_to_talk_may_want_to_later() -> None:
    """RFC 5321 §3.1: 554 instead of a greeting; another host, or another time, is tried."""
    for greeting, code in ((b"554 5.7.1 go away\r\n", 554), (b"421 busy\r\n", 421), (b"220 x\r\n", 451)):
        server = Server(greeting=greeting, hello=b"451 later\r\n")
        async with running(server) as dialer:
            failure = await dial(dialer)
        assert isinstance(failure, HostFailure)
        assert (failure.code, failure.enhanced) == (code, "4.3.0")


async def test_a_host_that_refuses_ehlo_after_tls_has_not_failed_at_tls() -> None:
    """Nor is it to get the message in the clear for that."""
    server = Server(hello_in_tls=b"451 4.3.2 not now\r\n")
    async with running(server) as dialer:
        failure = await dial(dialer)
    assert isinstance(failure, HostFailure)
    assert (failure.code, failure.failures) == (451, ())
    assert server.commands.count("STARTTLS") == 1


async def test_starttls_that_is_offered_and_refused() -> None:
    """RFC 3207 §4: 454."""
    server = Server(answers={}, refuses_starttls=True)
    async with running(server) as dialer:
        refused = await dial(dialer, WEBPKI)
        assert isinstance(refused, HostFailure)
        assert (refused.enhanced, failures(refused)) == ("4.7.5", [("validation-failure", True)])
        async with connected(dialer) as connection:
            await connection.send(letter())
            assert "454" in connection.failures[0].reason
    assert server.is_tls == [False]


async def test_an_alert_after_the_handshake_is_a_failure_of_tls() -> None:
    """RFC 8446 §4.4.2.4: what a server has against the client comes when the client is done already."""
    server = Server(refuses_client=True)
    context = client_context([make_certificate("me.example")])
    async with running(server) as dialer:
        offering = replace(dialer, context=context)
        refused = await dial(offering, WEBPKI)
        assert isinstance(refused, HostFailure)
        [failure] = refused.failures
        assert (failure.result_type, failure.mattered) == ("validation-failure", True)
        assert failure.reason.startswith("tls-remote-alert-")
        # Where mail may go without, it does, and the report counts no success.
        async with connected(offering) as connection:
            await connection.send(letter())
            assert failures(connection) == [("validation-failure", False)]
    assert server.is_tls == [False]


async def test_a_failure_says_where_it_was_seen() -> None:
    server = Server(certificate=make_certificate(str(HOST), issuer=STRANGER))
    async with running(server) as dialer, connected(dialer) as connection:
        [failure] = connection.failures
    assert failure.judged_by is Verification.WEBPKI
    assert (str(failure.address), failure.local_address) == ("127.0.0.1", "127.0.0.1")
    assert failure.server_name == "mx.mox.example"


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
