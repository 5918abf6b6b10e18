"""SPF evaluations a second: ours and pyspf's, in turns, on zones in memory.

Ours remembers parsed records, as it does in a server; `cold` is without that, each time a record never seen.
"""

import asyncio
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address

import spf
from bench.server import Report

from moxkit.spf import Sender, Status, verify
from moxkit.testing import FakeResolver

NOW = datetime(2024, 1, 1, tzinfo=UTC)
ROUNDS = 5
Records = dict[tuple[str, str], list[object]]


@dataclass(frozen=True)
class Case:
    """A sender, and the zone its domain is in."""

    name: str
    ip: str
    mail_from: str
    zone: str


CASES = [
    Case("simple", "192.0.2.7", "alice@a.example", 'a.example TXT "v=spf1 ip4:192.0.2.0/24 -all"'),
    Case(
        "include",
        "198.51.100.7",
        "alice@a.example",
        """
        a.example TXT "v=spf1 a mx include:b.example -all"
        a.example A 192.0.2.1
        a.example MX 10 mx.a.example
        mx.a.example A 192.0.2.2
        b.example TXT "v=spf1 ip4:203.0.113.0/24 a:b.example include:c.example ~all"
        b.example A 192.0.2.3
        c.example TXT "v=spf1 mx include:d.example ~all"
        c.example MX 10 mx.c.example
        mx.c.example A 192.0.2.4
        d.example TXT "v=spf1 ip6:2001:db8::/32 ip4:198.51.100.0/24 ~all"
        """,
    ),
    Case(
        "macro",
        "192.0.2.7",
        "alice@a.example",
        """
        a.example TXT "v=spf1 exists:%{ir}.%{v}._spf.%{d2} exists:%{l1r-}.users._spf.%{d} -all"
        alice.users._spf.a.example A 127.0.0.2
        """,
    ),
]


def measure_spf(report: Report, scale: float) -> None:
    """Measure cases: evaluations a second of both, and how many times as many are ours."""
    count = max(100, int(2000 * scale))
    for case in CASES:
        figures: dict[str, list[float]] = {"mox": [], "cold": [], "pyspf": []}
        for _ in range(ROUNDS):
            figures["mox"].append(_evaluate_ours(case, count, is_cold=False))
            figures["cold"].append(_evaluate_ours(case, count, is_cold=True))
            figures["pyspf"].append(_evaluate_theirs(case, count))
        medians = {name: statistics.median(values) for name, values in figures.items()}
        for name, value in medians.items():
            report(f"spf_{case.name}_{name}", value, "/s")
        report(f"spf_{case.name}_ratio", medians["mox"] / medians["pyspf"], "x")
        report(f"spf_{case.name}_cold_ratio", medians["cold"] / medians["pyspf"], "x")


def _evaluate_ours(case: Case, count: int, *, is_cold: bool) -> float:
    sender = Sender(ip_address(case.ip), case.mail_from, "mail.example")
    # One zone for each evaluation when cold.
    resolvers = [FakeResolver(_zone(case, number)) for number in range(count if is_cold else 1)]

    async def run() -> float:
        began = time.perf_counter()
        for number in range(count):
            result = await verify(resolvers[number if is_cold else 0], sender, now=NOW)
            assert result.status is Status.PASS, result.problem
        return count / (time.perf_counter() - began)

    return asyncio.run(run())


def _evaluate_theirs(case: Case, count: int) -> float:
    spf.DNSLookup = _make_lookup(_zone(case, 0))
    began = time.perf_counter()
    for _ in range(count):
        status, *_ = spf.check2(i=case.ip, s=case.mail_from, h="mail.example")
        assert status == "pass"
    return count / (time.perf_counter() - began)


def _zone(case: Case, number: int) -> str:
    """Return a zone whose records differ from others by a modifier that means nothing."""
    return case.zone.replace("v=spf1", f"v=spf1 n={number}")


def _make_lookup(zone: str) -> Callable[..., list[tuple[tuple[str, str], object]]]:
    """Return what answers pyspf's queries, as its own tests do."""
    records: Records = {}
    for line in filter(None, map(str.strip, zone.splitlines())):
        name, kind, data = line.split(" ", 2)
        value: object = data
        if kind == "TXT":
            value = (data.strip('"').encode(),)
        elif kind == "MX":
            preference, host = data.split()
            value = (int(preference), host)
        records.setdefault((name, kind), []).append(value)

    def look_up(name: str, kind: str, *_: object) -> list[tuple[tuple[str, str], object]]:
        return [((name, kind), value) for value in records.get((name, kind), ())]

    return look_up
