"""Looking a key up: what counts as one record, and what becomes of everything else."""

import pytest

from moxkit.dkim import (
    KeyLookup,
    Limits,
    Problem,
    ProblemKind,
    Signature,
    Status,
    lookup,
    lookup_all,
    select_key,
)
from moxkit.domain import parse_domain
from moxkit.testing import FakeResolver

DOMAIN, SELECTOR = parse_domain("mox.example"), parse_domain("s1")
NAME = "s1._domainkey.mox.example."
GOOD = f'{NAME} TXT "v=DKIM1; p=QUI="\n'
SPF = f'{NAME} TXT "v=spf1 -all"\n'
BROKEN = f'{NAME} TXT "v=DKIM1; p=*"\n'
OTHER = f'{NAME} TXT "p=*"\n{NAME} TXT "v=DKIM2; p=QUI="\n'

CASES = [
    (GOOD, None),
    (GOOD + SPF + BROKEN + OTHER, None),
    ("", ProblemKind.KEY_MISSING),
    (SPF, ProblemKind.KEY_MISSING),
    (OTHER, ProblemKind.KEY_MISSING),
    (BROKEN, ProblemKind.KEY_SYNTAX),
    (BROKEN + SPF, ProblemKind.KEY_SYNTAX),
    # RFC 6376 §3.6.2.2: there must be one.
    (GOOD + f'{NAME} TXT "v=DKIM1; p=QUJD"', ProblemKind.KEY_AMBIGUOUS),
]


@pytest.mark.parametrize(("zone", "kind"), CASES)
@pytest.mark.parametrize("authentic", [True, False])
async def test_records(zone: str, kind: ProblemKind | None, authentic: bool) -> None:
    found = await lookup(FakeResolver(zone, authentic=authentic), SELECTOR, DOMAIN)
    assert found.authentic is authentic
    assert (found.problem.kind if found.problem else None) == kind
    if kind is None:
        assert found.record is not None
        assert (found.record.public_key, found.text) == (b"AB", "v=DKIM1; p=QUI=")
    else:
        assert found.record is None


async def test_failure_of_the_name_server_may_be_gone_later() -> None:
    found = await lookup(FakeResolver(GOOD, temporary=[NAME]), SELECTOR, DOMAIN)
    assert found.problem is not None
    assert found.problem.kind is ProblemKind.KEY_UNAVAILABLE
    assert found.problem.status is Status.TEMPERROR


async def test_record_that_is_too_long_is_malformed() -> None:
    found = await lookup(FakeResolver(GOOD), SELECTOR, DOMAIN, limits=Limits(max_tag_list_octets=10))
    assert found.problem is not None
    assert found.problem.kind is ProblemKind.KEY_SYNTAX


def test_what_was_not_found_cannot_be_used() -> None:
    signature = Signature(domain=DOMAIN, selector=SELECTOR)
    problem = Problem(ProblemKind.KEY_AMBIGUOUS, "2 key records")
    assert select_key(KeyLookup(problem=problem), signature) is problem
    missing = select_key(KeyLookup(), signature)
    assert isinstance(missing, Problem)
    assert missing.kind is ProblemKind.KEY_MISSING


async def test_each_key_is_asked_for_once() -> None:
    resolver = FakeResolver(GOOD)
    other = parse_domain("other.example")
    found = await lookup_all(resolver, [(SELECTOR, DOMAIN), (SELECTOR, other), (SELECTOR, DOMAIN)])
    assert sorted(resolver.queries) == ["TXT s1._domainkey.mox.example", "TXT s1._domainkey.other.example"]
    assert found["s1", "mox.example"].record is not None
    assert found["s1", "other.example"].record is None
    assert await lookup_all(resolver, []) == {}
