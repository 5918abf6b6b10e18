"""Hosts that did not answer: asked again after a minute, not for each message."""

from ipaddress import ip_address

from mox.outgoing.deadhosts import DeadHosts
from moxkit.domain import parse_domain
from moxkit.smtpclient import HostFailure, TlsFailure
from moxkit.testing import FakeClock

HOST, ADDRESS = parse_domain("mx.mox.example"), ip_address("192.0.2.1")


class Host:
    """Takes its time, and fails."""

    def __init__(self, clock: FakeClock, seconds: float, *failures: TlsFailure) -> None:
        self.clock = clock
        self.seconds = seconds
        self.failure = HostFailure("4.4.1", f"{HOST}: no answer", failures)
        self.asked = 0

    async def dial(self) -> HostFailure:
        self.asked += 1
        self.clock.jump(self.seconds)
        return self.failure


async def texts(dead: DeadHosts, host: Host, count: int) -> list[str]:
    found = [await dead.dial(HOST, host.dial) for _ in range(count)]
    return [each.text for each in found if isinstance(each, HostFailure)]


async def test_what_took_long_is_not_tried_for_a_minute() -> None:
    clock = FakeClock()
    dead, host = DeadHosts(clock), Host(clock, 30)
    first, *others = await texts(dead, host, 100)
    assert (first, set(others), host.asked) == (host.failure.text, {f"{first}, a moment ago"}, 1)
    other = Host(clock, 0)
    await dead.dial("elsewhere", other.dial)
    assert other.asked == 1
    clock.jump(60)
    await texts(dead, host, 2)
    assert host.asked == 2


async def test_what_fails_at_once_is_asked_each_time() -> None:
    clock = FakeClock()
    host = Host(clock, 1)
    await texts(DeadHosts(clock), host, 3)
    assert host.asked == 3


async def test_who_talks_is_not_dead() -> None:
    clock = FakeClock()
    host = Host(clock, 30, TlsFailure("certificate-expired", ADDRESS))
    await texts(DeadHosts(clock), host, 3)
    assert host.asked == 3


async def test_only_so_many_are_remembered() -> None:
    clock = FakeClock()
    dead, host = DeadHosts(clock, remembered_s=10**9), Host(clock, 5)
    for number in range(10_001):
        await dead.dial(number, host.dial)
    host.asked = 0
    for number in (10_000, 1, 0):
        await dead.dial(number, host.dial)
    assert host.asked == 1
