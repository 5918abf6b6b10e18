"""The openspf.org test suite for RFC 7208: every case of it, its explanations too."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml

from moxkit.dns import RecordType
from moxkit.spf import Identity, Result, Sender, Status, verify
from moxkit.testing import FakeResolver

SUITE = Path(__file__).parents[2] / "corpus" / "spf" / "rfc7208-tests.yml"
NOW = datetime(2024, 1, 1, tzinfo=UTC)
# Types for which a name with TIMEOUT has no answer, unless it has records of them.
ASKED = (RecordType.A, RecordType.AAAA, RecordType.MX, RecordType.PTR, RecordType.TXT)


@dataclass(frozen=True)
class Case:
    """A case, with the zone of its scenario."""

    name: str
    given: dict[str, Any]
    resolver: FakeResolver


def read_suite() -> Iterator[Case]:
    with SUITE.open(encoding="utf-8") as file:
        for scenario in yaml.safe_load_all(file):
            for name, given in scenario["tests"].items():
                yield Case(name, given, make_resolver(scenario["zonedata"]))


def make_resolver(zone: dict[str, list[Any]]) -> FakeResolver:
    """Return a resolver for a zone; records of type SPF stand for TXT, as the head of the suite says."""
    lines: list[str] = []
    temporary: list[str] = []
    for name, entries in zone.items():
        records = [next(iter(entry.items())) for entry in entries if entry != "TIMEOUT"]
        if not any(kind == "TXT" for kind, _ in records):
            records += [("TXT", value) for kind, value in records if kind == "SPF"]
        records = [(kind, value) for kind, value in records if kind != "SPF" and value != "NONE"]
        lines += [f"{quote(name)} {kind} {write_data(kind, value)}" for kind, value in records]
        if "TIMEOUT" in entries:
            temporary += [
                f"{kind} {name}" for kind in ASKED if all(kind.value != present for present, _ in records)
            ]
    resolver = FakeResolver(temporary=temporary)
    for line in lines:
        resolver.add(line)
    return resolver


def write_data(kind: str, value: Any) -> str:
    if kind == "MX":
        return f'{value[0]} "{value[1]}"'
    if kind == "TXT":
        text = "".join(value) if isinstance(value, list) else value
        # Octets in the suite; ours are UTF-8 with surrogates for the rest.
        return quote(text.encode("latin-1").decode("utf-8", "surrogateescape"))
    return str(value)


def quote(text: str) -> str:
    escaped = re.sub(r'(["\\])', r"\\\1", text)
    return f'"{escaped}"'


CASES = list(read_suite())


async def evaluate(case: Case) -> Result:
    sender = Sender(ip_address(case.given["host"]), case.given["mailfrom"], case.given["helo"])
    return await verify(case.resolver, sender, now=NOW)


def test_suite_is_whole() -> None:
    assert len(CASES) == 203


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_case(case: Case) -> None:
    result = await evaluate(case)
    allowed = case.given["result"]
    assert result.status in (allowed if isinstance(allowed, list) else [allowed]), result.problem
    expected = case.given.get("explanation")
    if expected is not None:
        # "DEFAULT" is what an implementation says by itself; this one says nothing.
        assert result.explanation == ("" if expected == "DEFAULT" else expected)
    assert result.identity is (Identity.MAILFROM if case.given["mailfrom"] else Identity.HELO)
    assert bool(result.mechanism) == (result.status not in {Status.NONE, Status.TEMPERROR, Status.PERMERROR})
