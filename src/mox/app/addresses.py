"""Where a server listens: what root binds for it, before anything else is built."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mox.config import Listener

__all__ = ["HTTPS_PORT", "HTTP_PORT", "USUAL_PORTS", "ListenAddress", "listen_addresses"]

# What a service that names no port listens on.
USUAL_PORTS = {"smtp": 25, "submission": 587, "submissions": 465, "imap": 143, "imaps": 993}
HTTP_PORT, HTTPS_PORT = 80, 443
"""What a site that names no port is served on."""


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """A port of a service; sites share theirs."""

    service: str
    ip: str
    port: int


def listen_addresses(listeners: Iterable[Listener]) -> list[ListenAddress]:
    """Return all addresses that listeners' services need, each once."""
    return list(
        dict.fromkeys(
            ListenAddress(service, ip, port)
            for listener in listeners
            for ip in listener.ips
            for service, port in _services(listener)
        )
    )


def _services(listener: Listener) -> Iterator[tuple[str, int]]:
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
    if (plain := listener.account_http) is not None and plain.enabled:
        yield "http", plain.port or HTTP_PORT
    if (secure := listener.account_https) is not None and secure.enabled and has_tls:
        yield "https", secure.port or HTTPS_PORT
