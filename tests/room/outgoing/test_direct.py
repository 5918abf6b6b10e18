"""Delivery to hosts by MX: which host, how secure, and what becomes of each recipient."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kit.smtpclient.mailhost import STRANGER, Server, running
from mox.outgoing import DirectDelivery, StsPolicies
from mox.queue import Delivered, Failed, Result, Retry
from moxkit.https import HttpsError, Response, Stage
from moxkit.smtpclient import Dialer
from moxkit.testing import FakeClock, FakeResolver, make_certificate
from room.outgoing.messages import CONTENT, QUEUED, kinds, message

ZONE = """
other.example MX 10 mx.mox.example
other.example MX 20 mx2.mox.example
mx.mox.example A 127.0.0.1
mx2.mox.example A 127.0.0.2
"""
STS = """
_mta-sts.other.example TXT "v=STSv1; id=1;"
"""


class Policies:
    """Serves one policy, or nothing."""

    def __init__(self, text: str = "") -> None:
        self.text = text

    async def get(self, url: str, *, max_octets: int) -> Response:
        assert url == "https://mta-sts.other.example/.well-known/mta-sts.txt"
        if not self.text:
            raise HttpsError(Stage.CONNECT, "nobody there")
        return Response(200, "text/plain", "utf-8", self.text.encode())


@pytest.fixture
def content(tmp_path: Path) -> Path:
    path = tmp_path / "content"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
async def places(tmp_path: Path, pool: ThreadPoolExecutor) -> AsyncIterator["Places"]:
    places = Places(tmp_path, pool)
    yield places
    for each in places.opened:
        await each.close()


class Places:
    """Makes deliverers with a zone and a policy of their own."""

    def __init__(self, directory: Path, pool: ThreadPoolExecutor) -> None:
        self.directory = directory
        self.pool = pool
        self.opened: list[StsPolicies] = []

    def deliverer(
        self, dialer: Dialer, zone: str = ZONE, policy: str = "", **resolver: object
    ) -> DirectDelivery:
        answers = FakeResolver(zone, **resolver)  # type: ignore[arg-type]  # passed on
        policies = StsPolicies(
            directory=self.directory,
            clock=FakeClock(QUEUED),
            pool=self.pool,
            resolver=answers,
            get=Policies(policy).get,
        )
        self.opened.append(policies)
        return DirectDelivery(
            resolver=answers, policies=policies, dialer=dialer, shuffle=lambda hosts: hosts.sort(key=str)
        )


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
        ("", (Retry, "4.4.4")),
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
    zone = "other.example MX 10 mx.mox.example\nmx.mox.example A 127.0.0.1\nmx.mox.example AAAA ::2"
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
