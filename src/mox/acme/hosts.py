"""Which hosts a provider is asked about (reference http.md §6). Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from mox.certificates import KeyType
from mox.config import ConfigSnapshot, DomainConfig, Listener
from moxkit.domain import parse_domain

__all__ = ["Hosts", "certificate_hosts", "host_key_files"]

_BOTH = (KeyType.ECDSA, KeyType.RSA)
_MODERN = (KeyType.ECDSA,)


@dataclass(slots=True)
class Hosts:
    """Hosts of one provider, by ASCII name, and the kinds of keys they get certificates for.

    Attributes:
        at_once: Asked for as soon as they are configured.
        on_demand: Asked for when the first client comes.
    """

    at_once: dict[str, tuple[KeyType, ...]] = field(default_factory=dict)
    on_demand: dict[str, tuple[KeyType, ...]] = field(default_factory=dict)

    def key_types(self, host: str) -> tuple[KeyType, ...]:
        """Return the kinds of keys; none for a host that is not ours."""
        return self.at_once.get(host) or self.on_demand.get(host) or ()


def certificate_hosts(snapshot: ConfigSnapshot) -> dict[str, Hosts]:
    """Return the hosts of each provider."""
    found = {name: Hosts() for name in snapshot.static.acme}
    for listener in snapshot.static.listeners.values():
        if listener.tls is None or listener.tls.acme not in found:
            continue
        hosts = found[listener.tls.acme]
        # Mail servers and programs that know only RSA come to these.
        for name in {snapshot.static.hostname, listener.hostname or snapshot.static.hostname}:
            hosts.at_once[parse_domain(name).ascii] = _BOTH
        for domain, settings in snapshot.domains.items():
            if not settings.disabled and domain not in snapshot.reports_only:
                for name in _of_domain(listener, domain, settings):
                    hosts.at_once.setdefault(name, _MODERN)
        for name in _of_web(listener, snapshot):
            if name not in hosts.at_once:
                hosts.on_demand[name] = _MODERN
    return found


def _of_domain(listener: Listener, domain: str, settings: DomainConfig) -> Iterator[str]:
    if (autoconfig := listener.autoconfig_https) and autoconfig.enabled and not autoconfig.non_tls:
        yield f"autoconfig.{domain}"
    policies = listener.mtasts_https
    if policies and policies.enabled and not policies.non_tls and settings.mtasts is not None:
        yield f"mta-sts.{domain}"
    if settings.client_settings_domain:
        yield parse_domain(settings.client_settings_domain).ascii


def _of_web(listener: Listener, snapshot: ConfigSnapshot) -> Iterator[str]:
    if listener.webserver_https is not None and listener.webserver_https.enabled:
        for name in snapshot.dynamic.web_domain_redirects:
            yield parse_domain(name).ascii
        for handler in snapshot.dynamic.web_handlers:
            yield parse_domain(handler.domain).ascii


def host_key_files(snapshot: ConfigSnapshot, provider: str, host: str) -> tuple[str, ...]:
    """Return the files with keys that certificates of a host are for: DANE records name them."""
    static = snapshot.static
    of_host = parse_domain(static.hostname).ascii

    def rank(item: tuple[str, Listener]) -> tuple[bool, bool, str]:
        name, listener = item
        return not listener.hostname, name != "public", name

    for _, listener in sorted(static.listeners.items(), key=rank):
        if listener.tls is None or listener.tls.acme != provider or not listener.tls.host_private_key_files:
            continue
        if host == (parse_domain(listener.hostname).ascii if listener.hostname else of_host):
            return listener.tls.host_private_key_files
    return ()
