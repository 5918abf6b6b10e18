"""Block lists: listings, answers that are none, IPv6 (RFC 5782 §2)."""

from ipaddress import IPv4Address, ip_address

import pytest
from hypothesis import given, strategies as st

from moxkit.dnsbl import Result, Status, lookup
from moxkit.domain import parse_domain
from moxkit.testing import FakeResolver

ZONE = parse_domain("bl.example.net")
IP = ip_address("192.0.2.99")
ENTRY = "99.2.0.192.bl.example.net"


async def test_listed_address_fails_with_the_lists_explanation() -> None:
    """RFC 5782 §2.1."""
    zone = f'{ENTRY} A 127.0.0.2\n{ENTRY} A 127.0.0.10\n{ENTRY} TXT "Listed, see http://www.example.net/192.0.2.99"'
    resolver = FakeResolver(zone, authentic=True)
    assert await lookup(resolver, ZONE, IP) == Result(
        Status.FAIL,
        (IPv4Address("127.0.0.2"), IPv4Address("127.0.0.10")),
        "Listed, see http://www.example.net/192.0.2.99",
        authentic=True,
    )
    assert resolver.queries == [f"A {ENTRY}", f"TXT {ENTRY}"]


@pytest.mark.parametrize("authentic", [False, True])
async def test_other_addresses_pass(authentic: bool) -> None:
    resolver = FakeResolver(f"{ENTRY} TXT no", authentic=authentic)
    assert await lookup(resolver, ZONE, IP) == Result(Status.PASS, authentic=authentic)
    assert resolver.queries == [f"A {ENTRY}"]


async def test_no_answer_is_a_temporary_error() -> None:
    result = await lookup(FakeResolver(temporary=[ENTRY]), ZONE, IP)
    assert (result.status, result.authentic) == (Status.TEMPERROR, False)
    assert result.problem.startswith("no answer from DNS: ")


@pytest.mark.parametrize("failing", [f"TXT {ENTRY}", "nothing"])
async def test_listing_counts_without_explanation(failing: str) -> None:
    result = await lookup(FakeResolver(f"{ENTRY} A 127.0.0.2", temporary=[failing]), ZONE, IP)
    assert (result.status, result.explanation) == (Status.FAIL, "")


@pytest.mark.parametrize(
    ("answers", "status", "problem"),
    [
        (["127.255.255.254"], Status.TEMPERROR, "the list refuses to answer us (127.255.255.254)"),
        (
            ["127.0.0.2", "127.255.255.255"],
            Status.TEMPERROR,
            "the list refuses to answer us (127.255.255.255)",
        ),
        (["127.255.254.255"], Status.FAIL, ""),
        (["198.51.100.1"], Status.TEMPERROR, "the answer is not one of a list (198.51.100.1)"),
        (
            ["126.255.255.255", "128.0.0.0"],
            Status.TEMPERROR,
            "the answer is not one of a list (126.255.255.255, 128.0.0.0)",
        ),
        (["198.51.100.1", "127.0.0.2"], Status.FAIL, ""),
    ],
)
async def test_answers_that_are_no_listing(answers: list[str], status: Status, problem: str) -> None:
    resolver = FakeResolver("\n".join(f"{ENTRY} A {answer}" for answer in answers))
    result = await lookup(resolver, ZONE, IP)
    assert (result.status, result.problem) == (status, problem)
    assert all(str(code).startswith("127.") for code in result.codes)


async def test_ipv6_is_asked_for_by_nibbles() -> None:
    """RFC 5782 §2.4, with its example."""
    entry = "b.a.9.8.7.6.5.4.3.2.1.0.f.e.d.c.b.a.9.8.7.6.5.0.4.0.0.0.3.2.1.0.bl.example.net"
    ip = ip_address("0123:0004:0567:89ab:cdef:0123:4567:89ab")
    assert (await lookup(FakeResolver(f"{entry} A 127.0.0.2"), ZONE, ip)).status is Status.FAIL


async def test_ipv4_in_ipv6_is_ipv4() -> None:
    resolver = FakeResolver(f"{ENTRY} A 127.0.0.2")
    assert (await lookup(resolver, ZONE, ip_address("::ffff:192.0.2.99"))).status is Status.FAIL


async def test_zone_that_leaves_no_room_does_not_pass() -> None:
    resolver = FakeResolver()
    # 190 characters, with 64 before them.
    zone = parse_domain(".".join(["x" * 62, "x" * 63, "x" * 63]))
    assert (await lookup(resolver, zone, ip_address("2001:db8::1"))).status is Status.TEMPERROR
    assert resolver.queries == []
    assert (await lookup(resolver, zone, ip_address("192.0.2.1"))).status is Status.PASS
    fitting = parse_domain(".".join(["x" * 61, "x" * 63, "x" * 63]))
    assert (await lookup(resolver, fitting, ip_address("2001:db8::1"))).status is Status.PASS


async def test_explanation_is_bounded_and_printable() -> None:
    resolver = FakeResolver(f"{ENTRY} A 127.0.0.2")
    for text in ["caf\u00e9\r\nx", "second", "y" * 100_000, "z", "never"]:
        resolver.add(f'{ENTRY} TXT "{text}"')
    explanation = (await lookup(resolver, ZONE, IP)).explanation
    assert explanation == ("caf???x; second; " + "y" * 500)[:500]


@given(st.ip_addresses(), st.ip_addresses(v=4), st.text(max_size=600))
async def test_any_answer_gives_a_result(ip: object, code: object, text: str) -> None:
    address = ip_address(str(ip))
    entry = f"{(getattr(address, 'ipv4_mapped', None) or address).reverse_pointer.rsplit('.', 2)[0]}.{ZONE}"
    escaped = "".join(f"\\{char}" if char in '"\\' else char for char in text)
    resolver = FakeResolver(f"{entry} A {code}")
    resolver.add(f'{entry} TXT "{escaped}"')
    result = await lookup(resolver, ZONE, address)
    assert result.status in {Status.FAIL, Status.TEMPERROR}
    assert (result.problem != "") == (result.status is Status.TEMPERROR)
    assert len(result.explanation) <= 500
    assert result.explanation.isprintable()
