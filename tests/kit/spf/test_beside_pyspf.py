"""Random zones, evaluated by us and by pyspf: the same results, but where the two differ on purpose."""

import random
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest

from moxkit.spf import Sender, verify
from moxkit.testing import FakeResolver

with warnings.catch_warnings():
    # It is an old package, and not ours to repair.
    warnings.simplefilter("ignore")
    import spf

NOW = datetime(2024, 1, 1, tzinfo=UTC)
NAMES = ["a.example", "b.example", "c.b.example", "void.example"]
DOMAINS = [*NAMES, "%{d2}", "x.%{l}.example", "%{ir}.%{v}.b.example", "%{h}", "bad..example"]
CIDRS = ["", "/24", "//64", "/8//32"]
NETWORKS = ["ip4:192.0.2.1", "ip4:192.0.2.0/24", "ip4:0.0.0.0/0", "ip6:2001:db8::1", "ip6:2001:db8::/32"]
INVALID = ["moo", "a/33", "ip4:1.2.3", "mx:", "all:x", "n=%"]

Lookup = list[tuple[tuple[str, str], object]]


def make_term(choose: random.Random) -> str:
    """Return a term; none by names of the client, whose voids we do not count (see `moxkit.spf.limits`)."""
    domain, cidr = choose.choice(DOMAINS), choose.choice(CIDRS)
    kinds = [
        choose.choice(["a", "mx"]) + cidr,
        f"{choose.choice(['a', 'mx'])}:{domain}{cidr}",
        choose.choice(NETWORKS),
        f"include:{domain}",
        f"exists:{domain}",
        "all",
    ]
    term = choose.choice(["", "", "+", "-", "~", "?"]) + choose.choice(kinds)
    return choose.choices([term, f"redirect={domain}", "x=%{d}", choose.choice(INVALID)], [20, 2, 1, 1])[0]


def make_zone(choose: random.Random) -> Iterator[str]:
    for name in NAMES[:3]:
        for _ in range(choose.choice([0, 1, 1, 1, 1, 2])):
            terms = " ".join(make_term(choose) for _ in range(choose.randrange(6)))
            yield f'{name} TXT "v=spf1 {terms}"'
        for _ in range(choose.randrange(3)):
            yield f"{name} A {choose.choice(['192.0.2.1', '192.0.2.9', '10.1.2.3'])}"
        for _ in range(choose.randrange(2)):
            yield f"{name} AAAA {choose.choice(['2001:db8::1', '2001:db8::9'])}"
        for _ in range(choose.randrange(3)):
            yield f"{name} MX {choose.randrange(9)} {choose.choice(NAMES)}"


def evaluate_theirs(lines: list[str], ip: str, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    records: dict[tuple[str, str], list[object]] = {}
    for line in lines:
        name, kind, data = line.split(" ", 2)
        value: object = data
        if kind == "TXT":
            value = (data.strip('"').encode(),)
        elif kind == "MX":
            preference, host = data.split()
            value = (int(preference), host)
        records.setdefault((name, kind), []).append(value)

    def look_up(name: str, kind: str, *_: object) -> Lookup:
        return [((name, kind), value) for value in records.get((name.lower(), kind), ())]

    # How its own tests give it a zone.
    monkeypatch.setattr(spf, "DNSLookup", look_up)
    status, _, problem = spf.query(i=ip, s="l@a.example", h="b.example").check()
    return status, problem


def is_its_own_way(problem: str, mechanism: str) -> bool:
    """Return whether pyspf ends with an error that RFC 7208 does not ask for."""
    return (
        # A record that includes itself, even where an earlier term decides.
        "trivial recursion" in problem
        # Unknown modifiers that are repeated, which RFC 7208 §6 allows.
        or "x= MUST appear at most once" in problem
        # All hosts of mail exchangers are looked up before the first is compared.
        or ("Void" in problem and mechanism.startswith("mx"))
    )


@pytest.mark.parametrize("seed", range(10))
async def test_results_are_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    choose = random.Random(seed)
    compared = 0
    for _ in range(60):
        lines = list(make_zone(choose))
        ip = choose.choice(["192.0.2.1", "10.1.2.3", "2001:db8::1"])
        sender = Sender(ip_address(ip), "l@a.example", "b.example")
        ours = await verify(FakeResolver("\n".join(lines)), sender, now=NOW)
        status, problem = evaluate_theirs(lines, ip, monkeypatch)
        if is_its_own_way(problem, ours.mechanism):
            continue
        compared += 1
        assert ours.status == status, (lines, ours, problem)
    assert compared > 30
