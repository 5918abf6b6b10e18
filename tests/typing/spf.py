"""`moxkit.spf` as an outsider uses it; checked by mypy, not run."""

from datetime import UTC, datetime
from ipaddress import IPv4Address, ip_address

from moxkit.dns import Address, Resolver
from moxkit.domain import Domain, parse_domain
from moxkit.spf import (
    A,
    All,
    Directive,
    Exists,
    Identity,
    Include,
    Ip4,
    Ip6,
    Lookup,
    LookupStatus,
    Macro,
    MacroString,
    Mechanism,
    Modifier,
    Mx,
    Ptr,
    Qualifier,
    ReceivedSpf,
    ReceivedSpfError,
    Record,
    RecordError,
    Result,
    Sender,
    Status,
    check_host,
    lookup,
    parse_domain_spec,
    parse_received_spf,
    parse_record,
    received_spf,
    verify,
)


async def check(resolver: Resolver, ip: Address, mail_from: str) -> str:
    sender = Sender(ip, mail_from, helo="mail.example.org", hostname=parse_domain("mx.example.com"))
    now = datetime(2024, 1, 1, tzinfo=UTC)
    result: Result = await verify(resolver, sender, now=now)
    of_helo: Result = await verify(resolver, sender, now=now, identity=Identity.HELO)
    other: Result = await check_host(resolver, sender, parse_domain("example.com"), now=now)
    domain: Domain | None = result.domain
    status: Status = other.status
    texts: list[str] = [result.mechanism, result.problem, result.explanation, of_helo.identity.value]
    field: ReceivedSpf = received_spf(sender, result)
    return f"{domain}{status}{result.authentic}{texts}{field}{sender.client_ip}{sender.identity.value}"


async def published(resolver: Resolver, domain: Domain) -> Record | None:
    found: Lookup = await lookup(resolver, domain)
    if found.status is LookupStatus.PERMERROR:
        raise RecordError(found.problem or found.text)
    return found.record if found.authentic else None


def describe(mechanism: Mechanism) -> str:
    match mechanism:
        case All():
            return "everybody"
        case Ip4(address, prefix) | Ip6(address, prefix):
            return f"{address}/{prefix}"
        case A(domain, ip4_prefix, ip6_prefix) | Mx(domain, ip4_prefix, ip6_prefix):
            return f"{domain} {ip4_prefix} {ip6_prefix}"
        case Include(domain) | Exists(domain):
            return str(domain)
        case Ptr():
            return "by name"


def make() -> Record:
    spec: MacroString = parse_domain_spec("%{d2}.example")
    own = MacroString((Macro("d", parts=2, is_reversed=True), ".example"))
    directives = (
        Directive(Ip4(IPv4Address("192.0.2.0"), 24)),
        Directive(Include(own), Qualifier.NEUTRAL),
        Directive(All(), Qualifier.FAIL),
    )
    record = Record(directives, explanation=spec, modifiers=(Modifier("ra", spec),))
    assert parse_record(str(record)) == record
    return record


def read(value: str) -> Address | None:
    try:
        return parse_received_spf(value).client_ip
    except ReceivedSpfError:
        return ip_address("192.0.2.1")
