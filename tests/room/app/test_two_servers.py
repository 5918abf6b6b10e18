"""Two of our own servers send to each other, over days of a clock that does not wait."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from moxkit import dkim, dmarc, spf
from moxkit.domain import parse_domain
from moxkit.dsn import Action, parse_dsn
from moxkit.testing import FakeClock, FakeResolver, make_certificate
from room.app.ownservers import OwnServer
from room.waiting import reached

Pair = tuple[OwnServer, OwnServer]


@pytest.fixture
def resolver() -> FakeResolver:
    return FakeResolver(authentic=True)


@pytest.fixture
async def pair(tmp_path: Path, clock: FakeClock, resolver: FakeResolver) -> AsyncIterator[Pair]:
    """Servers for one.example and two.example; the second is not started."""
    one = OwnServer(tmp_path / "one", "one.example", clock=clock, resolver=resolver)
    two = OwnServer(tmp_path / "two", "two.example", clock=clock, resolver=resolver)
    await one.start(others_port=two.smtp)
    yield one, two
    # Who still has connections open goes first.
    await one.stop()
    await two.stop()


async def pass_time(server: OwnServer, clock: FakeClock, until: Callable[[], bool]) -> int:
    """Go from one attempt to the next until something is so; return how many there were."""
    jumps, queue = 0, server.server.queue
    async with asyncio.timeout(60):
        while not until():
            await asyncio.sleep(0.001)
            if queue._in_progress:
                continue
            # It goes to sleep some turns after its last attempt: before, it would miss the time passing.
            for _ in range(10):
                await asyncio.sleep(0)
            if (entries := queue.entries()) and not queue._in_progress:
                due_at = min(float(str(entry["due_at"])) for entry in entries)
                if (wait_s := due_at - clock.now().timestamp()) > 0:
                    clock.jump(wait_s)
                    jumps += 1
    return jumps


async def judge(resolver: FakeResolver, octets: bytes, sender: str, clock: FakeClock) -> list[str]:
    """Return what DKIM, SPF and DMARC say of a message that came from this machine."""
    domain = parse_domain(sender.partition("@")[2])
    signatures = await dkim.verify(resolver, octets, now=clock.now())
    client = spf.Sender(ip_address("127.0.0.1"), mail_from=sender, helo=f"mx.{domain}")
    allowed = await spf.verify(resolver, client, now=clock.now())
    aligned = await dmarc.verify(resolver, domain, spf=allowed, dkim=signatures)
    assert aligned.aligned_dkim
    assert aligned.aligned_spf
    return [*(each.status for each in signatures), allowed.status, aligned.status]


async def test_mail_both_ways_is_signed_allowed_aligned_and_verified(
    pair: Pair, clock: FakeClock, resolver: FakeResolver
) -> None:
    one, two = pair
    await two.start(others_port=one.smtp)
    for sender, receiver in ((one, two), (two, one)):
        replies = await sender.submit([receiver.address], f"from {sender.domain}")
        assert [reply.code for reply in replies] == [250]
        await reached(lambda receiver=receiver: len(receiver.mail()) == 1)  # type: ignore[misc]  # bound now
        [(mailbox, octets)] = receiver.mail()
        assert mailbox == "Inbox"
        assert await judge(resolver, octets, sender.address, clock) == ["pass", "pass", "pass"]
        header = b" ".join(octets.partition(b"\r\n\r\n")[0].split())
        [said] = re.findall(rb"Authentication-Results: (.*?) Received", header)
        for result in (b"dkim=pass", b"spf=pass", b"dmarc=pass"):
            assert result in said, said
        # By DANE, since DNSSEC has validated the way.
        received = octets.partition(b"Received: ")[2].partition(b"\r\nReceived: ")[0]
        assert b"with ESMTPS" in received
        await reached(lambda sender=sender: not sender.server.queue.entries())  # type: ignore[misc]  # bound now


async def test_requiretls_from_end_to_end(pair: Pair) -> None:
    """The only two servers here that know it: RFC 8689 §4."""
    one, two = pair
    await two.start(others_port=one.smtp)
    await one.submit([two.address], "only in private", requires_tls=True)
    await reached(lambda: len(two.mail()) == 1)
    [(_, octets)] = two.mail()
    received = octets.partition(b"Received: ")[2].partition(b"DKIM-Signature")[0].lower()
    assert received.count(b"requiretls") == 2, received


async def test_whoever_has_another_key_gets_no_mail(pair: Pair, tmp_path: Path) -> None:
    one, two = pair
    certificate, key = make_certificate(two.hostname, "ed25519")
    (tmp_path / "two" / "server.crt").write_bytes(certificate)
    (tmp_path / "two" / "server.key").write_bytes(key)
    await two.start(others_port=one.smtp)
    await one.submit([two.address], "secret")
    await reached(lambda: any(entry["error"] for entry in one.server.queue.entries()))
    [entry] = one.server.queue.entries()
    assert "validation-failure" in str(entry["error"])
    assert two.mail() == []


async def test_what_is_refused_there_comes_back_here(pair: Pair) -> None:
    one, two = pair
    await two.start(others_port=one.smtp)
    await one.submit([two.address, "nobody@two.example"], "half of it")
    await reached(lambda: len(one.mail()) == 1 and len(two.mail()) == 1)
    [(mailbox, octets)] = one.mail()
    assert mailbox == "Inbox"
    [recipient] = parse_dsn(octets).status.recipients
    assert (recipient.final_recipient.address, recipient.action) == ("nobody@two.example", Action.FAILED)
    assert recipient.status == "5.1.1"
    assert recipient.remote_mta is not None
    assert recipient.remote_mta.name == "mx.two.example"
    # The other server was told nothing of it.
    await reached(lambda: not one.server.queue.entries())
    assert len(two.mail()) == 1


async def test_two_days_without_the_other_server(
    pair: Pair, clock: FakeClock, resolver: FakeResolver
) -> None:
    one, two = pair
    await one.submit([two.address], "patience")
    begin = clock.now()
    await pass_time(one, clock, lambda: clock.now() - begin > timedelta(days=2))
    assert [parse_dsn(octets).status.recipients[0].action for _, octets in one.mail()] == [Action.DELAYED]
    await two.start(others_port=one.smtp)
    await pass_time(one, clock, lambda: not one.server.queue.entries())
    [(_, octets)] = two.mail()
    assert b"\r\nSubject: patience\r\n" in octets
    assert await judge(resolver, octets, one.address, clock) == ["pass", "pass", "pass"]
    assert clock.now() - begin < timedelta(days=3)


async def test_five_days_without_the_other_server(pair: Pair, clock: FakeClock) -> None:
    one, two = pair
    await one.submit([two.address], "in vain")
    begin = clock.now()
    attempts = 1 + await pass_time(one, clock, lambda: not one.server.queue.entries())
    assert timedelta(days=4.5) < clock.now() - begin < timedelta(days=5)
    assert attempts > 15
    delayed, failed = (parse_dsn(octets).status.recipients[0] for _, octets in one.mail())
    assert (delayed.action, failed.action) == (Action.DELAYED, Action.FAILED)
    assert failed.diagnostic is None or "gave up after 4 days" in failed.diagnostic.text
    await two.start(others_port=one.smtp)
    assert two.mail() == []


async def test_a_restart_in_between_loses_nothing(pair: Pair, clock: FakeClock) -> None:
    one, two = pair
    await one.submit([two.address], "kept")
    await reached(lambda: any(entry["error"] for entry in one.server.queue.entries()))
    await one.stop()
    clock.jump(3600)
    await two.start(others_port=one.smtp)
    await one.start(others_port=two.smtp)
    await reached(lambda: len(two.mail()) == 1)
