"""The check of reverse DNS: each result of RFC 8601 §2.7.3, limits, names that are none."""

from ipaddress import ip_address

import pytest
from hypothesis import given, strategies as st

from moxkit.domain import parse_domain
from moxkit.iprev import Result, Status, verify
from moxkit.testing import FakeResolver

IP = ip_address("192.0.2.1")
POINTER = "1.2.0.192.in-addr.arpa PTR"
NAME = parse_domain("mail.example.org")


async def check(
    *lines: str, ip: str = "192.0.2.1", authentic: bool = True, temporary: tuple[str, ...] = ()
) -> Result:
    resolver = FakeResolver("\n".join(lines), authentic=authentic, temporary=temporary)
    return await verify(resolver, ip_address(ip))


async def test_name_that_leads_back_passes() -> None:
    result = await check(
        f"{POINTER} Mail.Example.ORG.", "mail.example.org A 192.0.2.9", "mail.example.org A 192.0.2.1"
    )
    assert result == Result(Status.PASS, NAME, ("mail.example.org",), "", authentic=True)


async def test_first_name_that_leads_back_counts() -> None:
    names = ["other.example", "none.example", "failing.example", "mail.example.org", "more.example"]
    resolver = FakeResolver(
        "\n".join(
            [f"{POINTER} {name}." for name in names]
            + ["other.example A 192.0.2.2", "mail.example.org A 192.0.2.1"]
        ),
        temporary=["failing.example"],
    )
    result = await verify(resolver, IP)
    assert (result.status, result.name, result.names) == (Status.PASS, NAME, tuple(names))
    assert "A more.example" not in resolver.queries


async def test_names_that_lead_elsewhere_or_nowhere_fail() -> None:
    """RFC 8601 §2.7.3: also when there are no addresses."""
    for line in ("mail.example.org A 192.0.2.2", "mail.example.org AAAA 2001:db8::1", ""):
        result = await check(f"{POINTER} mail.example.org.", line)
        assert (result.status, result.name, result.names) == (Status.FAIL, None, ("mail.example.org",))
        assert result.problem == "no name leads back to the address"
        assert result.authentic


async def test_address_without_name_is_a_permanent_error() -> None:
    assert await check() == Result(Status.PERMERROR, problem="no name for the address", authentic=True)
    assert not (await check(authentic=False)).authentic


@pytest.mark.parametrize("failing", ["1.2.0.192.in-addr.arpa", "mail.example.org"])
async def test_no_answer_is_a_temporary_error(failing: str) -> None:
    result = await check(f"{POINTER} mail.example.org.", f"{POINTER} void.example.org.", temporary=(failing,))
    assert (result.status, result.name, result.authentic) == (Status.TEMPERROR, None, False)
    assert result.problem.startswith("no answer from DNS: ")


async def test_ipv6() -> None:
    pointer = f"{ip_address('2001:db8::1').reverse_pointer} PTR mail.example.org."
    zone = (pointer, "mail.example.org AAAA 2001:db8::1")
    assert (await check(*zone, ip="2001:db8::1")).status is Status.PASS
    assert (await check(pointer, "mail.example.org A 192.0.2.1", ip="2001:db8::1")).status is Status.FAIL


async def test_ipv4_in_ipv6_is_ipv4() -> None:
    zone = (f"{POINTER} mail.example.org.", "mail.example.org A 192.0.2.1")
    assert (await check(*zone, ip="::ffff:192.0.2.1")).status is Status.PASS


async def test_names_after_the_tenth_are_ignored() -> None:
    lines = [f"{POINTER} h{number}.example." for number in range(11)]
    resolver = FakeResolver("\n".join([*lines, "h10.example A 192.0.2.1"]))
    result = await verify(resolver, IP)
    assert (result.status, len(result.names), len(resolver.queries)) == (Status.FAIL, 10, 11)
    resolver = FakeResolver("\n".join([*lines, "h9.example A 192.0.2.1"]))
    assert (await verify(resolver, IP)).status is Status.PASS


async def test_names_that_no_host_can_have_are_not_looked_up() -> None:
    resolver = FakeResolver(f'{POINTER} "a b.example"\n{POINTER} <x>.example\n"a b.example" A 192.0.2.1')
    result = await verify(resolver, IP)
    assert (result.status, resolver.queries) == (Status.FAIL, ["PTR 1.2.0.192.in-addr.arpa"])


@pytest.mark.parametrize(
    ("inauthentic", "authentic"),
    [
        ([], True),
        (["1.2.0.192.in-addr.arpa"], False),
        (["mail.example.org"], False),
        (["other.example"], True),
    ],
)
async def test_pass_is_authentic_if_both_answers_are(inauthentic: list[str], authentic: bool) -> None:
    zone = f"{POINTER} other.example.\n{POINTER} mail.example.org.\nmail.example.org A 192.0.2.1"
    resolver = FakeResolver(zone, authentic=True, inauthentic=inauthentic)
    assert (await verify(resolver, IP)).authentic is authentic


async def test_fail_is_authentic_if_all_answers_are() -> None:
    zone = f"{POINTER} other.example.\n{POINTER} mail.example.org.\nother.example A 192.0.2.2"
    for name in ("other.example", "mail.example.org"):
        resolver = FakeResolver(zone, authentic=True, inauthentic=[name])
        assert not (await verify(resolver, IP)).authentic


@given(st.lists(st.text(min_size=1, max_size=300).filter(str.strip), max_size=12), st.ip_addresses())
async def test_noise_in_reverse_dns_gives_a_result(names: list[str], ip: object) -> None:
    address = ip_address(str(ip))
    resolver = FakeResolver()
    for name in names:
        escaped = "".join(f"\\{char}" if char in '"\\' else char for char in name)
        resolver.add(f'{address.reverse_pointer} PTR "{escaped}"')
    assert (await verify(resolver, address)).status in {Status.FAIL, Status.PERMERROR}
    assert len(resolver.queries) <= 11
