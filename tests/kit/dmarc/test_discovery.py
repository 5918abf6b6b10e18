"""Finding records and organizations: the examples of RFC 9989 §4.10 and §4.10.2, both methods, trouble."""

import pytest

from moxkit.dmarc import Failure, Lookup, Method, Policy, lookup, organizational_domain
from moxkit.dns import TemporaryFailure
from moxkit.domain import Domain, parse_domain
from moxkit.testing import FakeResolver

PSL = Method.PUBLIC_SUFFIX_LIST


def domain(name: str) -> Domain:
    return parse_domain(name)


def zone(**records: str) -> str:
    return "\n".join(f'_dmarc.{name.replace("_", ".")}. TXT "{text}"' for name, text in records.items())


async def test_walk_asks_eight_questions_at_most() -> None:
    """RFC 9989 §4.10: the example with thirteen labels."""
    resolver = FakeResolver()
    await organizational_domain(resolver, domain("a.b.c.d.e.f.g.h.i.j.mail.example.com"))
    assert resolver.queries == [
        f"TXT _dmarc.{name}"
        for name in (
            "a.b.c.d.e.f.g.h.i.j.mail.example.com",
            "g.h.i.j.mail.example.com",
            "h.i.j.mail.example.com",
            "i.j.mail.example.com",
            "j.mail.example.com",
            "mail.example.com",
            "example.com",
            "com",
        )
    ]


@pytest.mark.parametrize(("labels", "queries"), [(1, 1), (2, 2), (7, 7), (8, 8), (9, 8), (20, 8)])
async def test_walk_of_any_length(labels: int, queries: int) -> None:
    resolver = FakeResolver()
    await organizational_domain(resolver, domain(".".join(["x"] * labels)))
    assert len(resolver.queries) == queries


# RFC 9989 §4.10.2: the records that exist, the start, the organization.
ORGANIZATIONS = [
    (
        {"mail_example_com": "v=DMARC1;p=none", "example_com": "v=DMARC1;p=none"},
        "a.mail.example.com",
        "example.com",
    ),
    ({"mail_example_com": "v=DMARC1;p=none;psd=n"}, "a.mail.example.com", "mail.example.com"),
    (
        {"mail_example_com": "v=DMARC1;p=none;psd=n", "example_com": "v=DMARC1;p=none"},
        "a.mail.example.com",
        "mail.example.com",
    ),
    ({"com": "v=DMARC1;p=none;psd=y"}, "a.mail.example.com", "example.com"),
    ({"example_com": "v=DMARC1;p=none;psd=y"}, "a.mail.example.com", "mail.example.com"),
    ({"example_com": "v=DMARC1;p=none;psd=y"}, "example.com", "example.com"),  # where the walk started
    ({}, "a.mail.example.com", "a.mail.example.com"),
    ({"example_com": "v=DMARC1"}, "a.example.com", "a.example.com"),  # no valid record
    ({"example_com": "v=spf1 -all"}, "a.example.com", "a.example.com"),
]


@pytest.mark.parametrize(("records", "start", "organization"), ORGANIZATIONS)
async def test_organization_by_tree_walk(records: dict[str, str], start: str, organization: str) -> None:
    found = await organizational_domain(FakeResolver(zone(**records)), domain(start))
    assert found == domain(organization)


@pytest.mark.parametrize("flag", ["y", "n"])
async def test_walk_ends_where_it_is_known_what_is_a_suffix(flag: str) -> None:
    """RFC 9989 §4.10 steps 2 and 6."""
    resolver = FakeResolver(zone(example_com=f"v=DMARC1; p=none; psd={flag}"))
    await organizational_domain(resolver, domain("a.example.com"))
    assert resolver.queries == ["TXT _dmarc.a.example.com", "TXT _dmarc.example.com"]


async def test_organization_by_public_suffix_list_asks_nothing() -> None:
    """RFC 7489 §3.2."""
    resolver = FakeResolver()
    found = await organizational_domain(resolver, domain("a.b.example.co.uk"), method=PSL)
    assert found == domain("example.co.uk")
    assert resolver.queries == []


async def test_organization_is_unknown_when_dns_fails() -> None:
    with pytest.raises(TemporaryFailure):
        await organizational_domain(FakeResolver(temporary=["_dmarc.com"]), domain("example.com"))


async def find(records: str, name: str, method: Method = Method.TREE_WALK) -> Lookup:
    return await lookup(FakeResolver(records, authentic=True), domain(name), method=method)


@pytest.mark.parametrize("method", Method)
async def test_own_record_comes_first(method: Method) -> None:
    records = zone(example_com="v=DMARC1; p=reject", a_example_com="v=DMARC1; p=quarantine")
    found = await find(records, "a.example.com", method)
    assert found.domain == found.asked == domain("a.example.com")
    assert found.record is not None
    assert found.record.policy is Policy.QUARANTINE
    assert found.text == "v=DMARC1; p=quarantine"
    assert found.authentic


@pytest.mark.parametrize("method", Method)
async def test_record_of_the_organization(method: Method) -> None:
    found = await find(zone(example_com="v=DMARC1; p=reject"), "a.b.example.com", method)
    assert found.domain == domain("example.com")
    assert found.asked == domain("a.b.example.com")
    assert found.failure is None


async def test_list_skips_names_between_the_tree_walk_does_not() -> None:
    """RFC 7489 §6.6.3 asks at two names only; a walk takes the organization's, RFC 9989 §4.10.1."""
    records = zone(b_example_com="v=DMARC1; p=reject")
    assert (await find(records, "a.b.example.com", PSL)).record is None
    assert (await find(records, "a.b.example.com")).domain == domain("b.example.com")
    records += "\n" + zone(example_com="v=DMARC1; p=none")
    assert (await find(records, "a.b.example.com")).domain == domain("example.com")


async def test_record_of_a_public_suffix() -> None:
    """RFC 9989 §4.10.1: third choice, unless the organization has one."""
    suffix = zone(bank="v=DMARC1; p=reject; psd=y", deep_a_bank="v=DMARC1; p=none")
    found = await find(suffix, "x.deep.a.bank")
    assert found.domain == domain("bank")  # a.bank is the organization, and has none
    found = await find(suffix + "\n" + zone(a_bank="v=DMARC1; p=none"), "x.deep.a.bank")
    assert found.domain == domain("a.bank")


async def test_no_record() -> None:
    found = await find('_dmarc.example.com. TXT "v=spf1 -all"', "example.com")
    assert found == Lookup(domain("example.com"), authentic=True)


async def test_several_records_are_none() -> None:
    records = zone(example_com="v=DMARC1; p=reject") + "\n" + zone(example_com="v=DMARC1; p=none")
    for method in Method:
        found = await find(records, "example.com", method)
        assert (found.record, found.failure) == (None, None)
        assert found.problem == "2 records at example.com"
    # RFC 9989 §4.10 step 2 drops them and goes on, RFC 7489 §6.6.3 step 5 ends.
    records = records.replace("example.com", "a.example.com") + "\n" + zone(example_com="v=DMARC1; p=none")
    assert (await find(records, "a.example.com")).domain == domain("example.com")
    assert (await find(records, "a.example.com", PSL)).domain is None


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize("name", ["example.com", "a.example.com"])
async def test_broken_record_is_an_error(name: str, method: Method) -> None:
    found = await find(zone(example_com="v=DMARC1; p=reject; p=none"), name, method)
    assert found.failure is Failure.PERMERROR
    assert found.record is None
    assert found.text == "v=DMARC1; p=reject; p=none"
    assert found.problem == "repeated tag p at example.com"


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize("failing", ["_dmarc.a.example.com", "_dmarc.example.com"])
async def test_failing_dns_is_an_error(failing: str, method: Method) -> None:
    resolver = FakeResolver(temporary=[failing])
    found = await lookup(resolver, domain("a.example.com"), method=method)
    assert found.failure is Failure.TEMPERROR
    assert "DNS" in found.problem


async def test_authentic_only_if_every_answer_was() -> None:
    records = zone(example_com="v=DMARC1; p=reject")
    resolver = FakeResolver(records, authentic=True, inauthentic=["_dmarc.a.example.com"])
    assert not (await lookup(resolver, domain("a.example.com"))).authentic
    assert (await lookup(resolver, domain("example.com"))).authentic
