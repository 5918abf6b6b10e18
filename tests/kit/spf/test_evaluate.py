"""Evaluation: the extended examples of RFC 7208 appendix A, include, redirect, ptr, DNS errors, DNSSEC."""

from datetime import UTC, datetime
from ipaddress import ip_address

import pytest

from moxkit.spf import Result, Sender, Status, verify
from moxkit.testing import FakeResolver

NOW = datetime(2024, 1, 1, tzinfo=UTC)

# RFC 7208 appendix A.
ZONE = """
example.com.            MX 10 mail-a.example.com.
example.com.            MX 20 mail-b.example.com.
example.com.            A 192.0.2.10
example.com.            A 192.0.2.11
amy.example.com.        A 192.0.2.65
bob.example.com.        A 192.0.2.66
mail-a.example.com.     A 192.0.2.129
mail-b.example.com.     A 192.0.2.130
www.example.com.        CNAME example.com.
example.org.            MX 10 mail-c.example.org.
mail-c.example.org.     A 192.0.2.140
10.2.0.192.in-addr.arpa.    PTR example.com.
11.2.0.192.in-addr.arpa.    PTR example.com.
65.2.0.192.in-addr.arpa.    PTR amy.example.com.
66.2.0.192.in-addr.arpa.    PTR bob.example.com.
129.2.0.192.in-addr.arpa.   PTR mail-a.example.com.
130.2.0.192.in-addr.arpa.   PTR mail-b.example.com.
140.2.0.192.in-addr.arpa.   PTR mail-c.example.org.
4.0.0.10.in-addr.arpa.      PTR bob.example.com.
"""

# record, addresses that pass, addresses that fail (RFC 7208 appendix A.1).
SIMPLE = [
    ("+all", "192.0.2.1 2001:db8::1", ""),
    ("a -all", "192.0.2.10 192.0.2.11", "192.0.2.129"),
    ("a:example.org -all", "", "192.0.2.10 192.0.2.140"),
    ("mx -all", "192.0.2.129 192.0.2.130", "192.0.2.10 192.0.2.140"),
    ("mx:example.org -all", "192.0.2.140", "192.0.2.129"),
    ("mx mx:example.org -all", "192.0.2.129 192.0.2.130 192.0.2.140", "192.0.2.10"),
    ("mx/30 mx:example.org/30 -all", "192.0.2.128 192.0.2.131 192.0.2.143", "192.0.2.132 192.0.2.144"),
    ("ptr -all", "192.0.2.10 192.0.2.65", "192.0.2.140 10.0.0.4"),
    ("ip4:192.0.2.128/28 -all", "192.0.2.129", "192.0.2.65"),
]


async def evaluate(
    zone: str,
    ip: str,
    mail_from: str = "alice@example.com",
    *,
    authentic: bool = False,
    temporary: tuple[str, ...] = (),
) -> Result:
    resolver = FakeResolver(zone, authentic=authentic, temporary=temporary)
    return await verify(resolver, Sender(ip_address(ip), mail_from, "mail.example.com"), now=NOW)


@pytest.mark.parametrize(("terms", "passing", "failing"), SIMPLE)
async def test_simple_examples(terms: str, passing: str, failing: str) -> None:
    zone = f'{ZONE}\nexample.com TXT "v=spf1 {terms}"'
    for ips, status in ((passing, Status.PASS), (failing, Status.FAIL)):
        for ip in ips.split():
            assert (await evaluate(zone, ip)).status is status, ip


async def test_users_by_macros_as_in_a_block_list() -> None:
    """RFC 7208 appendix A.3."""
    zone = f"""{ZONE}
        example.com TXT "v=spf1 mx include:mobile-users._spf.%{{d}} include:remote-users._spf.%{{d}} -all"
        mobile-users._spf.example.com TXT "v=spf1 exists:%{{l1r+}}.%{{d}}"
        remote-users._spf.example.com TXT "v=spf1 exists:%{{ir}}.%{{l1r+}}.%{{d}}"
        mary.mobile-users._spf.example.com A 127.0.0.2
        15.15.168.192.joel.remote-users._spf.example.com A 127.0.0.2"""
    mary = await evaluate(zone, "198.51.100.1", "mary+list@example.com")
    assert (mary.status, mary.mechanism) == (Status.PASS, "include:mobile-users._spf.%{d}")
    joel = await evaluate(zone, "192.168.15.15", "joel@example.com")
    assert (joel.status, joel.mechanism) == (Status.PASS, "include:remote-users._spf.%{d}")
    assert (await evaluate(zone, "192.168.15.16", "joel@example.com")).status is Status.FAIL


@pytest.mark.parametrize(
    ("ip", "status"),
    [("192.0.2.10", Status.PASS), ("10.0.0.4", Status.FAIL), ("192.0.2.140", Status.FAIL)],
)
async def test_several_requirements(ip: str, status: Status) -> None:
    """RFC 7208 appendix A.4."""
    zone = f"""{ZONE}
        example.com TXT "v=spf1 -include:ip4._spf.%{{d}} -include:ptr._spf.%{{d}} +all"
        ip4._spf.example.com TXT "v=spf1 -ip4:192.0.2.0/24 +all"
        ptr._spf.example.com TXT "v=spf1 -ptr:example.com +all" """
    assert (await evaluate(zone, ip)).status is status


async def test_mechanism_as_written_default_and_none_at_all() -> None:
    zone = 'example.com TXT "v=spf1 IP4:192.0.2.0/24 ~a:x.%{d}//64"\nx.example.com A 198.51.100.1'
    assert (await evaluate(zone, "192.0.2.1")).mechanism == "IP4:192.0.2.0/24"
    softfail = await evaluate(zone, "198.51.100.1")
    assert (softfail.status, softfail.mechanism) == (Status.SOFTFAIL, "a:x.%{d}//64")
    neutral = await evaluate(zone, "203.0.113.1")
    assert (neutral.status, neutral.mechanism, neutral.problem) == (Status.NEUTRAL, "default", "")
    none = await evaluate("", "203.0.113.1")
    assert (none.status, none.mechanism, none.problem) == (Status.NONE, "", "no record of example.com")


# What the other record says, and what include makes of it (RFC 7208 §5.2).
INCLUDED = [
    ("v=spf1 all", Status.PASS),
    ("v=spf1 -all", Status.SOFTFAIL),
    ("v=spf1 ~all", Status.SOFTFAIL),
    ("v=spf1 ?all", Status.SOFTFAIL),
    ("v=spf1", Status.SOFTFAIL),
    ("v=spf1 redirect=passing.example.com", Status.PASS),
    ("v=spf1 redirect=none.example.com", Status.PERMERROR),
    ("v=spf1 broken", Status.PERMERROR),
    ("something else", Status.PERMERROR),
    ("v=spf1 a:failing.example.com", Status.TEMPERROR),
]


@pytest.mark.parametrize(("record", "status"), INCLUDED)
async def test_include(record: str, status: Status) -> None:
    zone = f"""
        example.com TXT "v=spf1 include:other.example.com ~all"
        other.example.com TXT "{record}"
        passing.example.com TXT "v=spf1 all" """
    result = await evaluate(zone, "192.0.2.1", temporary=("failing.example.com",))
    assert result.status is status
    assert bool(result.problem) == (status in {Status.PERMERROR, Status.TEMPERROR})


async def test_redirect_takes_everything_of_the_other_record() -> None:
    """RFC 7208 §6.1: the domain, too, and also no record is an error."""
    zone = """
        example.com TXT "v=spf1 ip4:192.0.2.1 redirect=_spf.%{d}"
        _spf.example.com TXT "v=spf1 a -all"
        _spf.example.com A 192.0.2.2"""
    first, second, third = [await evaluate(zone, f"192.0.2.{number}") for number in (1, 2, 3)]
    assert (first.mechanism, second.mechanism) == ("ip4:192.0.2.1", "a")
    assert (third.status, third.mechanism) == (Status.FAIL, "all")
    assert str(third.domain) == "example.com"
    missing = await evaluate('example.com TXT "v=spf1 redirect=none.example"', "192.0.2.1")
    assert (missing.status, missing.problem) == (Status.PERMERROR, "no record of none.example")
    label = await evaluate('example.com TXT "v=spf1 redirect=%{d1}"', "192.0.2.1")
    assert (label.status, label.problem) == (Status.PERMERROR, "no domain name: 'com'")


async def test_null_mx_matches_nothing_and_is_not_looked_up() -> None:
    resolver = FakeResolver('example.com TXT "v=spf1 mx/0 -all"\nexample.com MX 0 .')
    result = await verify(resolver, Sender(ip_address("192.0.2.1"), "a@example.com"), now=NOW)
    assert result.status is Status.FAIL
    assert resolver.queries == ["TXT example.com", "MX example.com"]


async def test_only_addresses_of_the_clients_kind_are_asked_for() -> None:
    resolver = FakeResolver('example.com TXT "v=spf1 a exists:x.%{d} -all"\nexample.com AAAA 2001:db8::1')
    sender = Sender(ip_address("2001:db8::2"), "a@example.com")
    assert (await verify(resolver, sender, now=NOW)).status is Status.FAIL
    # The A record of exists is the exception (RFC 7208 §5.7).
    assert resolver.queries == ["TXT example.com", "AAAA example.com", "A x.example.com"]


@pytest.mark.parametrize(
    ("terms", "ip", "status"),
    [
        ("a", "192.0.2.2", Status.PASS),
        ("a", "192.0.2.3", Status.FAIL),
        ("a/31", "192.0.2.3", Status.PASS),
        ("a/31", "192.0.2.4", Status.FAIL),
        ("a//127", "192.0.2.3", Status.FAIL),
        ("a", "2001:db8::2", Status.PASS),
        ("a", "2001:db8::3", Status.FAIL),
        ("a//127", "2001:db8::3", Status.PASS),
        ("a//127", "2001:db8::4", Status.FAIL),
        ("a/31", "2001:db8::3", Status.FAIL),
    ],
)
async def test_prefixes_are_of_their_kind_of_address(terms: str, ip: str, status: Status) -> None:
    """RFC 7208 §5.3; without a prefix the address alone matches."""
    zone = f'example.com TXT "v=spf1 {terms} -all"\nexample.com A 192.0.2.2\nexample.com AAAA 2001:db8::2'
    assert (await evaluate(zone, ip)).status is status


@pytest.mark.parametrize(
    ("failing", "status"),
    [
        ("1.2.0.192.in-addr.arpa", Status.FAIL),  # RFC 7208 §5.5: no match
        ("amy.example.com", Status.FAIL),
        ("bob.example.com", Status.PASS),  # skipped
        ("nothing", Status.PASS),
    ],
)
async def test_dns_errors_of_ptr_are_no_match(failing: str, status: Status) -> None:
    zone = """
        example.com TXT "v=spf1 ptr -all"
        1.2.0.192.in-addr.arpa PTR bob.example.com.
        1.2.0.192.in-addr.arpa PTR example.com.evil.example.
        1.2.0.192.in-addr.arpa PTR notexample.com.
        1.2.0.192.in-addr.arpa PTR AMY.example.com.
        example.com.evil.example A 192.0.2.1
        notexample.com A 192.0.2.1
        bob.example.com A 192.0.2.66
        amy.example.com A 192.0.2.1"""
    assert (await evaluate(zone, "192.0.2.1", temporary=(failing,))).status is status


async def test_name_of_the_client_that_a_macro_takes() -> None:
    """RFC 7208 §7.3: the domain itself, else one below it, else any other, else "unknown"."""
    names = ["other.example", "www.example.com", "example.com"]
    pointers = [f"1.2.0.192.in-addr.arpa PTR {name}." for name in names]
    record = 'example.com TXT "v=spf1 exists:%{p}.x.example -all"'
    for known in (names, names[:2], names[:1], []):
        hosts = [f"{name} A 192.0.2.1" for name in known]
        expected = (known or ["unknown"])[-1]
        zone = "\n".join([record, *pointers, *hosts, f"{expected}.x.example A 127.0.0.2"])
        assert (await evaluate(zone, "192.0.2.1")).status is Status.PASS, expected


async def test_case_of_names_does_not_matter_to_ptr() -> None:
    zone = """
        example.com TXT "v=spf1 include:OTHER.Example ptr:Below.Example -all"
        other.example TXT "v=spf1 exists:%{p}.x.example -all"
        1.2.0.192.in-addr.arpa PTR foreign.example.net.
        1.2.0.192.in-addr.arpa PTR MX.other.example.
        foreign.example.net A 192.0.2.1
        mx.other.example A 192.0.2.1
        2.2.0.192.in-addr.arpa PTR a.below.EXAMPLE.
        a.below.example A 192.0.2.2
        mx.other.example.x.example A 127.0.0.2"""
    assert (await evaluate(zone, "192.0.2.1")).mechanism == "include:OTHER.Example"
    assert (await evaluate(zone, "192.0.2.2")).mechanism == "ptr:Below.Example"


async def test_terms_with_a_localpart_that_is_not_ascii_match_nothing() -> None:
    """RFC 8616 §4."""
    zone = 'example.com TXT "v=spf1 exists:%{l}.x.example exists:%{S}.x.example ?exists:%{o}.y.example -all"'
    zone += "\nexample.com.y.example A 127.0.0.2"
    resolver = FakeResolver(zone)
    result = await verify(resolver, Sender(ip_address("192.0.2.1"), "é@example.com"), now=NOW)
    assert (result.status, result.mechanism) == (Status.NEUTRAL, "exists:%{o}.y.example")
    assert resolver.queries == ["TXT example.com", "A example.com.y.example"]
    redirect = await evaluate('example.com TXT "v=spf1 redirect=%{l}.example"', "192.0.2.1", "é@example.com")
    assert redirect.status is Status.PERMERROR


async def test_international_domain_is_looked_up_by_its_a_labels() -> None:
    zone = """
        xn--bcher-kva.example TXT "v=spf1 exists:%{d}.%{o}.x.example -all"
        xn--bcher-kva.example.xn--bcher-kva.example.x.example A 127.0.0.2"""
    result = await evaluate(zone, "192.0.2.1", "alice@Bücher.example")
    assert result.status is Status.PASS
    assert result.domain is not None
    assert result.domain.unicode == "bücher.example"


# Record, other lines, what is inauthentic, whether the result is authentic.
DNSSEC = [
    ("ip4:192.0.2.1", "", True),
    ("ip4:192.0.2.1", "example.com", False),
    ("a:x.example.com", "x.example.com", False),
    ("a:void.example.com ip4:192.0.2.1", "void.example.com", False),
    ("a:void.example.com ip4:192.0.2.1", "", True),
    ("include:inc.example.com", "inc.example.com", False),
    ("mx", "x.example.com", False),
    ("mx", "", True),
    ("-all exp=exp.example.com", "exp.example.com", True),  # nothing of the result rests on it
]


@pytest.mark.parametrize(("terms", "inauthentic", "authentic"), DNSSEC)
async def test_result_is_authentic_if_all_it_rests_on_is(
    terms: str, inauthentic: str, authentic: bool
) -> None:
    zone = f"""
        example.com TXT "v=spf1 {terms}"
        example.com MX 1 x.example.com.
        inc.example.com TXT "v=spf1 ip4:192.0.2.1"
        exp.example.com TXT no
        x.example.com A 192.0.2.1"""
    resolver = FakeResolver(zone, authentic=True, inauthentic=[inauthentic] if inauthentic else [])
    result = await verify(resolver, Sender(ip_address("192.0.2.1"), "a@example.com"), now=NOW)
    assert result.status in {Status.PASS, Status.FAIL}
    assert result.authentic is authentic


async def test_absence_of_a_record_is_authentic_too_and_errors_never_are() -> None:
    assert (await evaluate("", "192.0.2.1", authentic=True)).authentic
    failed = await evaluate("", "192.0.2.1", authentic=True, temporary=("example.com",))
    assert (failed.status, failed.authentic) == (Status.TEMPERROR, False)
    zone = 'example.com TXT "v=spf1 a:x.example -all"'
    failed = await evaluate(zone, "192.0.2.1", authentic=True, temporary=("x.example",))
    assert (failed.status, failed.authentic) == (Status.TEMPERROR, False)
