"""Looking up DNS records, with the DNSSEC status of every answer.

RFC 1035 (DNS), 2308 (negative caching), 4035 §3.2.3 and 6840 §5.7 (the AD bit), 5452 (forged answers),
6891 (EDNS), 7766 (TCP), 8914 (extended errors). It asks the recursive resolvers of the machine: it does not
validate signatures itself and never uses a search list, so names are absolute with or without final dot.
The AD bit counts only from a resolver on this machine, or if the administrator says so.

    resolver = DnsResolver()
    answer = await resolver.mx("mox.example")
    answer.records[0].host, answer.authentic

Every lookup raises `NotFound` (no such name or no such record; it carries `authentic` too) or
`TemporaryFailure`, nothing else. In records, hosts are lower-case ASCII without final dot, the root is ".".
Take a `Resolver` as dependency; tests use `moxkit.testing.FakeResolver`.
"""

from moxkit.dns.answer import (
    Address,
    Answer,
    DnsError,
    ExtendedError,
    Mx,
    NotFound,
    Srv,
    TemporaryFailure,
    Tlsa,
)
from moxkit.dns.bytype import RecordType, Resolver, ResolverByType
from moxkit.dns.cache import Cache
from moxkit.dns.exchange import NameServer, parse_name_server
from moxkit.dns.resolver import DnsResolver

__all__ = [
    "Address",
    "Answer",
    "Cache",
    "DnsError",
    "DnsResolver",
    "ExtendedError",
    "Mx",
    "NameServer",
    "NotFound",
    "RecordType",
    "Resolver",
    "ResolverByType",
    "Srv",
    "TemporaryFailure",
    "Tlsa",
    "parse_name_server",
]
