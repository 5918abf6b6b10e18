"""The resolver of tests: zone text, aliases, failures, authentic or not."""

from ipaddress import IPv4Address, IPv6Address

import pytest

from moxkit.dns import Mx, NotFound, Resolver, Srv, TemporaryFailure, Tlsa
from moxkit.testing import FakeResolver

ZONE = """
; all types
mox.example.        300 IN MX 10 Mail.mox.example.
mox.example.        MX 20 .
mox.example         TXT "v=spf1 " "-all ; no comment"
mox.example         TXT plain
mox.example         NS ns.mox.example
mail.mox.example.   A 192.0.2.1   ; first
mail.mox.example.   AAAA 2001:db8::1
www.mox.example     CNAME mail.mox.example.
loop.example        CNAME loop.example
1.2.0.192.in-addr.arpa. PTR mail.mox.example.
_imaps._tcp.mox.example SRV 0 1 993 mail.mox.example.
_25._tcp.mail.mox.example TLSA 3 1 1 aabb ccdd
"""


async def test_all_types_from_the_zone() -> None:
    resolver: Resolver = FakeResolver(ZONE)
    assert (await resolver.mx("MOX.example.")).records == (Mx(10, "mail.mox.example"), Mx(20, "."))
    assert (await resolver.txt("mox.example")).records == ("v=spf1 -all ; no comment", "plain")
    assert (await resolver.ns("mox.example")).records == ("ns.mox.example",)
    assert (await resolver.ptr(IPv4Address("192.0.2.1"))).records == ("mail.mox.example",)
    assert (await resolver.srv("_imaps._tcp.mox.example")).records == (Srv(0, 1, 993, "mail.mox.example"),)
    assert (await resolver.tlsa("_25._tcp.mail.mox.example")).records == (Tlsa(3, 1, 1, b"\xaa\xbb\xcc\xdd"),)
    assert (await resolver.cname("www.mox.example")).records == ("mail.mox.example",)
    both = (IPv4Address("192.0.2.1"), IPv6Address("2001:db8::1"))
    assert (await resolver.ips("www.mox.example")).records == both


async def test_authentic_for_all_some_or_none() -> None:
    assert not (await FakeResolver(ZONE).mx("mox.example")).authentic
    assert (await FakeResolver(ZONE, authentic=True).mx("mox.example")).authentic
    some = FakeResolver(ZONE, authentic=["www.mox.example", "none.example"])
    assert not (await some.a("www.mox.example")).authentic
    with pytest.raises(NotFound) as missing:
        await some.a("none.example")
    assert missing.value.authentic
    most = FakeResolver(ZONE, authentic=True, inauthentic=["www.mox.example"])
    assert not (await most.a("www.mox.example")).authentic
    assert (await most.a("mail.mox.example")).authentic


async def test_failures_by_name_or_type() -> None:
    resolver = FakeResolver(ZONE, temporary=["mail.mox.example", "MX mox.example"])
    for lookup in (resolver.mx("mox.example"), resolver.ips("www.mox.example"), resolver.a("loop.example")):
        with pytest.raises(TemporaryFailure):
            await lookup
    assert (await resolver.txt("mox.example")).records
    assert resolver.queries[0] == "MX mox.example"


async def test_addresses_of_one_kind_count_when_the_other_fails() -> None:
    resolver = FakeResolver(ZONE, authentic=True, temporary=["AAAA mail.mox.example"])
    answer = await resolver.ips("mail.mox.example")
    assert answer.records == (IPv4Address("192.0.2.1"),)
    assert not answer.authentic
    with pytest.raises(NotFound):
        await resolver.ips("mox.example")


@pytest.mark.parametrize("line", ["mox.example. MX", "mox.example. NONSENSE x", "mox.example. A 1.2.3"])
def test_malformed_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        FakeResolver(line)
