"""Which records bind us: signed or not, aliases, failures (RFC 7672 §2.2)."""

import pytest

from moxkit.dane import Found, Status, find_records
from moxkit.dns import Tlsa
from moxkit.domain import parse_domain
from moxkit.testing import FakeResolver

DIGEST = "ab" * 32
RECORD = Tlsa(3, 1, 1, b"\xab" * 32)
ZONE = f"""
mx.example A 192.0.2.1
_25._tcp.mx.example TLSA 3 1 1 {DIGEST}
alias.example CNAME mx.example
_25._tcp.alias.example TLSA 2 1 1 {DIGEST}
bare.example A 192.0.2.2
odd.example A 192.0.2.3
_25._tcp.odd.example TLSA 1 1 1 {DIGEST}
_25._tcp.odd.example TLSA 3 1 1 abcd
"""
MX, ALIAS = parse_domain("mx.example"), parse_domain("alias.example")


async def find(name: str, **options: object) -> Found:
    resolver = FakeResolver(ZONE, **options)  # type: ignore[arg-type] # passed on
    return await find_records(resolver, parse_domain(name))


async def test_signed_records_bind() -> None:
    found = await find("mx.example", authentic=True)
    assert (found.status, found.records, found.base, found.names) == (Status.USABLE, (RECORD,), MX, (MX,))
    assert [str(address) for address in found.addresses] == ["192.0.2.1"]


async def test_next_hops_are_names_too() -> None:
    hop = parse_domain("next.example")
    found = await find_records(FakeResolver(ZONE, authentic=True), MX, also_named=[hop, MX])
    assert found.names == (MX, hop)


@pytest.mark.parametrize(
    "options",
    [
        {"authentic": False},
        {"authentic": ["_25._tcp.mx.example"]},  # an unsigned address: an attacker chooses the host
        {"authentic": True, "inauthentic": ["_25._tcp.mx.example"]},
    ],
)
async def test_unsigned_answers_do_not_bind(options: dict[str, object]) -> None:
    found = await find("mx.example", **options)
    assert (found.status, found.records) == (Status.NONE, ())
    assert found.addresses


@pytest.mark.parametrize("failing", ["a mx.example", "cname mx.example", "_25._tcp.mx.example"])
async def test_failure_is_never_taken_for_no_records(failing: str) -> None:
    found = await find("mx.example", authentic=True, temporary=[failing])
    assert found.status is Status.TEMPERROR
    assert "asked for by the test" in found.problem


async def test_addresses_of_one_family_failing_unsigns_them() -> None:
    """The other family's addresses may be used, but nothing is known of what was hidden."""
    found = await find("mx.example", authentic=True, temporary=["aaaa mx.example"])
    assert found.status is Status.NONE


async def test_records_where_the_alias_leads_come_first() -> None:
    found = await find("alias.example", authentic=True)
    assert (found.base, found.records) == (MX, (RECORD,))
    assert found.names == (MX, ALIAS)


async def test_alias_out_of_a_signed_zone_leaves_its_own_records() -> None:
    found = await find("alias.example", authentic=["alias.example", "_25._tcp.alias.example"])
    assert (found.status, found.base, found.authentic) == (Status.USABLE, ALIAS, False)
    assert found.records[0].usage == 2


async def test_unsigned_alias_leads_to_nothing() -> None:
    found = await find("alias.example", authentic=True, inauthentic=["alias.example"])
    assert found.status is Status.NONE


async def test_alias_loop_is_temporary() -> None:
    resolver = FakeResolver("\n".join(f"a{n}.example CNAME a{n + 1}.example" for n in range(20)))
    found = await find_records(resolver, parse_domain("a0.example"))
    assert found.status is Status.TEMPERROR
    assert len(resolver.queries) < 15


async def test_no_records_and_no_addresses() -> None:
    assert (await find("bare.example", authentic=True)).problem == "there are no tlsa records"
    assert (await find("none.example", authentic=True)).problem == "the host has no addresses"


async def test_only_unusable_records_still_want_tls() -> None:
    found = await find("odd.example", authentic=True)
    assert (found.status, found.records) == (Status.UNUSABLE, ())
