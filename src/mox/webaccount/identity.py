"""Name, addresses, and how much the account holds."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from mox.config import ConfigSnapshot, Destination
from mox.http import Caller, Operation, described
from mox.queue import EntryFilter
from mox.store import quota_usage
from mox.webaccount.parts import AccountParts

__all__ = ["Identity"]

_MOST_WAITING = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address of the account."""

    address: str
    is_catchall: bool = field(metadata=described("It takes all other addresses of its domain."))
    mailbox: str
    full_name: str
    rules: int = field(metadata=described("How many filters it has."))
    refusal: str = field(metadata=described("Mail to it is refused with this answer; empty: it is not."))
    needs_authentication: bool = field(metadata=described("Mail must be from a verified domain."))


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasMembership:
    """An alias or list that delivers to the account."""

    address: str
    member: str = field(metadata=described("The address that is a member."))
    anyone_may_post: bool
    may_send_as: bool
    members: tuple[str, ...] = field(metadata=described("Empty if members do not see members."))


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOverview:
    """The account at a glance."""

    account: str
    full_name: str
    domain: str
    addresses: tuple[Address, ...]
    aliases: tuple[AliasMembership, ...]
    storage_octets: int
    storage_limit_octets: int = field(metadata=described("0 is without limit."))
    messages: int
    messages_limit: int = field(metadata=described("0 is without limit."))
    waiting: int = field(metadata=described("Recipients that mail waits to be sent to, 1000 at most."))
    next_attempt_at: datetime | None
    has_random_password_only: bool = field(metadata=described("Passwords are made by the server only."))
    version: str = field(metadata=described("Of the server."))


@dataclass(frozen=True, slots=True, kw_only=True)
class FullName:
    """Name for From."""

    full_name: str = field(metadata=described("Empty for none.", max_length=200))


class Identity:
    """The operations."""

    def __init__(self, parts: AccountParts) -> None:
        self._parts = parts

    def operations(self) -> list[Operation]:
        """Return all of them."""
        return [
            Operation(
                method="GET",
                path="account",
                summary="The account at a glance: addresses, storage, waiting mail.",
                call=self.get_account,
            ),
            Operation(
                method="PUT", path="account/full-name", summary="Change the name.", call=self.set_full_name
            ),
        ]

    async def get_account(self, caller: Caller) -> AccountOverview:
        """Return the account."""
        config, name = self._parts.source.current, caller.account
        settings, account = config.accounts[name], self._parts.store.account(name)
        usage, quota = quota_usage(account.reader), account.quota
        waiting = self._parts.queue.steering.entries(EntryFilter(account=name, limit=_MOST_WAITING))
        return AccountOverview(
            account=name,
            full_name=settings.full_name,
            domain=settings.domain,
            addresses=tuple(
                _address(address, destination)
                for address, destination in sorted(settings.destinations.items())
            ),
            aliases=tuple(_memberships(config, name)),
            storage_octets=usage.octets,
            storage_limit_octets=max(0, quota.octets),
            messages=usage.messages,
            messages_limit=max(0, quota.messages),
            waiting=len(waiting),
            next_attempt_at=_moment(waiting[0]["due_at"]) if waiting else None,
            has_random_password_only=settings.no_custom_password,
            version=self._parts.version,
        )

    async def set_full_name(self, caller: Caller, body: FullName) -> None:
        """Change the name."""
        self._parts.change(caller.account, lambda old: replace(old, full_name=body.full_name.strip()))


def _moment(seconds: object) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) else None


def _address(address: str, destination: Destination) -> Address:
    return Address(
        address=address,
        is_catchall=address.startswith("@"),
        mailbox=destination.mailbox or "Inbox",
        full_name=destination.full_name,
        rules=len(destination.rulesets),
        refusal=destination.smtp_error,
        needs_authentication=bool(destination.message_auth_required_smtp_error),
    )


def _memberships(config: ConfigSnapshot, account: str) -> list[AliasMembership]:
    return [
        AliasMembership(
            address=address,
            member=member,
            anyone_may_post=target.alias.post_public,
            may_send_as=target.alias.allow_msg_from,
            members=target.members if target.alias.list_members else (),
        )
        for address, target in sorted(config.aliases.items())
        for member in target.members
        if config.addresses[member].account == account
    ]
