"""What is wrong with a configuration that is well-formed; all of it, not only the first."""

import ipaddress
import re
import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from mox.config.checkaliases import check_aliases
from mox.config.checkrules import check_rules
from mox.config.checktransports import check_routes, check_transports
from mox.config.checkweb import check_web
from mox.config.dynamic import AccountConfig, DynamicConfig
from mox.config.problem import KeyPath
from mox.config.sending import QueueConfig
from mox.config.snapshot import canonical_address
from mox.config.static import ACME, TLS, Listener, StaticConfig
from moxkit.dns import parse_name_server
from moxkit.domain import DomainError, parse_domain

__all__ = ["ACCOUNT_NAME", "LOG_LEVELS", "check_dynamic", "check_static"]

Found = tuple[KeyPath, str]

LOG_LEVELS = ("error", "warn", "info", "debug", "trace", "traceauth", "tracedata")
_TLS_VERSIONS = ("TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_LONGEST_PATIENCE = timedelta(hours=8760)
# It is the name of a directory, too, on every system.
ACCOUNT_NAME = re.compile(r"[^/\\\x00-\x1f:*?\"<>|.][^/\\\x00-\x1f:*?\"<>|]{0,63}")
_LAST_PORT = 65535
_PRINTABLE = re.compile(r"[ -~]{0,256}")


def check_static(config: StaticConfig, directory: Path, *, opens_keys: bool = True) -> Iterator[Found]:
    """Find problems of mox.toml; keys and certificates are opened only by who may be able to."""
    yield from _check_domain(config.hostname, ("Hostname",))
    for path, level in (
        (("LogLevel",), config.log_level),
        *((("PackageLogLevels", name), level) for name, level in config.package_log_levels.items()),
    ):
        if level not in LOG_LEVELS:
            yield path, f"invalid log level {level!r}; use one of {', '.join(LOG_LEVELS)}"
    for index, server in enumerate(config.resolvers.servers):
        try:
            parse_name_server(server)
        except ValueError:
            yield ("Resolvers", "Servers", index), f"{server!r} is no IP address with or without port"
    if not config.listeners:
        yield ("Listeners",), "no listener; nothing would be served"
    for name, listener in config.listeners.items():
        yield from _check_listener(config, listener, ("Listeners", name))
        if opens_keys and listener.tls is not None:
            yield from _check_files(listener.tls, directory, ("Listeners", name, "TLS"))
    for name, provider in config.acme.items():
        yield from _check_provider(provider, directory, ("ACME", name))
    yield from check_transports(config)
    yield from _check_queue(config.queue)
    yield from _check_mailbox(config.postmaster.mailbox, ("Postmaster", "Mailbox"))


def _check_queue(queue: QueueConfig) -> Iterator[Found]:
    for key, number in (
        ("MaxDeliveries", queue.max_deliveries),
        ("MaxDeliveriesPerDomain", queue.max_deliveries_per_domain),
    ):
        if number < 1:
            yield ("Queue", key), "must be at least 1"
    for key, duration in (
        ("FirstInterval", queue.first_interval),
        ("LongestInterval", queue.longest_interval),
        ("GiveUpAfter", queue.give_up_after),
        ("TellDelayAfter", queue.tell_delay_after),
    ):
        if not timedelta(seconds=1) <= duration <= _LONGEST_PATIENCE:
            yield ("Queue", key), "must be from 1s to 8760h"
    if queue.longest_interval < queue.first_interval:
        yield ("Queue", "LongestInterval"), "is shorter than FirstInterval"


def _check_listener(config: StaticConfig, listener: Listener, path: KeyPath) -> Iterator[Found]:
    if not listener.ips:
        yield (*path, "IPs"), "is empty; name at least one address"
    for index, ip in enumerate(listener.ips):
        try:
            ipaddress.ip_address(ip)
        except ValueError:
            yield (*path, "IPs", index), f"{ip!r} is not an IP address"
    if listener.hostname:
        yield from _check_domain(listener.hostname, (*path, "Hostname"))
    if listener.smtp_max_message_size <= 0:
        yield (*path, "SMTPMaxMessageSize"), "must be more than 0"
    if listener.tls is None:
        for key in _needs_tls(listener):
            yield (*path, key), "needs TLS, and the listener has no TLS section"
    else:
        yield from _check_tls(config, listener.tls, path)


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


def _check_provider(provider: ACME, directory: Path, path: KeyPath) -> Iterator[Found]:
    # It is a part of names of files.
    if not ACCOUNT_NAME.fullmatch(str(path[-1])):
        yield path, "is no name that a file could have; use letters, digits and hyphens"
    for key, value in (("DirectoryURL", provider.directory_url), ("ContactEmail", provider.contact_email)):
        if not value:
            yield (*path, key), "must not be empty"
    if provider.directory_url and not provider.directory_url.startswith("https://"):
        yield (*path, "DirectoryURL"), "must begin with https://"
    if not 0 < provider.port <= _LAST_PORT:
        yield (*path, "Port"), f"must be from 1 to {_LAST_PORT}"
    if (binding := provider.external_account_binding) is not None:
        yield from _check_file(directory / binding.key_file, (*path, "ExternalAccountBinding", "KeyFile"))


def _needs_tls(listener: Listener) -> Iterator[str]:
    if listener.smtp and listener.smtp.enabled and not listener.smtp.no_starttls:
        yield "SMTP"
    if listener.submission and listener.submission.enabled and not listener.submission.no_require_starttls:
        yield "Submission"
    for key, service in (
        ("Submissions", listener.submissions),
        ("IMAPS", listener.imaps),
        ("AccountHTTPS", listener.account_https),
        ("AdminHTTPS", listener.admin_https),
        ("WebserverHTTPS", listener.webserver_https),
    ):
        if service and service.enabled:
            yield key
    for key, site in (("AutoconfigHTTPS", listener.autoconfig_https), ("MTASTSHTTPS", listener.mtasts_https)):
        if site and site.enabled and not site.non_tls:
            yield key


def _check_domain(name: str, path: KeyPath) -> Iterator[Found]:
    try:
        parse_domain(name)
    except DomainError as error:
        yield path, f"{name!r} is not a domain name: {error}"


def _ascii(name: str) -> str:
    try:
        return parse_domain(name).ascii
    except DomainError:
        return name


def _check_mailbox(name: str, path: KeyPath) -> Iterator[Found]:
    if not name or unicodedata.normalize("NFC", name) != name:
        yield path, "must be a mailbox name in Unicode NFC"


def check_dynamic(config: DynamicConfig, static: StaticConfig) -> Iterator[Found]:
    """Find problems of domains.toml; `static` is what it has to go with."""
    names: dict[str, str] = {}
    for name, domain in config.domains.items():
        path: KeyPath = ("Domains", name)
        yield from _check_domain(name, path)
        if (other := names.setdefault(_ascii(name), name)) != name:
            yield path, f"is the same domain as {other!r}; keep one"
        if domain.localpart_catchall_separator and domain.localpart_catchall_separators:
            yield (
                (*path, "LocalpartCatchallSeparators"),
                "cannot go with LocalpartCatchallSeparator; keep one",
            )
        for selector in domain.dkim.sign if domain.dkim else ():
            if domain.dkim and selector not in domain.dkim.selectors:
                yield (*path, "DKIM", "Sign"), f"selector {selector!r} is not configured"
    seen: dict[str, str] = {}
    for name, account in config.accounts.items():
        yield from _check_account(config, name, account, seen)
    yield from check_aliases(config, seen)
    yield from check_routes(config, static)
    yield from check_web(config, static)
    for account_name, where in (
        (static.postmaster.account, "Postmaster"),
        *([(static.host_tlsrpt.account, "HostTLSRPT")] if static.host_tlsrpt else []),
    ):
        if account_name not in config.accounts:
            yield ("Accounts",), f"account {account_name!r} is missing; {where} of mox.toml needs it"


def _check_account(
    config: DynamicConfig, name: str, account: AccountConfig, seen: dict[str, str]
) -> Iterator[Found]:
    path: KeyPath = ("Accounts", name)
    if not ACCOUNT_NAME.fullmatch(name):
        yield (
            path,
            'is no name of a directory: up to 64 characters, none of / \\ : * ? " < > |, no dot first',
        )
    if account.domain not in config.domains:
        yield (*path, "Domain"), f"domain {account.domain!r} is not configured"
    if not _PRINTABLE.fullmatch(account.login_disabled):
        yield (*path, "LoginDisabled"), "must be at most 256 printable ASCII characters"
    yield from check_rules(account, path)
    yield from _check_unique_senders(config, account, (*path, "FromIDLoginAddresses"))
    for address, destination in account.destinations.items():
        where = (*path, "Destinations", address)
        localpart, at, domain = address.rpartition("@")
        if not at or domain not in config.domains:
            yield where, "must be localpart@domain or @domain, with a configured domain"
            continue
        settings = config.domains[domain]
        if any(separator in localpart for separator in settings.separators):
            yield where, "has a separator of its domain in the localpart"
        try:
            canonical = canonical_address(address, config.domains)
        except DomainError:
            continue  # Said at the domain.
        if canonical in seen:
            yield where, f"is an address of account {seen[canonical]!r} already"
        seen[canonical] = name
        if destination.smtp_error and (destination.mailbox or destination.rulesets):
            yield (*where, "SMTPError"), "cannot go with Mailbox or Rulesets"
        if destination.smtp_error and not re.fullmatch(r"(421|550) [ -~]{1,256}", destination.smtp_error):
            yield (*where, "SMTPError"), 'must begin with "421 " or "550 " and be printable ASCII'


def _check_unique_senders(config: DynamicConfig, account: AccountConfig, path: KeyPath) -> Iterator[Found]:
    own = {address.lower() for address in account.destinations}
    for address in account.from_id_login_addresses:
        if address.lower() not in own:
            yield path, f"{address!r} is not an address of the account"
        domain = config.domains.get(address.rpartition("@")[2])
        if domain is not None and not domain.separators:
            yield path, f"the domain of {address!r} needs a LocalpartCatchallSeparator"
