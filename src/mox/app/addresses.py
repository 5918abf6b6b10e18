"""Where a server listens: what root binds for it, before anything else is built."""

from collections.abc import Iterator
from dataclasses import dataclass

from mox.certificates import CHALLENGE_PATH
from mox.config import Listener, StaticConfig
from mox.mailhost import POLICY_PATH, SETTINGS_PATHS

__all__ = [
    "USUAL_PORTS",
    "ListenAddress",
    "WebEntry",
    "acme_port",
    "is_for_mail",
    "listen_addresses",
    "mail_protocols",
    "web_entries",
]

# What a service that names no port listens on.
USUAL_PORTS = {"smtp": 25, "submission": 587, "submissions": 465, "imap": 143, "imaps": 993}
_HTTP_PORT, _HTTPS_PORT, _METRICS_PORT = 80, 443, 8010


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """A port of a service; sites share theirs."""

    service: str
    ip: str
    port: int


@dataclass(frozen=True, slots=True)
class WebEntry:
    """A site on a port.

    Attributes:
        name: Which one.
        path: Where it begins; without a slash at the end it is only that.
        is_forwarded: A proxy in front says whose requests they are.
        is_unlimited: Requests of a client are not counted on this port.
    """

    name: str
    port: int
    is_tls: bool
    path: str
    is_forwarded: bool = False
    is_unlimited: bool = False


def listen_addresses(static: StaticConfig) -> list[ListenAddress]:
    """Return all addresses that the services of all listeners need, each once."""
    return list(
        dict.fromkeys(
            ListenAddress(service, ip, port)
            # Sorted, so that the log of two starts reads alike.
            for _, listener in sorted(static.listeners.items())
            for ip in listener.ips
            for service, port in _services(static, listener)
        )
    )


def _services(static: StaticConfig, listener: Listener) -> Iterator[tuple[str, int]]:
    has_tls = listener.tls is not None
    if listener.smtp is not None and listener.smtp.enabled:
        yield "smtp", listener.smtp.port
    for name, service, needs_tls in (
        ("submission", listener.submission, False),
        ("submissions", listener.submissions, True),
        ("imap", listener.imap, False),
        ("imaps", listener.imaps, True),
    ):
        if service is not None and service.enabled and (has_tls or not needs_tls):
            yield name, service.port or USUAL_PORTS[name]
    for entry in web_entries(listener):
        yield "https" if entry.is_tls else "http", entry.port
    if (port := acme_port(static, listener)) is not None:
        yield "acme", port


def web_entries(listener: Listener) -> list[WebEntry]:
    """Return the sites of a listener."""
    entries = list(_sites(listener))
    if mail_protocols(listener) and not any(each.port == _HTTPS_PORT and each.is_tls for each in entries):
        entries.append(WebEntry("nothing", _HTTPS_PORT, is_tls=True, path="/"))
    if listener.tls is not None and listener.tls.acme:
        plain = dict.fromkeys(each.port for each in entries if not each.is_tls)
        entries += [WebEntry("acme", port, is_tls=False, path=CHALLENGE_PATH) for port in plain]
    return entries


def mail_protocols(listener: Listener) -> dict[str, str]:
    """Return services that are on the port of web sites, too, by the protocol (ALPN) that asks for them."""
    if listener.tls is None:
        return {}
    services = (("imap", "imaps", listener.imaps), ("smtp", "submissions", listener.submissions))
    return {
        protocol: name
        for protocol, name, service in services
        if service is not None and service.enabled_on_https
    }


def is_for_mail(listener: Listener, port: int) -> bool:
    """Say whether mail programs are served on a port of web sites."""
    return port == _HTTPS_PORT and bool(mail_protocols(listener))


def _sites(listener: Listener) -> Iterator[WebEntry]:
    for service, is_tls in ((listener.account_http, False), (listener.account_https, True)):
        if service is not None and service.enabled and (listener.tls is not None or not is_tls):
            port = service.port or (_HTTPS_PORT if is_tls else _HTTP_PORT)
            yield WebEntry("account", port, is_tls, service.path or "/", service.forwarded)
    for server, is_tls in ((listener.webserver_http, False), (listener.webserver_https, True)):
        if server is not None and server.enabled and (listener.tls is not None or not is_tls):
            port = server.port or (_HTTPS_PORT if is_tls else _HTTP_PORT)
            yield WebEntry("webserver", port, is_tls, "/", is_unlimited=server.rate_limit_disabled)
    if (numbers := listener.metrics_http) is not None and numbers.enabled:
        yield WebEntry("metrics", numbers.port or _METRICS_PORT, is_tls=False, path="/")
    for name, paths, site in (
        ("autoconfig", SETTINGS_PATHS, listener.autoconfig_https),
        ("mta-sts", (POLICY_PATH,), listener.mtasts_https),
    ):
        if site is not None and site.enabled and (site.non_tls or listener.tls is not None):
            for path in paths:
                yield WebEntry(name, site.port, not site.non_tls, path, site.forwarded)


def acme_port(static: StaticConfig, listener: Listener) -> int | None:
    """Return the port that is there only for an ACME provider's looks; `None` where a site's is looked at."""
    if listener.tls is None or listener.tls.acme not in static.acme:
        return None
    port = static.acme[listener.tls.acme].port
    return None if port in {each.port for each in web_entries(listener) if each.is_tls} else port
