"""Problems of listeners that are well-formed, and of who shares their ports."""

import ipaddress
from collections.abc import Iterator
from pathlib import Path

from mox.config.problem import KeyPath
from mox.config.static import TLS, Listener, StaticConfig
from moxkit.domain import DomainError, parse_domain

__all__ = ["check_listener"]

Found = tuple[KeyPath, str]

_LAST_PORT = 65535
_TLS_VERSIONS = ("TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3")
# What each service is to HTTP: not at all, plain, or with TLS.
_WEB = (
    ("AccountHTTP", "account_http", 80, False),
    ("AccountHTTPS", "account_https", 443, True),
    ("AdminHTTP", "admin_http", 80, False),
    ("AdminHTTPS", "admin_https", 443, True),
    ("WebmailHTTP", "webmail_http", 80, False),
    ("WebmailHTTPS", "webmail_https", 443, True),
    ("WebAPIHTTP", "webapi_http", 80, False),
    ("WebAPIHTTPS", "webapi_https", 443, True),
    ("MetricsHTTP", "metrics_http", 8010, False),
    ("PprofHTTP", "pprof_http", 8011, False),
    ("WebserverHTTP", "webserver_http", 80, False),
    ("WebserverHTTPS", "webserver_https", 443, True),
)
_OF_MAIL = (
    ("SMTP", "smtp", 25),
    ("Submission", "submission", 587),
    ("Submissions", "submissions", 465),
    ("IMAP", "imap", 143),
    ("IMAPS", "imaps", 993),
)


def check_listener(
    config: StaticConfig, listener: Listener, directory: Path, path: KeyPath, *, opens_keys: bool
) -> Iterator[Found]:
    """Find the problems of a listener; files are opened only by who may be able to."""
    yield from _check_addresses(listener, path)
    if listener.hostname:
        yield from _check_domain(listener.hostname, (*path, "Hostname"))
    if listener.smtp_max_message_size <= 0:
        yield (*path, "SMTPMaxMessageSize"), "must be more than 0"
    if listener.smtp is not None:
        for index, zone in enumerate(listener.smtp.dnsbls):
            yield from _check_domain(zone, (*path, "SMTP", "DNSBLs", index))
    yield from _check_paths(listener, path)
    yield from _check_ports(listener, path)
    if listener.tls is None:
        for key in _needs_tls(listener):
            yield (*path, key), "needs TLS, and the listener has no TLS section"
    else:
        yield from _check_tls(config, listener.tls, path)
        if opens_keys:
            yield from _check_files(listener.tls, directory, (*path, "TLS"))


def _check_addresses(listener: Listener, path: KeyPath) -> Iterator[Found]:
    if not listener.ips:
        yield (*path, "IPs"), "is empty; name at least one address"
    for key, ips in (("IPs", listener.ips), ("NATIPs", listener.nat_ips)):
        for index, ip in enumerate(ips):
            try:
                address = ipaddress.ip_address(ip)
            except ValueError:
                yield (*path, key, index), f"{ip!r} is not an IP address"
                continue
            if key == "NATIPs" and (address.is_unspecified or address.is_loopback):
                yield (*path, key, index), f"{ip} is not an address that others could see"
            if ips.index(ip) != index:
                yield (*path, key, index), f"{ip} is there already"
    if listener.nat_ips and listener.ips_nated:
        yield (*path, "IPsNATed"), "cannot go with NATIPs, which say more; leave it out"


def _check_paths(listener: Listener, path: KeyPath) -> Iterator[Found]:
    for key, name, _, _ in _WEB:
        site = getattr(listener, name)
        below = getattr(site, "path", "")
        if below and not (below.startswith("/") and below.endswith("/")):
            yield (*path, key, "Path"), "must begin and end with a slash"


def _check_ports(listener: Listener, path: KeyPath) -> Iterator[Found]:
    """See that a port is one service's, or that of sites that are alike in TLS."""
    taken: dict[int, tuple[str, bool | None]] = {}
    for key, port, is_tls in _ports(listener):
        if not 0 < port <= _LAST_PORT:
            yield (*path, key, "Port"), f"must be from 1 to {_LAST_PORT}"
        other, of_other = taken.setdefault(port, (key, is_tls))
        if other == key:
            continue
        if is_tls is None or of_other is None:
            yield (*path, key, "Port"), f"{port} is the port of {other}, too; choose another one"
        elif is_tls is not of_other:
            yield (*path, key, "Port"), f"{port} is the port of {other}, too, and only one of them has TLS"


def _ports(listener: Listener) -> Iterator[tuple[str, int, bool | None]]:
    for key, name, usual in _OF_MAIL:
        service = getattr(listener, name)
        if service is not None and service.enabled:
            yield key, service.port or usual, None
    for key, name, usual, is_tls in _WEB:
        site = getattr(listener, name)
        if site is not None and site.enabled:
            yield key, site.port or usual, is_tls
    for key, document in (
        ("AutoconfigHTTPS", listener.autoconfig_https),
        ("MTASTSHTTPS", listener.mtasts_https),
    ):
        if document is not None and document.enabled:
            yield key, document.port, not document.non_tls


def _check_tls(config: StaticConfig, tls: TLS, path: KeyPath) -> Iterator[Found]:
    if bool(tls.acme) == bool(tls.key_certs):
        yield (*path, "TLS"), "needs either ACME or KeyCerts, and not both"
    if tls.acme and tls.acme not in config.acme:
        yield (*path, "TLS", "ACME"), f"no ACME provider {tls.acme!r} is configured"
    if tls.min_version not in _TLS_VERSIONS:
        yield (*path, "TLS", "MinVersion"), f"use one of {', '.join(_TLS_VERSIONS)}"


def _check_files(tls: TLS, directory: Path, path: KeyPath) -> Iterator[Found]:
    for index, pair in enumerate(tls.key_certs):
        yield from _check_file(directory / pair.cert_file, (*path, "KeyCerts", index, "CertFile"))
        yield from _check_file(directory / pair.key_file, (*path, "KeyCerts", index, "KeyFile"))
    for index, name in enumerate(tls.host_private_key_files):
        yield from _check_file(directory / name, (*path, "HostPrivateKeyFiles", index))


def _check_file(file: Path, path: KeyPath) -> Iterator[Found]:
    try:
        with file.open("rb"):
            pass
    except OSError as error:
        yield path, f"cannot be read: {error.strerror}"


def _needs_tls(listener: Listener) -> Iterator[str]:
    if listener.smtp and listener.smtp.enabled and not listener.smtp.no_starttls:
        yield "SMTP"
    if listener.submission and listener.submission.enabled and not listener.submission.no_require_starttls:
        yield "Submission"
    for key, service in (("Submissions", listener.submissions), ("IMAPS", listener.imaps)):
        if service and service.enabled:
            yield key
    for key, name, _, is_tls in _WEB:
        site = getattr(listener, name)
        if is_tls and site is not None and site.enabled:
            yield key
    for key, document in (
        ("AutoconfigHTTPS", listener.autoconfig_https),
        ("MTASTSHTTPS", listener.mtasts_https),
    ):
        if document and document.enabled and not document.non_tls:
            yield key


def _check_domain(name: str, path: KeyPath) -> Iterator[Found]:
    try:
        parse_domain(name)
    except DomainError as error:
        yield path, f"{name!r} is not a domain name: {error}"
