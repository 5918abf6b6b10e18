"""Where mail programs connect to, as the configuration says (reference http.md §7). Pure."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from mox.config.dynamic import DomainConfig
from mox.config.static import Listener, StaticConfig
from moxkit.domain import parse_domain

__all__ = ["ClientServer", "ClientSettings", "Security", "client_settings"]

_IMAPS, _IMAP, _SUBMISSIONS, _SUBMISSION, _HTTPS = 993, 143, 465, 587, 443


class Security(enum.Enum):
    """How a connection becomes secret."""

    TLS = "TLS"
    STARTTLS = "STARTTLS"
    NONE = "plain"


@dataclass(frozen=True, slots=True)
class ClientServer:
    """A server for mail programs.

    Attributes:
        protocol: `imap` or `submission`.
        host: ASCII.
        listener: Name of the listener.
        on_https: It is the port of web sites, for networks that let nothing else through.
    """

    protocol: str
    host: str
    port: int
    security: Security
    listener: str
    on_https: bool = False


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """All of them, best first; there may be none."""

    imap: tuple[ClientServer, ...]
    submission: tuple[ClientServer, ...]


def client_settings(static: StaticConfig, domain: DomainConfig) -> ClientSettings:
    """Return where programs of people at a domain connect to: `public` first, TLS before STARTTLS."""
    listeners = sorted(static.listeners.items(), key=lambda item: (item[0] != "public", item[0]))
    found = [each for name, listener in listeners for each in _servers(static, domain, name, listener)]
    return ClientSettings(
        tuple(each for each in found if each.protocol == "imap"),
        tuple(each for each in found if each.protocol == "submission"),
    )


def _servers(
    static: StaticConfig, domain: DomainConfig, name: str, listener: Listener
) -> Iterator[ClientServer]:
    host = parse_domain(domain.client_settings_domain or listener.hostname or static.hostname).ascii

    def server(protocol: str, port: int, security: Security, *, on_https: bool = False) -> ClientServer:
        return ClientServer(protocol, host, port, security, name, on_https)

    for protocol, secure, plain, usual in (
        ("imap", listener.imaps, listener.imap, (_IMAPS, _IMAP)),
        ("submission", listener.submissions, listener.submission, (_SUBMISSIONS, _SUBMISSION)),
    ):
        if secure is not None and secure.enabled and listener.tls is not None:
            yield server(protocol, secure.port or usual[0], Security.TLS)
        if plain is not None and plain.enabled:
            security = Security.NONE if listener.tls is None else Security.STARTTLS
            yield server(protocol, plain.port or usual[1], security)
        if secure is not None and secure.enabled_on_https and listener.tls is not None:
            yield server(protocol, _HTTPS, Security.TLS, on_https=True)
