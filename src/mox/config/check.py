"""What is wrong with a configuration that is well-formed; all of it, not only the first."""

import re
import sys
import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from mox.config.checkaliases import check_aliases
from mox.config.checkauthorities import check_authorities
from mox.config.checkdomains import check_domain_config
from mox.config.checklisteners import check_listener
from mox.config.checkrules import check_rules
from mox.config.checktransports import check_routes, check_transports
from mox.config.checkweb import check_web
from mox.config.dynamic import AccountConfig, DynamicConfig
from mox.config.problem import KeyPath
from mox.config.sending import QueueConfig
from mox.config.snapshot import canonical_address
from mox.config.static import InitialMailboxes, StaticConfig
from moxkit.dns import parse_name_server
from moxkit.domain import DomainError, parse_domain

__all__ = ["ACCOUNT_NAME", "LOG_LEVELS", "check_dynamic", "check_static"]

Found = tuple[KeyPath, str]

LOG_LEVELS = ("error", "warn", "info", "debug", "trace", "traceauth", "tracedata")
_EVENTS = (
    "delivered", "suppressed", "delayed", "failed", "relayed", "expanded", "canceled", "unrecognized",
)  # fmt: skip
_MOST_WORKERS = 64
_LONGEST_PATIENCE = timedelta(hours=8760)
# It is the name of a directory, too, on every system.
ACCOUNT_NAME = re.compile(r"[^/\\\x00-\x1f:*?\"<>|.][^/\\\x00-\x1f:*?\"<>|]{0,63}")
_PRINTABLE = re.compile(r"[ -~]{0,256}")


def check_static(config: StaticConfig, directory: Path, *, opens_keys: bool = True) -> Iterator[Found]:
    """Find problems of mox.toml; keys and certificates are opened only by who may be able to."""
    yield from _check_domain(config.hostname, ("Hostname",))
    if _unicode(config.hostname) != config.hostname.lower():
        yield ("Hostname",), f"has to be in Unicode: {_unicode(config.hostname)}"
    for path, level in (
        (("LogLevel",), config.log_level),
        *((("PackageLogLevels", name), level) for name, level in config.package_log_levels.items()),
    ):
        if level not in LOG_LEVELS:
            yield path, f"invalid log level {level!r}; use one of {', '.join(LOG_LEVELS)}"
    yield from _check_process(config)
    for index, server in enumerate(config.resolvers.servers):
        try:
            parse_name_server(server)
        except ValueError:
            yield ("Resolvers", "Servers", index), f"{server!r} is no IP address with or without port"
    if not config.listeners:
        yield ("Listeners",), "no listener; nothing would be served"
    for name, listener in config.listeners.items():
        where: KeyPath = ("Listeners", name)
        yield from check_listener(config, listener, directory, where, opens_keys=opens_keys)
    yield from check_authorities(config, directory)
    yield from check_transports(config)
    yield from _check_queue(config.queue)
    yield from _check_mailbox(config.postmaster.mailbox, ("Postmaster", "Mailbox"))
    if (reports := config.host_tlsrpt) is not None:
        if not reports.localpart or not reports.localpart.isascii():
            yield (
                ("HostTLSRPT", "Localpart"),
                "must be a localpart in ASCII, the part of an address before the @",
            )
        yield from _check_mailbox(reports.mailbox, ("HostTLSRPT", "Mailbox"))
    yield from _check_initial_mailboxes(config.initial_mailboxes)


def _check_process(config: StaticConfig) -> Iterator[Found]:
    if not 1 <= config.workers <= _MOST_WORKERS:
        yield ("Workers",), f"must be from 1 to {_MOST_WORKERS}"
    elif config.workers > 1 and sys.platform == "win32":
        yield ("Workers",), "more than one are not available on Windows"
    if config.updates_domain:
        yield from _check_domain(config.updates_domain, ("UpdatesDomain",))
    elif config.check_updates:
        yield ("CheckUpdates",), "needs UpdatesDomain: whose versions are looked for"


def _check_initial_mailboxes(initial: InitialMailboxes) -> Iterator[Found]:
    use = initial.special_use
    names: list[tuple[KeyPath, str]] = [
        (("InitialMailboxes", "SpecialUse", key), name)
        for key, name in (
            ("Sent", use.sent),
            ("Archive", use.archive),
            ("Trash", use.trash),
            ("Draft", use.draft),
            ("Junk", use.junk),
        )
        if name
    ]
    names += [(("InitialMailboxes", "Regular", index), name) for index, name in enumerate(initial.regular)]
    seen: set[str] = set()
    for path, name in names:
        yield from _check_mailbox(name, path)
        if name.lower() == "inbox":
            yield path, "Inbox is always there; leave it out"
        elif "/" in name:
            yield path, "cannot be below another mailbox"
        elif name in seen:
            yield path, f"{name!r} is there already"
        seen.add(name)


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


def _unicode(name: str) -> str:
    try:
        return parse_domain(name).unicode
    except DomainError:
        return name.lower()


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
        yield from check_domain_config(config, static, domain, path)
    for index, zone in enumerate(config.monitor_dnsbls):
        yield from _check_domain(zone, ("MonitorDNSBLs", index))
        if config.monitor_dnsbls.index(zone) != index:
            yield ("MonitorDNSBLs", index), f"{zone!r} is there already"
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
    yield from _check_webhooks(account, path)
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
        if not _PRINTABLE.fullmatch(destination.message_auth_required_smtp_error):
            yield (
                (*where, "MessageAuthRequiredSMTPError"),
                "must be at most 256 printable ASCII characters",
            )


def _check_webhooks(account: AccountConfig, path: KeyPath) -> Iterator[Found]:
    hooks = (("OutgoingWebhook", account.outgoing_webhook), ("IncomingWebhook", account.incoming_webhook))
    for key, hook in hooks:
        if hook is not None and not re.match(r"https?://[^/\s]", hook.url):
            yield (*path, key, "URL"), "must be a full address, http or https"
    for index, event in enumerate(account.outgoing_webhook.events if account.outgoing_webhook else ()):
        if event not in _EVENTS:
            yield (*path, "OutgoingWebhook", "Events", index), f"use some of {', '.join(_EVENTS)}"


def _check_unique_senders(config: DynamicConfig, account: AccountConfig, path: KeyPath) -> Iterator[Found]:
    own = {address.lower() for address in account.destinations}
    for address in account.from_id_login_addresses:
        if address.lower() not in own:
            yield path, f"{address!r} is not an address of the account"
        domain = config.domains.get(address.rpartition("@")[2])
        if domain is not None and not domain.separators:
            yield path, f"the domain of {address!r} needs a LocalpartCatchallSeparator"
