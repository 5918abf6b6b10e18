"""The configuration of a moment: immutable, with look-ups resolved."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from mox.config.dynamic import AccountConfig, Alias, Destination, DomainConfig, DynamicConfig
from mox.config.static import StaticConfig
from moxkit.domain import parse_domain

__all__ = ["AddressTarget", "AliasTarget", "ConfigSnapshot", "canonical_address", "make_snapshot"]


@dataclass(frozen=True, slots=True)
class AddressTarget:
    """Where an address leads.

    Attributes:
        reports: It takes reports about mail authentication, and nobody signs in with it.
    """

    account: str
    destination: Destination
    reports: bool = False


@dataclass(frozen=True, slots=True)
class AliasTarget:
    """Whom an alias stands for: canonical addresses."""

    alias: Alias
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConfigSnapshot:
    """Both files, checked.

    Attributes:
        domains: By ASCII name.
        accounts: By name.
        addresses: By canonical address; `@domain` for the catch-all.
        reports: Addresses for reports, by canonical address.
        aliases: By canonical address.
        postmaster_domains: ASCII names at which the postmaster is the global one.
        reports_only: ASCII names of domains without any address; only reports about others come there.
    """

    static: StaticConfig
    dynamic: DynamicConfig
    domains: Mapping[str, DomainConfig]
    accounts: Mapping[str, AccountConfig]
    addresses: Mapping[str, AddressTarget]
    reports: Mapping[str, AddressTarget]
    aliases: Mapping[str, AliasTarget]
    postmaster_domains: frozenset[str]
    reports_only: frozenset[str]


def canonical_address(address: str, domains: Mapping[str, DomainConfig]) -> str:
    """Return the form that addresses are compared in.

    Raises:
        moxkit.domain.DomainError: The domain is none.
    """
    localpart, _, domain = address.rpartition("@")
    name = parse_domain(domain).ascii
    localpart = unicodedata.normalize("NFC", localpart)
    settings = domains.get(name)
    if settings is None or not settings.localpart_case_sensitive:
        localpart = localpart.lower()
    return f"{localpart}@{name}"


def make_snapshot(static: StaticConfig, dynamic: DynamicConfig) -> ConfigSnapshot:
    """Resolve the look-ups of a checked configuration."""
    domains = {parse_domain(name).ascii: settings for name, settings in dynamic.domains.items()}
    addresses = {
        canonical_address(address, domains): AddressTarget(name, destination)
        for name, account in dynamic.accounts.items()
        for address, destination in account.destinations.items()
    }
    reports = {
        canonical_address(f"{where.localpart}@{where.domain or name}", domains): AddressTarget(
            where.account, Destination(mailbox=where.mailbox), reports=True
        )
        for name, settings in dynamic.domains.items()
        for where in (settings.dmarc, settings.tlsrpt)
        if where is not None
    }
    if (of_host := static.host_tlsrpt) is not None:
        target = AddressTarget(of_host.account, Destination(mailbox=of_host.mailbox), reports=True)
        reports[f"{of_host.localpart.lower()}@{parse_domain(static.hostname).ascii}"] = target
    aliases = {
        canonical_address(f"{localpart}@{name}", domains): AliasTarget(
            alias, tuple(canonical_address(member, domains) for member in alias.addresses)
        )
        for name, settings in dynamic.domains.items()
        for localpart, alias in settings.aliases.items()
    }
    hosts = [static.hostname]
    hosts += [each.hostname for each in static.listeners.values() if each.hostname and each.smtp is not None]
    return ConfigSnapshot(
        static,
        dynamic,
        domains,
        dynamic.accounts,
        addresses,
        reports,
        aliases,
        frozenset(parse_domain(host).ascii for host in hosts),
        frozenset(domains.keys() - {address.rpartition("@")[2] for address in (*addresses, *aliases)}),
    )
