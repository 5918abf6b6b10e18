"""Problems of transports and of the routes that lead to them."""

import ipaddress
import re
from collections.abc import Iterator

from mox.config.dynamic import DynamicConfig, Route
from mox.config.problem import KeyPath
from mox.config.sending import FailTransport, SocksTransport, Transport, TransportSMTP
from mox.config.static import StaticConfig
from moxkit.domain import DomainError, parse_domain

__all__ = ["check_routes", "check_transports"]

Found = tuple[KeyPath, str]

_MECHANISMS = (
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-256",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-1",
    "CRAM-MD5",
    "PLAIN",
)
_PRINTABLE = re.compile(r"[ -~]{0,256}")
_HOST_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+):([0-9]{1,5})")


def check_transports(config: StaticConfig) -> Iterator[Found]:
    """Find problems of the ways out."""
    for name, transport in config.transports.items():
        path: KeyPath = ("Transports", name)
        yield from _check_transport(transport, path)


def _check_transport(transport: Transport, path: KeyPath) -> Iterator[Found]:
    methods = ("submissions", "submission", "smtp", "socks", "direct", "fail")
    if sum(getattr(transport, method) is not None for method in methods) > 1:
        yield path, "has more than one method; keep one"
    for key, smarthost in (
        ("Submissions", transport.submissions),
        ("Submission", transport.submission),
        ("SMTP", transport.smtp),
    ):
        if smarthost is not None:
            yield from _check_smarthost(smarthost, (*path, key), is_tls=key == "Submissions")
    if transport.socks is not None:
        yield from _check_socks(transport.socks, (*path, "Socks"))
    if transport.direct is not None and transport.direct.disable_ipv4 and transport.direct.disable_ipv6:
        yield (*path, "Direct"), "disables IPv4 and IPv6; nothing would be left"
    if transport.fail is not None:
        yield from _check_fail(transport.fail, (*path, "Fail"))


def _check_smarthost(smarthost: TransportSMTP, path: KeyPath, *, is_tls: bool) -> Iterator[Found]:
    if not _is_host(smarthost.host):
        yield (*path, "Host"), f"{smarthost.host!r} is neither a name nor an address"
    if smarthost.port is not None and not 0 < smarthost.port < 65536:
        yield (*path, "Port"), "must be from 1 to 65535"
    for key, is_set in (
        ("STARTTLSInsecureSkipVerify", smarthost.starttls_insecure_skip_verify),
        ("NoSTARTTLS", smarthost.no_starttls),
    ):
        if is_tls and is_set:
            yield (*path, key), "cannot go with Submissions, which is TLS from the start and verified"
    if smarthost.auth is None:
        return
    for index, mechanism in enumerate(smarthost.auth.mechanisms):
        where = (*path, "Auth", "Mechanisms", index)
        if mechanism.upper() not in _MECHANISMS:
            yield where, f"{mechanism!r} is unknown; use some of {', '.join(_MECHANISMS)}"
        elif mechanism.upper() in map(str.upper, smarthost.auth.mechanisms[:index]):
            yield where, f"{mechanism!r} is there already"


def _check_socks(socks: SocksTransport, path: KeyPath) -> Iterator[Found]:
    found = _HOST_AND_PORT.fullmatch(socks.address)
    if found is None or not _is_host(found[1].strip("[]")) or not 0 < int(found[2]) < 65536:
        yield (*path, "Address"), f"{socks.address!r} is not host:port"
    if not socks.remote_ips:
        yield (*path, "RemoteIPs"), "is empty; name the addresses that mail then comes from"
    for index, address in enumerate(socks.remote_ips):
        if not _is_address(address):
            yield (*path, "RemoteIPs", index), f"{address!r} is not an IP address"
    if not _is_domain(socks.remote_hostname):
        yield (*path, "RemoteHostname"), f"{socks.remote_hostname!r} is not a domain name"


def _check_fail(fail: FailTransport, path: KeyPath) -> Iterator[Found]:
    if not 400 <= fail.smtp_code <= 599:
        yield (*path, "SMTPCode"), "must be 4xx or 5xx"
    if not _PRINTABLE.fullmatch(fail.smtp_message):
        yield (*path, "SMTPMessage"), "must be at most 256 printable ASCII characters"


def check_routes(config: DynamicConfig, static: StaticConfig) -> Iterator[Found]:
    """Find problems of all routes; `static` has the transports."""
    yield from _check_routes(config.routes, ("Routes",), static)
    for name, domain in config.domains.items():
        yield from _check_routes(domain.routes, ("Domains", name, "Routes"), static)
    for name, account in config.accounts.items():
        yield from _check_routes(account.routes, ("Accounts", name, "Routes"), static)


def _check_routes(routes: tuple[Route, ...], path: KeyPath, static: StaticConfig) -> Iterator[Found]:
    for index, route in enumerate(routes):
        where = (*path, index)
        if route.transport not in static.transports:
            yield (*where, "Transport"), f"transport {route.transport!r} is not in mox.toml"
        if route.minimum_attempts < 0:
            yield (*where, "MinimumAttempts"), "must not be negative"
        for key, domains in (("FromDomain", route.from_domain), ("ToDomain", route.to_domain)):
            for number, domain in enumerate(domains):
                if domain != "." and not _is_domain(domain.removeprefix(".")):
                    yield (*where, key, number), f"{domain!r} is not a domain name"


def _is_host(text: str) -> bool:
    return _is_address(text) or _is_domain(text)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_domain(text: str) -> bool:
    try:
        parse_domain(text, allow_underscore=True)
    except DomainError:
        return False
    return True
