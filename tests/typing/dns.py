"""`moxkit.dns` as an outsider uses it; checked by mypy, not run."""

from ipaddress import ip_address

from moxkit.dns import (
    Address,
    Answer,
    DnsError,
    DnsResolver,
    ExtendedError,
    Mx,
    NameServer,
    NotFound,
    Resolver,
    Srv,
    TemporaryFailure,
    Tlsa,
    parse_name_server,
)
from moxkit.testing import FakeResolver


async def everything(resolver: Resolver, name: str) -> list[str]:
    exchangers: Answer[Mx] = await resolver.mx(name)
    texts: Answer[str] = await resolver.txt(name)
    services: Answer[Srv] = await resolver.srv(name)
    associations: Answer[Tlsa] = await resolver.tlsa(name)
    addresses: Answer[Address] = await resolver.ips(name)
    names: Answer[str] = await resolver.ptr(ip_address("192.0.2.1"))
    return [
        *(mx.host for mx in exchangers.records),
        *texts.records,
        *(srv.host for srv in services.records),
        *(tlsa.data.hex() for tlsa in associations.records),
        *map(str, addresses.records),
        *names.records,
    ]


async def failures(resolver: Resolver) -> str | tuple[ExtendedError, ...]:
    try:
        await resolver.a("mox.example")
    except NotFound as missing:
        return "signed" if missing.authentic else "unsigned"
    except TemporaryFailure as failure:
        return failure.extended
    except DnsError:
        return "never"
    return ""


def make(given: str | None) -> Resolver:
    if given is None:
        return FakeResolver("mox.example A 192.0.2.1")
    server: NameServer = parse_name_server(given)
    return DnsResolver(servers=[server], trust_ad=False)
