"""How much an account may hold, and how much it holds (RFC 9208 §5); both are known without counting."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mox.database import Connection
from mox.store.errors import OverQuotaError

if TYPE_CHECKING:
    from mox.store.transaction import Tx

__all__ = [
    "NO_QUOTA",
    "Quota",
    "QuotaUsage",
    "check_mailbox_quota",
    "check_quota",
    "check_room",
    "quota_usage",
]

_USED = "SELECT used_octets FROM account"
_MESSAGES = "SELECT coalesce(sum(total), 0) FROM mailbox WHERE expunged_at IS NULL"
_MAILBOXES = "SELECT count(*) FROM mailbox WHERE expunged_at IS NULL"


@dataclass(frozen=True, slots=True)
class Quota:
    """Limits of an account; 0 is without limit.

    Attributes:
        octets: Of all messages, those included that were removed and can still be brought back.
        messages: In all mailboxes.
        mailboxes: The Inbox included.
    """

    octets: int = 0
    messages: int = 0
    mailboxes: int = 0


NO_QUOTA = Quota()


@dataclass(frozen=True, slots=True)
class QuotaUsage:
    """What counts against each limit."""

    octets: int
    messages: int
    mailboxes: int


def quota_usage(connection: Connection) -> QuotaUsage:
    """Return how much an account holds."""
    return QuotaUsage(connection.value(_USED), connection.value(_MESSAGES), connection.value(_MAILBOXES))


def check_room(connection: Connection, quota: Quota, octets: int, messages: int) -> None:
    """Refuse what does not fit.

    Raises:
        OverQuotaError: There is no room for that many more octets or messages.
    """
    if quota.octets > 0 and octets > (free := quota.octets - connection.value(_USED)):
        raise OverQuotaError(octets, free)
    if quota.messages > 0 and messages > (free := quota.messages - connection.value(_MESSAGES)):
        raise OverQuotaError(messages, free, "messages")


def check_quota(tx: "Tx", octets: int, messages: int = 1) -> None:
    """Refuse messages that do not fit.

    Raises:
        OverQuotaError: The account has no room for that many more octets or messages.
    """
    check_room(tx.connection, tx.quota, octets, messages)


def check_mailbox_quota(tx: "Tx") -> None:
    """Refuse one more mailbox if there are enough.

    Raises:
        OverQuotaError: The account has as many mailboxes as it may have.
    """
    limit = tx.quota.mailboxes
    if limit > 0 and (free := limit - tx.connection.value(_MAILBOXES)) < 1:
        raise OverQuotaError(1, free, "mailboxes")
