"""Whose an address is (reference smtp-incoming.md §7): pure look-ups on the configuration of the moment."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from mox.accounts.aliases import AliasRecipient
from mox.accounts.localpart import canonical_localpart
from mox.accounts.recipient import Recipient
from mox.config import AddressTarget, AliasTarget, ConfigSnapshot, Destination
from moxkit.domain import DomainError, parse_domain

__all__ = [
    "Accounts",
    "AddressUnknown",
    "DomainDisabled",
    "DomainUnknown",
    "Refused",
    "Resolved",
]


@dataclass(frozen=True, slots=True)
class DomainUnknown:
    """Not a domain of this server."""

    domain: str


@dataclass(frozen=True, slots=True)
class DomainDisabled:
    """A domain of this server that takes no mail for now."""

    domain: str


@dataclass(frozen=True, slots=True)
class AddressUnknown:
    """A domain of this server, and nobody there."""

    address: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The destination is configured to refuse; code and text as configured (SMTPError)."""

    text: str


Resolved = Recipient | AliasRecipient | DomainUnknown | DomainDisabled | AddressUnknown | Refused


class Accounts:
    """Resolves addresses; takes the configuration anew for each question.

    `fallback` is localserve's: the address that takes the mail of everybody unknown.
    """

    def __init__(self, *, current: Callable[[], ConfigSnapshot], fallback: str | None = None) -> None:
        self._current = current
        self._fallback = fallback

    def resolve(self, localpart: str, domain: str) -> Resolved:
        """Say where mail for an address goes.

        Args:
            localpart: Unquoted.
            domain: Unicode or ASCII; empty only for `postmaster`.
        """
        path = f"{localpart}@{domain}" if domain else localpart
        found = self._resolve(self._current(), localpart, domain, path)
        if self._fallback is not None and isinstance(found, DomainUnknown | AddressUnknown):
            local, _, at = self._fallback.rpartition("@")
            fallback = self._resolve(self._current(), local, at, path)
            if isinstance(fallback, Recipient):
                return replace(fallback, path=path, reason="any address is accepted")
        return found

    def _resolve(self, config: ConfigSnapshot, localpart: str, domain: str, path: str) -> Resolved:
        is_postmaster = localpart.lower() == "postmaster"
        name = _ascii(domain)
        # RFC 5321 §4.5.1: postmaster is there, whatever else is.
        if is_postmaster and (not domain or name in config.postmaster_domains):
            return self._postmaster(config, path)
        settings = config.domains.get(name)
        if settings is None:
            # The host's own reports come to a name that need not be a domain for mail.
            report = config.reports.get(f"{localpart.lower()}@{name}")
            return DomainUnknown(domain) if report is None else _report(path, report)
        if settings.disabled:
            return DomainDisabled(domain)
        address = f"{canonical_localpart(localpart, settings)}@{name}"
        if (found := _configured(config, path, address, name)) is not None:
            return found
        return self._postmaster(config, path) if is_postmaster else AddressUnknown(path)

    def _postmaster(self, config: ConfigSnapshot, path: str) -> Recipient:
        postmaster = config.static.postmaster
        destination = Destination(mailbox=postmaster.mailbox)
        return Recipient(
            path, postmaster.account, "postmaster", postmaster.mailbox, "postmaster", destination
        )

    def account_for_login(self, address: str) -> str | None:
        """Return the account that an address signs in to: no aliases, no implicit postmaster."""
        config = self._current()
        localpart, at, domain = address.rpartition("@")
        name = _ascii(domain)
        settings = config.domains.get(name)
        if not at or settings is None:
            return None
        canonical = f"{canonical_localpart(localpart, settings)}@{name}"
        if canonical in config.aliases:
            return None
        target = config.addresses.get(canonical) or config.addresses.get(f"@{name}")
        return None if target is None else target.account

    def login_disabled(self, account: str) -> str:
        """Return the text that tells why an account cannot sign in; empty if it can."""
        settings = self._current().accounts.get(account)
        return "account is removed" if settings is None else settings.login_disabled

    def may_send_as(self, account: str, localpart: str, domain: str) -> bool:
        """Say whether an account may use an address in From or MAIL FROM."""
        if self.account_for_login(f"{localpart}@{domain}") == account:
            return True
        config = self._current()
        target = config.aliases.get(self.canonical(localpart, domain))
        return (
            target is not None
            and target.alias.allow_msg_from
            and any(config.addresses[member].account == account for member in target.members)
        )

    def unique_sender_separator(self, account: str, login_address: str, reverse_path: str) -> str:
        """Return what stands before the id of unique return paths; empty if the account wants none.

        Args:
            account: Who sends.
            login_address: With which address they signed in.
            reverse_path: Without brackets.
        """
        config = self._current()
        wanted = config.accounts[account].from_id_login_addresses if account in config.accounts else ()
        login = self.canonical(*_halves(login_address))
        settings = config.domains.get(_ascii(reverse_path.rpartition("@")[2]))
        if settings is None or not settings.separators:
            return ""
        is_wanted = any(self.canonical(*_halves(address)) == login for address in wanted)
        return settings.separators[0] if is_wanted else ""

    def canonical(self, localpart: str, domain: str) -> str:
        """Return the form that addresses are compared in; also of addresses elsewhere."""
        name = _ascii(domain)
        settings = self._current().domains.get(name)
        if settings is None:
            return f"{localpart}@{name or domain}"
        return f"{canonical_localpart(localpart, settings)}@{name}"


def _halves(address: str) -> tuple[str, str]:
    localpart, _, domain = address.rpartition("@")
    return localpart, domain


def _ascii(domain: str) -> str:
    """Return the name domains are kept by; empty for what is none."""
    try:
        return parse_domain(domain).ascii
    except DomainError:
        return ""


def _configured(config: ConfigSnapshot, path: str, address: str, domain: str) -> Resolved | None:
    """Return what the configuration says of an address at one of its domains."""
    if (report := config.reports.get(address)) is not None:
        return _report(path, report)
    if (alias := config.aliases.get(address)) is not None:
        return _alias(config, path, address, alias)
    for key, reason in ((address, "address"), (f"@{domain}", "catch-all address")):
        if (target := config.addresses.get(key)) is not None:
            return _recipient(path, target.account, address, target.destination, reason)
    return None


def _report(path: str, target: AddressTarget) -> Recipient:
    mailbox = target.destination.mailbox or "Inbox"
    return Recipient(
        path, target.account, path, mailbox, "reporting address", target.destination, reports=True
    )


def _alias(config: ConfigSnapshot, path: str, address: str, target: AliasTarget) -> AliasRecipient:
    members = []
    for member in target.members:
        found = config.addresses[member]
        mailbox = found.destination.mailbox or "Inbox"
        reason = f"member of {address}"
        members.append(
            Recipient(path, found.account, member, mailbox, reason, found.destination, alias=address)
        )
    return AliasRecipient(
        path, address, tuple(members), target.alias.post_public, target.alias.allow_msg_from
    )


def _recipient(
    path: str, account: str, address: str, destination: Destination, reason: str
) -> Recipient | Refused:
    if destination.smtp_error:
        return Refused(destination.smtp_error)
    return Recipient(path, account, address, destination.mailbox or "Inbox", reason, destination)
