"""The resolver against a name server on loopback that misbehaves as told."""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Callable
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdata
import dns.rrset
import pytest

from moxkit.dns import DnsResolver, ExtendedError, Mx, NotFound, Srv, TemporaryFailure, Tlsa
from moxkit.dns.exchange import NameServer
from moxkit.testing import FakeClock

RECORDS = {
    "mox.example. MX": "10 Mail.mox.example.",
    "null.example. MX": "0 .",
    "mox.example. TXT": '"v=spf1 " "-all" "\\255"',
    "mox.example. NS": "ns.mox.example.",
    "mail.mox.example. A": "192.0.2.1",
    "mail.mox.example. AAAA": "2001:db8::1",
    "1.2.0.192.in-addr.arpa. PTR": "mail.mox.example.",
    "_imaps._tcp.mox.example. SRV": "0 1 993 mail.mox.example.",
    "_25._tcp.mail.mox.example. TLSA": "3 1 1 " + "ab" * 32,
    "www.mox.example. CNAME": "mail.mox.example.",
}
SOA = "ns.mox.example. admin.mox.example. 1 3600 600 86400 60"

Misbehave = Callable[[dns.message.Message, bool], list[bytes] | None]


def answer(query: dns.message.Message) -> dns.message.Message:
    """Answer as a validating recursive resolver does."""
    response = dns.message.make_response(query)
    response.flags |= dns.flags.RA | dns.flags.AD
    question = query.question[0]
    name, kind = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
    alias = RECORDS.get(f"{name} CNAME") if kind != "CNAME" else None
    if alias is not None:
        response.answer.append(dns.rrset.from_text(name, 30, "IN", "CNAME", alias))
        name = alias
    if data := RECORDS.get(f"{name} {kind}"):
        response.answer.append(dns.rrset.from_text(name, 300, "IN", kind, data))
    else:
        if not any(key.startswith(f"{name} ") for key in RECORDS):
            response.set_rcode(dns.rcode.NXDOMAIN)
        response.authority.append(dns.rrset.from_text("example.", 120, "IN", "SOA", SOA))
    return response


class Stub(asyncio.DatagramProtocol):
    """Name server over UDP and TCP, counting queries."""

    def __init__(self, misbehave: Misbehave | None) -> None:
        self.misbehave = misbehave
        self.seen: list[str] = []
        self.ports: list[int] = []
        self.transport: Any = None

    def answers(self, wire: bytes, *, tcp: bool) -> list[bytes]:
        query = dns.message.from_wire(wire)
        self.seen.append("tcp" if tcp else "udp")
        if self.misbehave is not None and (octets := self.misbehave(query, tcp)) is not None:
            return octets
        return [answer(query).to_wire()]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        self.ports.append(addr[1])
        for octets in self.answers(data, tcp=False):
            self.transport.sendto(octets, addr)

    async def serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        for octets in self.answers(await reader.readexactly(length), tcp=True):
            writer.write(struct.pack("!H", len(octets)) + octets)
        writer.close()


@contextlib.asynccontextmanager
async def serve(
    misbehave: Misbehave | None = None, **options: Any
) -> AsyncIterator[tuple[Stub, DnsResolver]]:
    stub = Stub(misbehave)
    tcp = await asyncio.start_server(stub.serve_tcp, "127.0.0.1", 0)
    port = tcp.sockets[0].getsockname()[1]
    udp, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: stub, ("127.0.0.1", port))
    resolver = DnsResolver(servers=[NameServer("127.0.0.1", port)], **{"timeout_s": 2, **options})
    try:
        yield stub, resolver
    finally:
        resolver.close()
        udp.close()
        tcp.close()
        await tcp.wait_closed()
        await asyncio.sleep(0.001)


async def test_all_types() -> None:
    async with serve() as (_, resolver):
        assert (await resolver.mx("MOX.example")).records == (Mx(10, "mail.mox.example"),)
        assert (await resolver.mx("null.example")).records == (Mx(0, "."),)
        assert (await resolver.txt("mox.example.")).records == ("v=spf1 -all\udcff",)
        assert (await resolver.ns("mox.example")).records == ("ns.mox.example",)
        assert (await resolver.ptr(IPv4Address("192.0.2.1"))).records == ("mail.mox.example",)
        assert (await resolver.srv("_imaps._tcp.mox.example")).records == (
            Srv(0, 1, 993, "mail.mox.example"),
        )
        assert (await resolver.tlsa("_25._tcp.mail.mox.example")).records == (Tlsa(3, 1, 1, b"\xab" * 32),)
        assert (await resolver.cname("www.mox.example")).records == ("mail.mox.example",)
        found = await resolver.ips("mail.mox.example")
        assert found.records == (IPv4Address("192.0.2.1"), IPv6Address("2001:db8::1"))
        assert found.authentic


async def test_alias_is_followed_and_its_shorter_ttl_counts() -> None:
    async with serve() as (_, resolver):
        found = await resolver.a("www.mox.example")
        assert found.records == (IPv4Address("192.0.2.1"),)
        assert found.ttl == 30


async def test_answers_are_kept_for_their_ttl_and_count_down() -> None:
    clock = FakeClock()
    async with serve(monotonic=clock.monotonic) as (stub, resolver):
        await resolver.mx("mox.example")
        clock.jump(299)
        assert (await resolver.mx("MOX.EXAMPLE.")).ttl == 1
        assert len(stub.seen) == 1
        clock.jump(1)
        await resolver.mx("mox.example")
        assert len(stub.seen) == 2


@pytest.mark.parametrize("name", ["none.example", "mail.mox.example"])
async def test_negative_answers_are_kept_for_the_soa_minimum(name: str) -> None:
    clock = FakeClock()
    async with serve(monotonic=clock.monotonic) as (stub, resolver):
        for _ in range(2):
            with pytest.raises(NotFound) as missing:
                await resolver.mx(name)
            assert missing.value.authentic
            clock.jump(59)
        assert len(stub.seen) == 1
        clock.jump(1)
        with pytest.raises(NotFound):
            await resolver.mx(name)
        assert len(stub.seen) == 2


@pytest.mark.parametrize("name", ["a..b", "x" * 64 + ".example", "bücher.example", ".".join(["x" * 60] * 5)])
async def test_impossible_name_does_not_exist(name: str) -> None:
    async with serve() as (stub, resolver):
        with pytest.raises(NotFound):
            await resolver.a(name)
        assert stub.seen == []


async def test_names_of_this_machine_are_nobodys_business() -> None:
    """RFC 6761 §6.3 and §6.4."""
    async with serve() as (stub, resolver):
        for name in ("localhost", "LocalHost.", "mail.localhost"):
            found = await resolver.ips(name)
            assert found.records == (IPv4Address("127.0.0.1"), IPv6Address("::1"))
            assert not found.authentic
            with pytest.raises(NotFound):
                await resolver.txt(name)
        with pytest.raises(NotFound):
            await resolver.a("mail.invalid")
        assert stub.seen == []
        # Others only look alike.
        with pytest.raises(NotFound):
            await resolver.a("notlocalhost")
        assert len(stub.seen) == 1


async def test_truncated_answer_is_asked_for_by_tcp() -> None:
    def truncate(query: dns.message.Message, tcp: bool) -> list[bytes] | None:
        response = dns.message.make_response(query)
        response.flags |= dns.flags.TC
        return None if tcp else [response.to_wire()]

    async with serve(truncate) as (stub, resolver):
        assert (await resolver.mx("mox.example")).records == (Mx(10, "mail.mox.example"),)
        assert stub.seen == ["udp", "tcp"]


async def test_forged_and_broken_answers_are_ignored() -> None:
    def forge(query: dns.message.Message, _tcp: bool) -> list[bytes]:
        right = answer(query)
        other_id = dns.message.from_wire(right.to_wire())
        other_id.id ^= 1
        other_question = dns.message.make_response(dns.message.make_query("evil.example", "MX", id=query.id))
        wire = right.to_wire()
        return [b"", b"x", wire[:2] + b"noise" * 9, other_id.to_wire(), other_question.to_wire(), wire]

    async with serve(forge, attempts=1) as (_, resolver):
        assert (await resolver.mx("mox.example")).records == (Mx(10, "mail.mox.example"),)


async def test_answers_out_of_order_find_their_queries() -> None:
    held: list[bytes] = []

    def hold(query: dns.message.Message, _tcp: bool) -> list[bytes]:
        held.insert(0, answer(query).to_wire())
        return held if len(held) == 3 else []

    async with serve(hold, attempts=1) as (stub, resolver):
        found = await asyncio.gather(
            resolver.mx("mox.example"), resolver.a("mail.mox.example"), resolver.ns("mox.example")
        )
        assert [type(each.records[0]) for each in found] == [Mx, IPv4Address, str]
        assert len(set(stub.ports)) == 1


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED])
async def test_failing_server_is_retried_then_a_temporary_failure_that_is_not_kept(
    rcode: dns.rcode.Rcode,
) -> None:
    def fail(query: dns.message.Message, _tcp: bool) -> list[bytes]:
        response = dns.message.make_response(query)
        response.set_rcode(rcode)
        return [response.to_wire()]

    async with serve(fail, attempts=2) as (stub, resolver):
        with pytest.raises(TemporaryFailure):
            await resolver.mx("mox.example")
        assert len(stub.seen) == 2
        stub.misbehave = None
        assert (await resolver.mx("mox.example")).records


async def test_what_the_resolver_says_of_a_failure_is_passed_on() -> None:
    def bogus(query: dns.message.Message, _tcp: bool) -> list[bytes]:
        response = dns.message.make_response(query)
        response.set_rcode(dns.rcode.SERVFAIL)
        response.use_edns(0, options=[dns.edns.EDEOption(dns.edns.EDECode.SIGNATURE_EXPIRED, "since\nmay")])
        return [response.to_wire()]

    async with serve(bogus, attempts=1) as (_, resolver):
        with pytest.raises(TemporaryFailure, match="extended error 7: sincemay") as failed:
            await resolver.mx("mox.example")
        assert failed.value.is_dnssec_failure
        assert failed.value.extended == (ExtendedError(7, "sincemay"),)


def test_only_some_extended_errors_are_about_dnssec() -> None:
    assert ExtendedError(6).is_dnssec  # DNSSEC Bogus
    assert not ExtendedError(22).is_dnssec  # No Reachable Authority
    assert not TemporaryFailure("timeout").is_dnssec_failure


async def test_tlsa_records_with_unfitting_data_do_not_vanish() -> None:
    """They say that the host wants TLS, though they cannot be matched (RFC 7672 §2.2)."""

    def unfitting(query: dns.message.Message, _tcp: bool) -> list[bytes]:
        response = dns.message.make_response(query)
        rdata = dns.rdata.GenericRdata(dns.rdataclass.IN, dns.rdatatype.TLSA, b"\x03\x01\x01short")
        response.answer.append(dns.rrset.from_rdata(query.question[0].name, 60, rdata))
        return [response.to_wire()]

    async with serve(unfitting, attempts=1) as (_, resolver):
        assert (await resolver.tlsa("_25._tcp.mox.example")).records == (Tlsa(3, 1, 1, b"short"),)


async def test_silent_server_is_a_temporary_failure() -> None:
    async with serve(lambda _query, _tcp: [], attempts=2, timeout_s=0.02) as (stub, resolver):
        with pytest.raises(TemporaryFailure, match="timeout"):
            await resolver.mx("mox.example")
        assert stub.seen == ["udp", "udp"]


async def test_second_server_answers_for_the_first() -> None:
    async with serve() as (_, good):
        first = NameServer("127.0.0.1", 1)
        resolver = DnsResolver(servers=[first, good._exchanges[0].server], timeout_s=0.5)
        assert (await resolver.mx("mox.example")).records
        resolver.close()
        await asyncio.sleep(0.001)


async def test_alias_loop_is_a_temporary_failure() -> None:
    def loop(query: dns.message.Message, _tcp: bool) -> list[bytes]:
        response = dns.message.make_response(query)
        for one, other in (("loop.example.", "pool.example."), ("pool.example.", "loop.example.")):
            response.answer.append(dns.rrset.from_text(one, 30, "IN", "CNAME", other))
        return [response.to_wire()]

    async with serve(loop, attempts=1) as (_, resolver):
        with pytest.raises(TemporaryFailure):
            await resolver.a("loop.example")


def test_only_loopback_is_local() -> None:
    assert NameServer("127.0.0.53").is_local
    assert NameServer("::1").is_local
    assert not NameServer("192.0.2.1").is_local


async def test_authentic_needs_a_trusted_server(monkeypatch: pytest.MonkeyPatch) -> None:
    # Loopback is all there is to test with, so it is declared remote.
    monkeypatch.setattr(NameServer, "is_local", property(lambda _self: False))
    async with serve() as (stub, resolver):
        assert not (await resolver.mx("mox.example")).authentic
        trusting = DnsResolver(servers=[resolver._exchanges[0].server], trust_ad=True)
        assert (await trusting.mx("mox.example")).authentic
        # Each query towards a remote server has its own port (RFC 5452 §9.2).
        assert len(set(stub.ports)) == 2
