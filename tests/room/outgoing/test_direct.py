"""Delivery to hosts by MX: which host, how secure, and what becomes of each recipient."""

import datetime as dt
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from kit.smtpclient.mailhost import GOOD, STRANGER, Server, running
from mox.queue import Delivered, Failed, Result, Retry
from moxkit import dane
from moxkit.smtp import Notify
from moxkit.testing import make_certificate
from moxkit.tlsrpt import FailureDetails
from room.outgoing.messages import CONTENT, QUEUED, kinds, message
from room.outgoing.places import STS, ZONE, Places


async def test_delivers_with_tls_to_the_preferred_host(places: Places, content: Path) -> None:
    first, second = Server(), Server()
    async with running(first, second) as dialer:
        results = await places.deliverer(dialer).deliver(message(), content)
    assert results == {1: Delivered(250, "2.0.0", "taken", "mx.mox.example")}
    assert first.taken == [b"Received: here\r\n" + CONTENT]
    assert first.is_tls == [True]
    assert second.commands == []


async def test_each_recipient_has_its_own_result(places: Places, content: Path) -> None:
    first = Server(answers={"no": b"550 5.1.1 no such user\r\n", "later": b"451 4.7.1 greylisted\r\n"})
    second = Server(answers={"later": b"452 4.2.2 full\r\n"})
    async with running(first, second) as dialer:
        sent = message("no@other.example", "yes@other.example", "later@other.example")
        results = await places.deliverer(dialer).deliver(sent, content)
    assert kinds(results) == [(Failed, "5.1.1"), (Delivered, "2.0.0"), (Retry, "4.2.2")]
    # The next host was asked about the one that is still to go, and about no other.
    assert [each for each in second.commands if each.startswith("RCPT")] == ["RCPT TO:<later@other.example>"]
    assert second.taken == []


async def test_goes_on_to_the_next_host(places: Places, content: Path) -> None:
    first, second = Server(hangs_up_at="MAIL"), Server()
    async with running(first, second) as dialer:
        results = await places.deliverer(dialer).deliver(message(), content)
    assert kinds(results) == [(Delivered, "2.0.0")]
    assert len(second.taken) == 1


async def test_a_connection_that_breaks_is_tried_again(places: Places, content: Path) -> None:
    async with running(Server(hangs_up_at="DATA"), Server(hangs_up_at="DATA")) as dialer:
        [result] = (await places.deliverer(dialer).deliver(message(), content)).values()
    assert (type(result), result.code, result.enhanced) == (Retry, None, "4.4.2")
    assert "mx2.mox.example [127.0.0.2]" in result.text


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("other.example MX 0 .", (Failed, "5.1.10")),
        ("other.example MX 10 192.0.2.1..", (Retry, "4.4.4")),
        ("other.example MX 10 mx.mox.example", (Retry, "4.4.4")),
        ("", (Failed, "5.1.2")),
    ],
)
async def test_domains_without_a_way(
    places: Places, content: Path, zone: str, expected: tuple[type[Result], str]
) -> None:
    async with running(Server()) as dialer:
        results = await places.deliverer(dialer, zone).deliver(message(), content)
    assert kinds(results) == [expected]


async def test_dns_that_does_not_answer_is_waited_for(places: Places, content: Path) -> None:
    async with running(Server()) as dialer:
        deliverer = places.deliverer(dialer, temporary=["other.example"])
        results = await deliverer.deliver(message(), content)
    assert kinds(results) == [(Retry, "4.4.3")]


async def test_an_address_is_its_own_host(places: Places, content: Path) -> None:
    server = Server()
    async with running(server) as dialer:
        deliverer = places.deliverer(dialer)
        there = await deliverer.deliver(message("you@[127.0.0.1]", domain="[127.0.0.1]"), content)
        nowhere = await deliverer.deliver(message("you@[1.2.3]", domain="[1.2.3]"), content)
        strict = await deliverer.deliver(
            message("you@[127.0.0.1]", domain="[127.0.0.1]", require_tls=True), content
        )
    assert kinds(there) == [(Delivered, "2.0.0")]
    assert kinds(nowhere) == [(Failed, "5.1.2")]
    assert kinds(strict) == [(Failed, "5.7.30")]


# --- how secure


async def test_without_policies_a_bad_certificate_is_better_than_none(places: Places, content: Path) -> None:
    server = Server(certificate=make_certificate("mx.mox.example", issuer=STRANGER))
    async with running(server) as dialer:
        await places.deliverer(dialer).deliver(message(), content)
    assert server.is_tls == [True]


ENFORCED = "version: STSv1\r\nmode: enforce\r\nmx: mx.mox.example\r\nmax_age: 86400\r\n"


async def test_mta_sts_keeps_mail_from_bad_hosts(places: Places, content: Path) -> None:
    bad = Server(certificate=make_certificate("mx.mox.example", issuer=STRANGER))
    unnamed = Server()
    async with running(bad, unnamed) as dialer:
        results = await places.deliverer(dialer, ZONE + STS, ENFORCED).deliver(message(), content)
    assert kinds(results) == [(Retry, "4.7.5")]
    assert bad.taken == []
    assert unnamed.commands == []


async def test_mta_sts_lets_mail_through_to_good_hosts(places: Places, content: Path) -> None:
    server = Server()
    async with running(server) as dialer:
        results = await places.deliverer(dialer, ZONE + STS, ENFORCED).deliver(message(), content)
    assert kinds(results) == [(Delivered, "2.0.0")]


async def test_tls_required_no_is_heard_before_policies(places: Places, content: Path) -> None:
    server = Server(offers=["PIPELINING"])
    async with running(server) as dialer:
        deliverer = places.deliverer(dialer, ZONE + STS, ENFORCED)
        assert kinds(await deliverer.deliver(message(), content)) == [(Retry, "4.7.5")]
        assert kinds(await deliverer.deliver(message(require_tls=False), content)) == [(Delivered, "2.0.0")]
    assert server.is_tls == [False]


async def test_requiretls_comes_back_where_nobody_can(places: Places, content: Path) -> None:
    first, second = Server(), Server()
    async with running(first, second) as dialer:
        results = await places.deliverer(dialer).deliver(message(require_tls=True), content)
    assert kinds(results) == [(Failed, "5.7.30")]
    assert first.commands == second.commands == []


async def test_requiretls_goes_where_it_is_kept(places: Places, content: Path) -> None:
    server = Server(offers=["STARTTLS", "REQUIRETLS"])
    async with running(server) as dialer:
        deliverer = places.deliverer(dialer, ZONE + STS, ENFORCED)
        results = await deliverer.deliver(message(require_tls=True), content)
    assert kinds(results) == [(Delivered, "2.0.0")]
    assert "MAIL FROM:<me@mox.example> REQUIRETLS" in server.commands


async def test_dane_keeps_mail_from_hosts_with_another_key(places: Places, content: Path) -> None:
    server = Server()
    tlsa = "_25._tcp.mx.mox.example TLSA 3 1 1 " + "00" * 32
    async with running(server) as dialer:
        deliverer = places.deliverer(
            dialer, ZONE.replace("other.example MX 20 mx2.mox.example", tlsa), authentic=True
        )
        results = await deliverer.deliver(message(), content)
        assert kinds(results) == [(Retry, "4.7.5")]
        # Who can forge the MX records could point at any host: then its records say nothing.
        unsigned = places.deliverer(dialer, ZONE + tlsa)
        assert kinds(await unsigned.deliver(message(), content)) == [(Delivered, "2.0.0")]


async def test_a_refusal_of_our_address_is_tried_over_the_other_kind(places: Places, content: Path) -> None:
    server = Server(answers={"you": b"550 5.7.1 your address is listed\r\n"})
    zone = "other.example MX 10 mx.mox.example\nmx.mox.example A 127.0.0.1\nmx.mox.example AAAA ::1"
    async with running(server) as dialer:
        deliverer = places.deliverer(dialer, zone)
        assert kinds(await deliverer.deliver(message(), content)) == [(Retry, "5.7.1")]
        alone = places.deliverer(dialer, zone.rpartition("\n")[0])
        assert kinds(await alone.deliver(message(), content)) == [(Failed, "5.7.1")]


async def test_what_a_host_cannot_take_comes_back(places: Places, content: Path) -> None:
    async with running(Server(), Server()) as dialer:
        results = await places.deliverer(dialer).deliver(
            message("jürgen@other.example", smtputf8=True), content
        )
    assert kinds(results) == [(Failed, "5.6.7")]


ONE = "other.example MX 10 mx.mox.example\nmx.mox.example A 127.0.0.1"


async def test_tls_required_no_does_not_wait_for_records_that_cannot_be_had(
    places: Places, content: Path
) -> None:
    """RFC 8689 §5."""
    async with running(Server()) as dialer:
        deliverer = places.deliverer(dialer, ONE, authentic=True, temporary=["_25._tcp.mx.mox.example"])
        assert kinds(await deliverer.deliver(message(), content)) == [(Retry, "4.7.5")]
        assert kinds(await deliverer.deliver(message(require_tls=False), content)) == [(Delivered, "2.0.0")]


async def test_a_host_that_does_not_want_to_talk_is_passed_over(places: Places, content: Path) -> None:
    """RFC 5321 §3.1: 554 instead of a greeting is no answer to any message."""
    first, second = Server(greeting=b"554 5.7.1 go away\r\n"), Server()
    async with running(first, second) as dialer:
        results = await places.deliverer(dialer).deliver(message(), content)
        assert kinds(results) == [(Delivered, "2.0.0")]
        [result] = (await places.deliverer(dialer, ONE).deliver(message(), content)).values()
    assert (type(result), result.code, result.enhanced) == (Retry, 554, "4.3.0")
    assert "does not want to talk: greeting: 554 5.7.1 go away" in result.text


async def test_a_file_that_cannot_be_read_is_nobodys_fault(places: Places, content: Path) -> None:
    first, second = Server(), Server()
    content.unlink()  # noqa: ASYNC240  a test
    async with running(first, second) as dialer:
        [result] = (await places.deliverer(dialer).deliver(message(), content)).values()
    assert (type(result), result.enhanced) == (Retry, "4.3.0")
    assert "cannot be read" in result.text
    assert (first.taken, second.commands) == ([], [])


async def test_wishes_for_notifications_are_passed_on(places: Places, content: Path) -> None:
    """RFC 3461 §5.2.1."""
    first, second = Server(offers=["DSN"]), Server(offers=[])
    sent = message()
    wish = replace(sent, entries=(replace(sent.entries[0], notify=frozenset({Notify.SUCCESS})),))
    async with running(first, second) as dialer:
        there = await places.deliverer(dialer).deliver(wish, content)
        not_there = await places.deliverer(dialer, ONE.replace("0.0.1", "0.0.2")).deliver(wish, content)
    assert [each.passes_on_dsn for each in (there[1], not_there[1]) if isinstance(each, Delivered)] == [
        True,
        False,
    ]
    assert "RCPT TO:<you@other.example> NOTIFY=SUCCESS" in first.commands
    assert "RCPT TO:<you@other.example>" in second.commands


async def test_who_puts_off_strangers_meets_them_at_the_same_address(places: Places, content: Path) -> None:
    first, second = (Server(answers={"you": b"451 4.7.1 greylisted\r\n"}) for _ in range(2))
    zone = "other.example MX 10 mx.mox.example\nmx.mox.example A 127.0.0.2\nmx.mox.example A 127.0.0.1"
    async with running(first, second) as dialer:
        deliverer = places.deliverer(dialer, zone)
        await deliverer.deliver(message(), content)
        assert (len(first.commands), len(second.commands) > 0) == (0, True)
        # Resolvers turn the order around.
        records = deliverer._resolver._records  # type: ignore[attr-defined]  # the fake one
        records["A mx.mox.example"] = records["A mx.mox.example"][::-1]
        await deliverer.deliver(message(attempts=1), content)
        assert first.commands == []
        await deliverer.deliver(message(attempts=2), content)
        assert first.commands


# --- connections that are used again


async def test_the_next_message_goes_over_the_same_connection(places: Places, content: Path) -> None:
    server = Server()
    async with running(server) as dialer:
        deliverer = places.deliverer(dialer, ONE, connections=places.connections())
        for number in range(3):
            results = await deliverer.deliver(message(id_=number), content)
            assert kinds(results) == [(Delivered, "2.0.0")]
        assert sum(command.startswith("EHLO") for command in server.commands) == 2  # before and in TLS
        assert not any(command.startswith("RSET") for command in server.commands)
        # What asks for another kind of connection gets one.
        await deliverer.deliver(message(require_tls=False), content)
        assert sum(command.startswith("EHLO") for command in server.commands) == 4
        await places.close()
    assert len(server.taken) == 4


async def test_domains_with_the_same_host_share_its_connections(places: Places, content: Path) -> None:
    server = Server()
    async with running(server) as dialer:
        zone = ONE + "\nsecond.example MX 10 mx.mox.example"
        deliverer = places.deliverer(dialer, zone, connections=places.connections())
        await deliverer.deliver(message(), content)
        await deliverer.deliver(message("you@second.example", domain="second.example"), content)
        await places.close()
    assert (len(server.taken), server.commands.count("QUIT")) == (2, 1)


async def test_domains_share_hosts_whose_own_certificate_is_named(places: Places, content: Path) -> None:
    """RFC 7671 §5.1: such a record makes names irrelevant, and with them whose mail it is."""
    der = x509.load_pem_x509_certificate(GOOD[0]).public_bytes(Encoding.DER)
    record = dane.make_record(
        dane.Usage.DANE_EE, dane.Selector.SPKI, dane.MatchingType.SHA2_256, certificate=der
    )
    tlsa = f"_25._tcp.mx.mox.example TLSA 3 1 1 {record.data.hex()}"
    server = Server()
    async with running(server) as dialer:
        zone = f"{ONE}\nsecond.example MX 10 mx.mox.example\n{tlsa}"
        deliverer = places.deliverer(dialer, zone, connections=places.connections(), authentic=True)
        assert kinds(await deliverer.deliver(message(), content)) == [(Delivered, "2.0.0")]
        await deliverer.deliver(message("you@second.example", domain="second.example"), content)
        await places.close()
    assert (len(server.taken), server.commands.count("QUIT")) == (2, 1)


async def test_a_host_that_moved_is_not_found_where_it_was(places: Places, content: Path) -> None:
    first, second = Server(), Server()
    async with running(first, second) as dialer:
        deliverer = places.deliverer(dialer, ONE, connections=places.connections())
        await deliverer.deliver(message(), content)
        deliverer._resolver._records["A mx.mox.example"] = (ip_address("127.0.0.2"),)  # type: ignore[attr-defined]  # the fake one
        await deliverer.deliver(message(), content)
        await places.close()
    assert (len(first.taken), len(second.taken)) == (1, 1)


@pytest.mark.parametrize("said", [b"", b"421 4.4.2 idle\r\n"])
async def test_a_connection_that_was_closed_meanwhile_costs_no_attempt(
    places: Places, content: Path, said: bytes
) -> None:
    server = Server(says_at_second_mail=said)
    async with running(server) as dialer:
        deliverer = places.deliverer(dialer, ONE, connections=places.connections())
        for _ in range(2):
            assert kinds(await deliverer.deliver(message(), content)) == [(Delivered, "2.0.0")]
        await places.close()
    assert len(server.taken) == 2


async def test_what_may_have_been_taken_is_not_sent_once_more(places: Places, content: Path) -> None:
    """RFC 1047: between the end of the content and its answer nobody knows; that is for the next attempt."""
    server = Server(loses_answer_of=2)
    async with running(server) as dialer:
        deliverer = places.deliverer(dialer, ONE, connections=places.connections())
        await deliverer.deliver(message(), content)
        assert kinds(await deliverer.deliver(message(), content)) == [(Retry, "4.4.2")]
        await places.close()
    assert len(server.taken) == 2


async def test_a_refused_message_leaves_a_good_connection(places: Places, content: Path) -> None:
    server = Server(answers={"no": b"550 5.1.1 nobody\r\n"})
    async with running(server) as dialer:
        deliverer = places.deliverer(dialer, ONE, connections=places.connections())
        assert kinds(await deliverer.deliver(message("no@other.example"), content)) == [(Failed, "5.1.1")]
        assert kinds(await deliverer.deliver(message(), content)) == [(Delivered, "2.0.0")]
        await places.close()
    assert [command for command in server.commands if command in {"RSET", "QUIT"}] == ["RSET", "QUIT"]


async def test_a_message_is_sent_over_two_connections_at_most(places: Places, content: Path) -> None:
    """Used ones count, too; the other hosts have their turn at the next attempt."""
    servers = [Server(answers={"you": b"451 4.3.2 busy\r\n"}) for _ in range(3)]
    zone = "".join(
        f"other.example MX {n}0 mx{n}.mox.example\nmx{n}.mox.example A 127.0.0.{n}\n" for n in (1, 2, 3)
    )
    async with running(*servers) as dialer:
        deliverer = places.deliverer(dialer, zone, connections=places.connections())
        for _ in range(2):
            assert kinds(await deliverer.deliver(message(), content)) == [(Retry, "4.3.2")]
        await places.close()
    asked = [sum(command.startswith("RCPT") for command in server.commands) for server in servers]
    assert asked == [2, 2, 0]


async def test_a_message_that_is_too_large_leaves_a_good_connection(places: Places, content: Path) -> None:
    server = Server(offers=["SIZE 39"], says_at_second_mail=b"")
    small = replace(message(), size=39)
    async with running(server) as dialer:
        deliverer = places.deliverer(dialer, ONE, connections=places.connections())
        assert kinds(await deliverer.deliver(small, content)) == [(Delivered, "2.0.0")]
        assert kinds(await deliverer.deliver(message(), content)) == [(Failed, "5.3.4")]
        assert kinds(await deliverer.deliver(small, content)) == [(Delivered, "2.0.0")]
        await places.close()
    assert server.commands.count("EHLO me.example") == 2


# --- results of TLS


async def test_what_tls_came_to_is_noted_once_for_each_connection(places: Places, content: Path) -> None:
    results = places.tls_results()
    server = Server(certificate=make_certificate("mx.mox.example", issuer=STRANGER))
    async with running(server) as dialer:
        connections = places.connections()
        deliverer = places.deliverer(dialer, ONE, connections=connections, tls_results=results)
        for _ in range(2):
            await deliverer.deliver(message(), content)
        await connections.close()
    host, domain = await results.of_day(QUEUED.date())
    assert (host.policy_domain, host.is_host, domain.policy_domain) == (
        "mx.mox.example",
        True,
        "other.example",
    )
    for day in (host, domain):
        [result] = day.results
        assert result.policy.type == "no-policy-found"
        assert (result.successful_sessions, result.failed_sessions) == (0, 1)
        assert result.failures == (
            FailureDetails(
                result_type="certificate-not-trusted",
                failed_sessions=1,
                sending_mta_ip="127.0.0.1",
                receiving_mx_hostname="mx.mox.example",
                receiving_mx_helo="mx.mox.example",
                receiving_ip="127.0.0.1",
            ),
        )


@pytest.mark.parametrize(
    ("policy", "counts", "types"),
    [
        (ENFORCED, (1, 0), []),
        (ENFORCED.replace("mx.mox", "mx9.mox"), (0, 1), ["validation-failure"]),
        (ENFORCED.replace("enforce", "testing").replace("mx.mox", "mx9.mox"), (0, 1), ["validation-failure"]),
        ("", (0, 1), ["sts-policy-fetch-error"]),
        ("version: STSv2", (0, 1), ["sts-policy-invalid"]),
    ],
)
async def test_what_mta_sts_came_to(
    places: Places, content: Path, policy: str, counts: tuple[int, int], types: list[str]
) -> None:
    results = places.tls_results()
    async with running(Server()) as dialer:
        deliverer = places.deliverer(dialer, ONE + STS, policy, tls_results=results)
        await deliverer.deliver(message(), content)
    of_domain = (await results.of_day(QUEUED.date()))[-1]
    [result] = of_domain.results
    assert (of_domain.policy_domain, result.policy.type) == ("other.example", "sts")
    assert (result.successful_sessions, result.failed_sessions) == counts
    assert [failure.result_type for failure in result.failures] == types
    if "STSv1" in policy:
        assert result.policy.strings == tuple(policy.split("\r\n")[:-1])


async def test_a_policy_that_could_not_be_had_is_told_while_it_is_not_tried_again(
    places: Places, content: Path
) -> None:
    results = places.tls_results()
    async with running(Server()) as dialer:
        deliverer = places.deliverer(dialer, ONE + STS, "", tls_results=results)
        for _ in range(2):
            await deliverer.deliver(message(), content)
    [result] = (await results.of_day(QUEUED.date()))[-1].results
    assert [failure.failed_sessions for failure in result.failures] == [2]


async def test_nobody_is_told_of_addresses_and_of_hosts_that_are_not_there(
    places: Places, content: Path
) -> None:
    results = places.tls_results()
    async with running(Server()) as dialer:
        deliverer = places.deliverer(dialer, ONE.replace("0.0.1", "0.0.2"), tls_results=results)
        await deliverer.deliver(message("you@[127.0.0.1]", domain="[127.0.0.1]"), content)
        await deliverer.deliver(message(), content)
    assert await results.of_day(dt.date(2026, 6, 1)) == ()
