"""Limits of an evaluation: terms, voids, names, and questions in all (RFC 7208 §4.6.4)."""

import time
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from hypothesis import given, strategies as st

from moxkit.spf import Result, Sender, Status, verify
from moxkit.spf.limits import is_name
from moxkit.testing import FakeResolver

NOW = datetime(2024, 1, 1, tzinfo=UTC)
# The record, and ten terms with ten hosts each.
MOST_QUERIES = 1 + 10 * (1 + 10)
# The text, and once more the client's names.
MOST_QUERIES_OF_EXPLANATION = 1 + 1 + 10


async def evaluate(resolver: FakeResolver, ip: str = "192.0.2.1") -> Result:
    sender = Sender(ip_address(ip), "alice@example.com", "mail.example.com")
    return await verify(resolver, sender, now=NOW)


def zone(terms: str, *lines: str) -> FakeResolver:
    return FakeResolver("\n".join([f'example.com TXT "v=spf1 {terms}"', "h.example A 203.0.113.1", *lines]))


@pytest.mark.parametrize(
    ("terms", "status"),
    [
        ("a:h.example " * 10 + "-all", Status.FAIL),
        ("a:h.example " * 11 + "-all", Status.PERMERROR),
        ("a:h.%{p}.example " * 5 + "-all", Status.FAIL),
        ("a:h.%{p}.example " * 6 + "-all", Status.PERMERROR),
        ("a:h.example " * 9 + "redirect=r.example", Status.FAIL),
        ("a:h.example " * 10 + "redirect=r.example", Status.PERMERROR),
        ("a:h.example " * 9 + "include:r.example -all", Status.FAIL),
        ("a:h.example " * 10 + "include:r.example -all", Status.PERMERROR),
        ("ip4:203.0.113.1 ip6:::1 " * 50 + "-all", Status.FAIL),
    ],
)
async def test_ten_terms_may_need_dns(terms: str, status: Status) -> None:
    result = await evaluate(zone(terms, 'r.example TXT "v=spf1 -all"', "h.unknown.example A 203.0.113.1"))
    assert result.status is status
    assert (result.problem != "") == (status is Status.PERMERROR)


async def test_macro_p_counts_as_a_term_each_time() -> None:
    lines = (
        "1.2.0.192.in-addr.arpa PTR h.example.",
        "h.example.x.example A 127.0.0.2",
        "h.example A 192.0.2.1",
    )
    passing = zone(
        "?exists:%{p}.y.%{d} -exists:%{p}.y.%{d} " + "-a:o.example " * 5 + "exists:%{p}.x.example",
        *lines,
        "o.example A 203.0.113.9",
    )
    assert (await evaluate(passing)).problem == "more than 10 terms that need DNS"
    fewer = zone(
        "?exists:%{p}.y.%{d} -exists:%{p}.y.%{d} " + "-a:o.example " * 4 + "exists:%{p}.x.example",
        *lines,
        "o.example A 203.0.113.9",
    )
    assert (await evaluate(fewer)).status is Status.PASS
    # The name is looked up and confirmed once.
    assert fewer.queries.count("PTR 1.2.0.192.in-addr.arpa") == fewer.queries.count("A h.example") == 1


@pytest.mark.parametrize(
    ("terms", "lines", "status"),
    [
        ("a:v1.example exists:v2.example -all", [], Status.FAIL),
        ("a:v1.example exists:v2.example mx:v3.example -all", [], Status.PERMERROR),
        # What cannot be asked for is no lookup.
        ("a:bad..example exists:%{l}..x.example mx:worse..example -all", [], Status.FAIL),
        # Hosts of mail exchangers count as well.
        ("mx -all", ["example.com MX 1 v1.example.", "example.com MX 2 v2.example."], Status.FAIL),
        ("mx -all", [f"example.com MX 1 v{n}.example." for n in range(3)], Status.PERMERROR),
        # What the client has in reverse DNS does not.
        ("ptr a:v1.example a:v2.example -all", [], Status.FAIL),
        ("ptr -all", [f"1.2.0.192.in-addr.arpa PTR v{n}.example.com." for n in range(9)], Status.FAIL),
    ],
)
async def test_two_answers_may_be_void(terms: str, lines: list[str], status: Status) -> None:
    result = await evaluate(zone(terms, *lines))
    assert result.status is status
    assert result.problem == ("more than 2 names without records" if status is Status.PERMERROR else "")


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("x" * 63 + ".example", True),
        ("x" * 64 + ".example", False),
        ("ab." * 84 + "c", True),  # 253 characters
        ("ab." * 84 + "cd", False),
        ("a", True),
        ("", False),
        (".a", False),
        ("a..b", False),
        ("a.", False),
        ("a b!~[]/-.x", True),
        ("a\\046b.x", False),
        ("a\tb.x", False),
        ("a\x7fb.x", False),
        ("é.x", False),
    ],
)
def test_names_that_can_be_asked_for(name: str, is_one: bool) -> None:
    assert is_name(name) is is_one


@pytest.mark.parametrize("match", [0, 10])
async def test_eleven_exchangers_are_an_error_whichever_matches(match: int) -> None:
    hosts = [f"h{n}.example A 192.0.2.{1 if n == match else 99}" for n in range(11)]
    exchangers = [f"example.com MX {n} h{n}.example." for n in range(11)]
    resolver = zone("mx -all", *hosts, *exchangers)
    result = await evaluate(resolver)
    assert (result.status, len(resolver.queries)) == (Status.PERMERROR, 2)
    resolver = zone("mx -all", *hosts, *exchangers[1:])
    assert (await evaluate(resolver)).status is (Status.PASS if match else Status.FAIL)
    assert len(resolver.queries) == 12


async def test_names_of_the_client_after_the_tenth_are_ignored() -> None:
    names = [f"n{n}.example.com" for n in range(11)]
    lines = [f"1.2.0.192.in-addr.arpa PTR {name}." for name in names]
    hosts = [f"{name} A 203.0.113.1" for name in names[:10]]
    resolver = zone("ptr -all", *lines, *hosts, f"{names[10]} A 192.0.2.1")
    assert (await evaluate(resolver)).status is Status.FAIL
    assert "A n9.example.com" in resolver.queries
    assert "A n10.example.com" not in resolver.queries


async def test_most_questions_that_can_be_asked() -> None:
    hosts = [f"h{n}.example A 203.0.113.1" for n in range(10)]
    exchangers = [f"example.com MX {n} h{n}.example." for n in range(10)]
    resolver = zone("mx " * 10 + "-all", *hosts, *exchangers)
    assert (await evaluate(resolver)).status is Status.FAIL
    assert len(resolver.queries) == MOST_QUERIES


NAMES = st.sampled_from(
    ["example.com", "a.example", "b.example.com", "void.example", "%{d}", "%{p}", "%{l}.%{o}"]
)
TERMS = st.one_of(
    st.builds(
        "{}{}:{}".format,
        st.sampled_from("+-~?"),
        st.sampled_from(["a", "mx", "ptr", "include", "exists"]),
        NAMES,
    ),
    st.builds("{}={}".format, st.sampled_from(["redirect", "exp", "x"]), NAMES),
    st.sampled_from(["a", "mx/24", "ptr", "-all", "ip4:192.0.2.0/24", "a//64", "nonsense", "%"]),
    st.text(max_size=8),
)
RECORDS = st.lists(TERMS, max_size=12).map(" ".join)
HOSTS = st.sampled_from(["example.com", "a.example", "b.example.com", "void.example"])


@given(
    st.lists(st.tuples(HOSTS, RECORDS), max_size=4),
    st.lists(st.tuples(HOSTS, st.sampled_from(["MX 1", "A", "PTR", "CNAME", "AAAA"]), HOSTS), max_size=15),
    st.lists(HOSTS, max_size=1),
    st.sampled_from(["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"]),
    st.sampled_from(["alice@example.com", "é@a.example", "\r\n@b.example.com", ""]),
)
async def test_noise_in_zones_gives_a_result_within_the_limits(
    records: list[tuple[str, str]],
    others: list[tuple[str, str, str]],
    temporary: list[str],
    ip: str,
    mail_from: str,
) -> None:
    resolver = FakeResolver(temporary=temporary)
    for name, text in records:
        escaped = "".join(f"\\{char}" if char in '"\\' else char for char in f"v=spf1 {text}")
        resolver.add(f'{name} TXT "{escaped}"')
    for name, kind, host in others:
        data = {"A": "192.0.2.1", "AAAA": "2001:db8::1"}.get(kind, host)
        owner = ip_address(ip).reverse_pointer if kind == "PTR" else name
        resolver.add(f"{owner} {kind} {data}")
    result = await verify(resolver, Sender(ip_address(ip), mail_from, "a.example"), now=NOW)
    assert isinstance(result, Result)
    assert result.explanation.isascii()
    assert result.explanation.isprintable() or not result.explanation
    assert result.problem.isprintable()
    assert len(resolver.queries) <= MOST_QUERIES + MOST_QUERIES_OF_EXPLANATION


LARGE = [
    "v=spf1 " + "a " * 500_000,
    "v=spf1 a:" + "%{l}" * 250_000,
    "v=spf1 x=" + "x" * 1_000_000,
    "v=spf1 " + "ip4:192.0.2.1/" * 70_000,
    " " * 1_000_000,
    "v=spf1 " + "ip4:203.0.113.1 " * 4000 + "-all",
    "v=spf1 a:" + "%{L9r.-+,/_=}" * 5000 + " -all exp=%{S}",
]


@pytest.mark.parametrize("text", LARGE, ids=lambda text: text[:14])
async def test_hostile_record_of_a_megabyte_takes_bounded_time(text: str) -> None:
    resolver = FakeResolver()
    resolver.add(f'example.com TXT "{text}"')
    mail_from = f"{'a.' * 200}@example.com"
    began = time.process_time()
    result = await verify(resolver, Sender(ip_address("192.0.2.1"), mail_from, "h" * 1_000_000), now=NOW)
    assert time.process_time() - began < 1
    assert result.status in {Status.NONE, Status.FAIL, Status.PERMERROR}


async def test_records_that_include_large_ones_take_bounded_time() -> None:
    resolver = FakeResolver()
    filling = "ip4:203.0.113.1 " * 4000
    for number in range(12):
        resolver.add(f'{number}.example TXT "v=spf1 {filling} include:{number + 1}.example"')
    began = time.process_time()
    sender = Sender(ip_address("192.0.2.1"), "alice@0.example")
    assert (await verify(resolver, sender, now=NOW)).status is Status.PERMERROR
    assert time.process_time() - began < 3
