"""Addresses that an account's mail is not sent to any more, since it would only come back.

Sending on to addresses that do not exist costs a server its reputation. People add addresses, and so do
refusals by servers.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mox.database import Connection, GroupWriter, Row
from mox.queue.message import Attempted, QueuedEntry
from mox.queue.outcome import Failed
from mox.runtime import Clock

__all__ = ["Suppressed", "Suppressions", "base_address", "find_suppressed", "is_lasting", "note_refusals"]

logger = logging.getLogger(__name__)

_REASON_CHARACTERS = 500
# Codes that say that nobody is there (RFC 5321 §4.2.3, RFC 7504 §4), where no enhanced code says more.
_LASTING_CODES = frozenset({521, 550, 551, 553, 556})
# No such mailbox, system, address, moved, mailbox disabled, not allowed to write to it (RFC 3463 §3).
_LASTING_DETAILS = frozenset({"1.1", "1.2", "1.3", "1.6", "2.1", "7.1"})
# That say nothing.
_VAGUE = frozenset({"", "0.0"})
# Messages to an address that came back before, one after the other.
_BEFORE = 2

_LIST = """SELECT account, base_address, address, is_manual, reason, added_at FROM suppression
  WHERE (:account = '' OR account = :account) ORDER BY account, base_address"""
_FIND = """SELECT account, base_address, address, is_manual, reason, added_at FROM suppression
  WHERE account = :account AND base_address = :base_address"""
_ADD = """INSERT INTO suppression VALUES (:account, :base_address, :address, :is_manual, :reason, :now)
  ON CONFLICT DO UPDATE SET is_manual = is_manual OR excluded.is_manual,
    reason = CASE WHEN excluded.is_manual THEN excluded.reason ELSE reason END"""
_REMOVE = "DELETE FROM suppression WHERE account = :account AND base_address = :base_address"
_REMOVE_ACCOUNT = "DELETE FROM suppression WHERE account = :account"
_BEFORE_THIS = """SELECT is_delivered FROM retired WHERE account = :account AND recipient = :recipient
  AND id <> :entry_id ORDER BY last_activity_at DESC LIMIT :limit"""


@dataclass(frozen=True, slots=True)
class Suppressed:
    """An address on the list of an account.

    Attributes:
        base_address: What is compared; see `base_address`.
        address: As it was written when it came onto the list.
        is_manual: A person added it.
        reason: For people.
    """

    account: str
    base_address: str
    address: str
    is_manual: bool
    reason: str
    added_at: datetime


def base_address(address: str) -> str:
    """Return what stands for all addresses of the same person: without subaddress, dots and case.

    A hyphen stays: more often than a subaddress it makes another person, like sales-fr and sales-de.
    """
    localpart, _, domain = address.rpartition("@")
    base = localpart.partition("+")[0].replace(".", "")
    return f"{base or localpart}@{domain}".lower()


def is_lasting(result: Failed) -> bool:
    """Say whether a refusal means that this address will take no mail, today or tomorrow."""
    if result.code is None:
        return False
    detail = result.enhanced.partition(".")[2]
    return result.code in _LASTING_CODES if detail in _VAGUE else detail in _LASTING_DETAILS


def find_suppressed(connection: Connection, account: str, address: str) -> Suppressed | None:
    """Return why nothing is sent to an address, if so."""
    row = connection.row(_FIND, account=account, base_address=base_address(address))
    return None if row is None else _suppressed(row)


def note_refusals(connection: Connection, account: str, attempted: Sequence[Attempted], *, now: int) -> None:
    """Put addresses on the list that refused for good, or thrice in a row; before that is written."""
    for entry, result in ((each.entry, each.result) for each in attempted):
        if isinstance(result, Failed) and _is_enough(connection, account, entry, result):
            recipient = entry.recipient
            reason = f"delivery failed: {result.code} {result.enhanced} {result.text}"[:_REASON_CHARACTERS]
            connection.run(
                _ADD,
                account=account,
                base_address=base_address(recipient),
                address=recipient,
                is_manual=False,
                reason=reason,
                now=now,
            )
            logger.info("address is on the suppression list now", extra={"account": account, "to": recipient})


def _is_enough(connection: Connection, account: str, entry: QueuedEntry, result: Failed) -> bool:
    if result.code is None or is_lasting(result):
        return result.code is not None
    before = connection.rows(
        _BEFORE_THIS, account=account, recipient=entry.recipient, entry_id=entry.id, limit=_BEFORE
    )
    return len(before) == _BEFORE and not any(is_delivered for (is_delivered,) in before)


class Suppressions:
    """The lists of all accounts, for people."""

    def __init__(self, *, writer: GroupWriter, reader: Connection, clock: Clock) -> None:
        self._writer = writer
        self._reader = reader
        self._clock = clock

    def list_(self, account: str = "") -> list[Suppressed]:
        """Return the list of an account, or all."""
        return [_suppressed(row) for row in self._reader.rows(_LIST, account=account)]

    def find(self, account: str, address: str) -> Suppressed | None:
        """Return why nothing is sent to an address, if so."""
        return find_suppressed(self._reader, account, address)

    async def add(self, account: str, address: str, reason: str) -> None:
        """Send nothing more to an address."""
        now = int(self._clock.now().timestamp())
        await self._writer.run(
            lambda tx: tx.connection.run(
                _ADD,
                account=account,
                base_address=base_address(address),
                address=address,
                is_manual=True,
                reason=reason,
                now=now,
            )
        )

    async def remove(self, account: str, address: str) -> bool:
        """Send to an address again; return whether it was on the list."""

        def delete(connection: Connection) -> bool:
            connection.run(_REMOVE, account=account, base_address=base_address(address))
            return connection.changed > 0

        return await self._writer.run(lambda tx: delete(tx.connection))

    async def remove_account(self, account: str) -> None:
        """Forget the list of an account, which is going away."""
        await self._writer.run(lambda tx: tx.connection.run(_REMOVE_ACCOUNT, account=account))


def _suppressed(row: Row) -> Suppressed:
    account, base, address, is_manual, reason, added_at = row
    return Suppressed(account, base, address, bool(is_manual), reason, datetime.fromtimestamp(added_at, UTC))
