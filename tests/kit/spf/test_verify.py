"""From a sender to a result: which identity, domains that are none, explanations, lookups of records."""

from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from hypothesis import given, strategies as st

from moxkit.domain import parse_domain
from moxkit.spf import Identity, LookupStatus, Result, Sender, Status, check_host, lookup, verify
from moxkit.testing import FakeResolver

NOW = datetime(2024, 1, 1, tzinfo=UTC)
IP = ip_address("192.0.2.1")

ZONE = """
mail.example.org    TXT "v=spf1 a -all exp=exp.%{d}"
mail.example.org    A 192.0.2.1
exp.mail.example.org TXT "%{s} %{l} %{o} %{d} %{h} %{i}"
example.com         TXT "v=spf1 -all exp=exp.example.com"
exp.example.com     TXT "%{s} %{l} %{o} %{d} %{h} %{i}"
"""


async def test_mail_from_counts_and_helo_for_the_null_path() -> None:
    """RFC 7208 §2.4."""
    resolver = FakeResolver(ZONE)
    result = await verify(resolver, Sender(IP, "alice@Example.com", "mail.example.org"), now=NOW)
    assert (result.status, result.identity) == (Status.FAIL, Identity.MAILFROM)
    assert result.explanation == "alice@example.com alice example.com example.com mail.example.org 192.0.2.1"
    result = await verify(resolver, Sender(IP, "", "mail.example.org"), now=NOW)
    assert result == Result(
        Status.PASS, Identity.HELO, parse_domain("mail.example.org"), mechanism="a", authentic=False
    )


async def test_helo_can_be_asked_for_also_with_a_path() -> None:
    """RFC 7208 §2.3: the sender of a HELO identity is its postmaster."""
    sender = Sender(ip_address("192.0.2.2"), "alice@example.com", "mail.example.org")
    result = await verify(FakeResolver(ZONE), sender, now=NOW, identity=Identity.HELO)
    assert (result.status, result.identity) == (Status.FAIL, Identity.HELO)
    assert result.explanation == (
        "postmaster@mail.example.org postmaster mail.example.org mail.example.org mail.example.org 192.0.2.2"
    )


async def test_any_domain_can_be_checked_for_a_sender() -> None:
    sender = Sender(IP, "alice@other.example", "[192.0.2.1]")
    result = await check_host(FakeResolver(ZONE), sender, parse_domain("example.com"), now=NOW)
    assert result.domain == parse_domain("example.com")
    assert result.explanation == "alice@other.example alice other.example example.com [192.0.2.1] 192.0.2.1"


# RFC 7208 §4.3: without a domain name there is nothing to evaluate.
UNUSABLE = [
    Sender(IP, "", ""),
    Sender(IP, "", "[192.0.2.1]"),
    Sender(IP, "", "not a name"),
    Sender(IP, "alice@[192.0.2.1]", "mail.example.org"),
    Sender(IP, "alice@a..example", "mail.example.org"),
    Sender(IP, f"alice@{'x' * 64}.example", "mail.example.org"),
    Sender(IP, "alice@", "mail.example.org"),
    Sender(IP, "a" * 600 + "@example.com", "mail.example.org"),
]


@pytest.mark.parametrize("sender", UNUSABLE, ids=lambda sender: sender.mail_from[:20] or sender.helo)
async def test_without_a_domain_there_is_no_result(sender: Sender) -> None:
    resolver = FakeResolver(ZONE)
    result = await verify(resolver, sender, now=NOW)
    assert (result.status, result.domain, resolver.queries) == (Status.NONE, None, [])
    assert result.problem


async def test_single_label_is_not_looked_up() -> None:
    resolver = FakeResolver('localhost TXT "v=spf1 +all"')
    result = await verify(resolver, Sender(IP, "alice@localhost", ""), now=NOW)
    assert (result.status, resolver.queries) == (Status.NONE, [])


def test_addresses_of_ipv4_in_ipv6_are_of_ipv4() -> None:
    assert Sender(ip_address("::ffff:192.0.2.1")).client_ip == IP
    assert Sender(ip_address("2001:db8::1")).client_ip == ip_address("2001:db8::1")


@pytest.mark.parametrize(
    ("text", "explanation"),
    [
        ("See http://%{d}/why?s=%{S}&i=%{I}", "See http://x.example/why?s=al%40ice%40x.example&i=192.0.2.1"),
        ("from %{p} to %{r}", "from h.example to mx.example.net"),
        ("at %{t}", "at 1704067200"),
        ("50%% off", "50% off"),
        ("x" * 900, "x" * 800),
        ("%{s}" * 200, ("al@ice@x.example" * 200)[:800]),
        # RFC 7208 §6.2: with any error there is no explanation.
        ("%{x}", ""),
        ("100%", ""),
        ("ümlaut", ""),
        ("two\r\nlines", ""),
        ("x" * 5000, ""),
    ],
    ids=lambda value: value[:20],
)
async def test_explanation(text: str, explanation: str) -> None:
    resolver = FakeResolver("h.example A 192.0.2.1\n1.2.0.192.in-addr.arpa PTR h.example.")
    resolver.add('x.example TXT "v=spf1 -all exp=exp.%{d}"')
    resolver.add(f'exp.x.example TXT "{text}"')
    sender = Sender(IP, "al@ice@x.example", "", hostname=parse_domain("mx.example.net"))
    result = await verify(resolver, sender, now=NOW)
    assert (result.status, result.explanation) == (Status.FAIL, explanation)


@pytest.mark.parametrize(
    "record",
    ["v=spf1 ~all exp=exp.x.example", "v=spf1 all exp=exp.x.example", "v=spf1 exp=exp.x.example"],
)
async def test_only_a_fail_is_explained(record: str) -> None:
    resolver = FakeResolver(f'x.example TXT "{record}"\nexp.x.example TXT no')
    assert (await verify(resolver, Sender(IP, "a@x.example"), now=NOW)).explanation == ""
    assert resolver.queries == ["TXT x.example"]


async def test_client_writes_no_lines_into_an_explanation() -> None:
    resolver = FakeResolver('x.example TXT "v=spf1 -all exp=e.x.example"\ne.x.example TXT "%{l} %{h}"')
    result = await verify(resolver, Sender(IP, "a\r\n250 é@x.example", "h\tü"), now=NOW)
    assert result.explanation == "a??250 ? h??"


async def test_explanation_costs_no_more_than_its_text() -> None:
    resolver = FakeResolver('x.example TXT "v=spf1 -all exp=e.x.example"\ne.x.example TXT "no"')
    assert (await verify(resolver, Sender(IP, "a@x.example"), now=NOW)).explanation == "no"
    assert resolver.queries == ["TXT x.example", "TXT e.x.example"]


async def test_explanation_is_looked_up_with_fresh_limits() -> None:
    voids = " ".join(f"a:v{n}.example" for n in range(2))
    hosts = "a:h.example " * 8
    zone = f"""
        x.example TXT "v=spf1 {voids} {hosts} -all exp=%{{p}}.x.example"
        h.example A 203.0.113.1
        unknown.x.example TXT "who are you"
    """
    result = await verify(FakeResolver(zone), Sender(IP, "a@x.example"), now=NOW)
    assert (result.status, result.explanation) == (Status.FAIL, "who are you")


@pytest.mark.parametrize("failing", ["e.x.example", "1.2.0.192.in-addr.arpa"])
async def test_trouble_with_the_explanation_changes_nothing(failing: str) -> None:
    zone = 'x.example TXT "v=spf1 -all exp=e.x.example"\ne.x.example TXT "you are %{p}"'
    result = await verify(FakeResolver(zone, temporary=[failing]), Sender(IP, "a@x.example"), now=NOW)
    assert result.status is Status.FAIL
    assert result.explanation == ("" if failing == "e.x.example" else "you are unknown")


LOOKUPS = [
    ('x.example TXT "v=spf1 -all"', LookupStatus.FOUND, "v=spf1 -all", ""),
    ('x.example TXT other\nx.example TXT "V=SPF1"', LookupStatus.FOUND, "V=SPF1", ""),
    ("x.example A 192.0.2.1", LookupStatus.NONE, "", "no record of x.example"),
    ("x.example TXT v=spf10", LookupStatus.NONE, "", "no record of x.example"),
    ("x.example TXT v=spf1\nx.example TXT v=spf1", LookupStatus.PERMERROR, "", "more than one record"),
    ('x.example TXT "v=spf1 oops"', LookupStatus.PERMERROR, "v=spf1 oops", "unknown mechanism"),
]


@pytest.mark.parametrize(("zone", "status", "text", "problem"), LOOKUPS)
@pytest.mark.parametrize("authentic", [False, True])
async def test_lookup(zone: str, status: LookupStatus, text: str, problem: str, authentic: bool) -> None:
    """RFC 7208 §4.4, §4.5."""
    found = await lookup(FakeResolver(zone, authentic=authentic), parse_domain("x.example"))
    assert (found.status, found.text, found.authentic) == (status, text, authentic)
    assert problem in found.problem
    assert (found.record is not None) == (found.problem == "") == (status is LookupStatus.FOUND)


async def test_lookup_without_an_answer() -> None:
    found = await lookup(FakeResolver(temporary=["x.example"]), parse_domain("x.example"))
    assert (found.status, found.record, found.authentic) == (LookupStatus.TEMPERROR, None, False)


@pytest.mark.parametrize(
    "terms", ["include:%{l}.example", "redirect=%{h}.example", "a:%{l}.%{h}.example -all"]
)
async def test_controls_from_the_client_get_nowhere(terms: str) -> None:
    resolver = FakeResolver(f'x.example TXT "v=spf1 {terms}"')
    result = await verify(resolver, Sender(IP, "a\r\nb@x.example", "\x1b[2J"), now=NOW)
    assert resolver.queries == ["TXT x.example"]
    assert result.status in {Status.PERMERROR, Status.FAIL}
    assert result.problem.isprintable()


@given(st.text(max_size=700), st.text(max_size=300), st.ip_addresses())
async def test_noise_from_clients_gives_a_result(mail_from: str, helo: str, ip: object) -> None:
    sender = Sender(ip_address(str(ip)), mail_from, helo)
    for identity in (None, *Identity):
        result = await verify(FakeResolver(), sender, now=NOW, identity=identity)
        assert result.status is Status.NONE
