"""What the checks are about, what they work with, and what they tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address

from mox.config import DomainConfig, StaticConfig
from moxkit import dkim
from moxkit.dns import Address, NotFound, Resolver, Tlsa
from moxkit.domain import Domain, parse_domain
from moxkit.https import Get
from moxkit.smtpclient import Dialer

__all__ = ["Means", "Report", "Subject", "host_addresses", "names_host"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is checked.

    Attributes:
        name: Of the domain.
        config: Its configuration.
        static: Of the server.
        dkim_keys: By selector.
        host_keys: What DANE says of the keys of this host; empty without stable ones.
    """

    name: Domain
    config: DomainConfig
    static: StaticConfig
    dkim_keys: Mapping[str, dkim.PrivateKey]
    host_keys: Sequence[Tlsa]

    @property
    def host(self) -> Domain:
        """This host."""
        return parse_domain(self.static.hostname)

    @property
    def configured_addresses(self) -> frozenset[Address]:
        """Those that mail comes to, as far as the configuration says."""
        listeners = [each for each in self.static.listeners.values() if each.smtp and each.smtp.enabled]
        found = (ip_address(ip) for each in listeners for ip in (each.nat_ips or each.ips))
        return frozenset(each for each in found if not each.is_unspecified and not each.is_loopback)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Whom the checks ask.

    Attributes:
        get: Fetches documents by HTTPS, with verified certificates.
        dialer: Connects to mail hosts.
        now: For what depends on time.
    """

    resolver: Resolver
    get: Get
    dialer: Dialer
    now: datetime


@dataclass(slots=True)
class Report:
    """What a check found.

    Attributes:
        check: Its name.
        errors: What has to be mended.
        warnings: What may be meant so.
    """

    check: str
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def is_fine(self) -> bool:
        """Whether there is nothing to tell."""
        return not self.errors and not self.warnings


async def host_addresses(subject: Subject, means: Means) -> tuple[Address, ...]:
    """Return the addresses of this host that DNS has; none for a host without."""
    try:
        return (await means.resolver.ips(f"{subject.host.ascii}.")).records
    except NotFound:
        return ()


async def names_host(subject: Subject, means: Means, name: str) -> str:
    """Say what is wrong with a name that should lead to this host; nothing when it does."""
    try:
        found = frozenset((await means.resolver.ips(f"{name}.")).records)
    except NotFound:
        return f"{name} is not in DNS; add: {name}. CNAME {subject.host.ascii}."
    own = frozenset(await host_addresses(subject, means))
    if found - own:
        others = ", ".join(sorted(map(str, found - own)))
        return f"{name} leads to {others}, which {subject.host.ascii} does not have"
    return ""
