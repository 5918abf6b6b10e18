"""From a domain to hosts: aliases, preferences, null MX, nothing there, DNSSEC (RFC 5321 §5.1, RFC 7505)."""

import pytest

from moxkit.domain import Domain, parse_domain
from moxkit.smtpclient import Destination, DestinationStatus, find_destination
from moxkit.testing import FakeResolver

ZONE = """
two.example MX 20 second.two.example
two.example MX 10 first.two.example
same.example MX 10 b.same.example
same.example MX 10 a.same.example
same.example MX 10 a.same.example
alias.example CNAME two.example
null.example MX 0 .
odd.example MX 10 bad..name
odd.example MX 20 good_host.odd.example
bad.example MX 10 bad..name
both.example MX 0 .
both.example MX 10 mx.both.example
loop.example CNAME pool.example
pool.example CNAME loop.example
plain.example A 192.0.2.1
"""


def reverse(hosts: list[Domain]) -> None:
    hosts.sort(reverse=True)


async def find(name: str, **options: object) -> Destination:
    resolver = FakeResolver(ZONE, **options)  # type: ignore[arg-type] # passed on
    return await find_destination(resolver, parse_domain(name), shuffle=reverse)


@pytest.mark.parametrize(
    ("name", "hosts"),
    [
        ("two.example", ["first.two.example", "second.two.example"]),
        ("alias.example", ["first.two.example", "second.two.example"]),
        ("same.example", ["b.same.example", "a.same.example"]),
        ("odd.example", ["good_host.odd.example"]),
        ("both.example", ["mx.both.example"]),
        ("plain.example", ["plain.example"]),
        ("none.example", ["none.example"]),
    ],
)
async def test_hosts_in_order(name: str, hosts: list[str]) -> None:
    found = await find(name)
    assert (found.status, [str(host) for host in found.hosts]) == (DestinationStatus.FOUND, hosts)
    assert found.is_implicit is (name in {"plain.example", "none.example"})


async def test_aliases_are_names_for_certificates() -> None:
    found = await find("alias.example")
    assert [str(name) for name in found.names] == ["alias.example", "two.example"]
    assert [str(name) for name in (await find("two.example")).names] == ["two.example"]


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("null.example", DestinationStatus.NO_MAIL),
        ("bad.example", DestinationStatus.UNUSABLE),
        ("loop.example", DestinationStatus.TEMPERROR),
    ],
)
async def test_no_place(name: str, status: DestinationStatus) -> None:
    found = await find(name)
    assert (found.status, found.hosts) == (status, ())
    assert found.problem


@pytest.mark.parametrize("failing", ["mx two.example", "cname two.example"])
async def test_failing_dns_is_temporary(failing: str) -> None:
    assert (await find("two.example", temporary=[failing])).status is DestinationStatus.TEMPERROR


@pytest.mark.parametrize(
    ("name", "authentic", "whole", "expanded"),
    [
        ("two.example", True, True, True),
        ("two.example", False, False, False),
        ("alias.example", True, True, True),
        ("alias.example", ["two.example"], False, True),
        ("alias.example", ["alias.example"], False, False),
        ("plain.example", True, True, True),
    ],
)
async def test_dnssec_of_the_way(name: str, authentic: object, whole: bool, expanded: bool) -> None:
    found = await find(name, authentic=authentic)
    assert (found.authentic, found.expanded_authentic) == (whole, expanded)


async def test_hosts_are_bounded() -> None:
    zone = "\n".join(f"many.example MX 10 mx{number}.many.example" for number in range(1000))
    found = await find_destination(FakeResolver(zone), parse_domain("many.example"), shuffle=reverse)
    assert len(found.hosts) == 50
