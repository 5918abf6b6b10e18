"""What people change in the queue: functions in the writer's transaction, on all entries that a filter means.

Each counts the entries that it changed; one that already is as wished does not count.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from mox.database import Connection
from mox.queue.filters import EntryFilter, EntrySort
from mox.queue.retired import retire

__all__ = [
    "Dropped",
    "add_time",
    "drop",
    "matching_ids",
    "set_due_at",
    "set_hold",
    "set_require_tls",
    "set_transport",
]

_IDS = "SELECT e.id FROM entry e CROSS JOIN message m ON m.id = e.message_id"
_SET_HOLD = "UPDATE entry SET hold = :hold WHERE hold != :hold AND id IN (SELECT value FROM json_each(:ids))"
# Bounded, so that no time is one that calendars do not know.
_ADD_TIME = """UPDATE entry SET due_at = max(0, min(due_at + :seconds, 253402300799))
  WHERE id IN (SELECT value FROM json_each(:ids))"""
_SET_DUE_AT = "UPDATE entry SET due_at = :due_at WHERE id IN (SELECT value FROM json_each(:ids))"
_SET_REQUIRE_TLS = """UPDATE entry SET require_tls = :require_tls
  WHERE require_tls IS NOT :require_tls AND id IN (SELECT value FROM json_each(:ids))"""
_SET_TRANSPORT = """UPDATE entry SET transport = :transport
  WHERE transport != :transport AND id IN (SELECT value FROM json_each(:ids))"""
_WHOSE = """SELECT e.id, e.message_id, m.account FROM entry e JOIN message m ON m.id = e.message_id
  WHERE e.id IN (SELECT value FROM json_each(:ids))"""
_INSERT_ATTEMPTS = """INSERT INTO attempt(entry_id, recipient, started_at, result, text)
  SELECT id, recipient, :now, 'dropped', 'dropped by the administrator' FROM entry
  WHERE id IN (SELECT value FROM json_each(:ids))"""
_REMOVE_MESSAGES = """DELETE FROM message WHERE id IN (SELECT value FROM json_each(:ids))
  AND NOT EXISTS (SELECT 1 FROM entry WHERE message_id = message.id) RETURNING id"""


@dataclass(frozen=True, slots=True)
class Dropped:
    """What was removed.

    Attributes:
        message_ids: Messages whose last entry went; their files are to go after the COMMIT.
        under_way: How many entries matched and stayed, since they are being delivered.
    """

    count: int
    message_ids: tuple[int, ...]
    under_way: int


def matching_ids(connection: Connection, wanted: EntryFilter) -> list[int]:
    """Return the ids of the entries that a filter means; where it has a limit, those that are due first."""
    sql = _IDS + wanted.where + EntrySort.NEXT_ATTEMPT.order(is_descending=False)
    return [id_ for (id_,) in connection.rows(sql, **wanted.parameters)]


def set_hold(connection: Connection, wanted: EntryFilter, *, hold: bool) -> int:
    """Put entries on hold or release them; a delivery under way goes on, the next one waits."""
    connection.run(_SET_HOLD, ids=_matching(connection, wanted), hold=hold)
    return connection.changed


def add_time(connection: Connection, wanted: EntryFilter, *, by: timedelta) -> int:
    """Put off the next attempts, or with a negative time bring them forward."""
    connection.run(_ADD_TIME, ids=_matching(connection, wanted), seconds=int(by.total_seconds()))
    return connection.changed


def set_due_at(connection: Connection, wanted: EntryFilter, *, at: datetime) -> int:
    """Set when the next attempts are made."""
    connection.run(_SET_DUE_AT, ids=_matching(connection, wanted), due_at=int(at.timestamp()))
    return connection.changed


def set_require_tls(connection: Connection, wanted: EntryFilter, *, require_tls: bool | None) -> int:
    """Set whether TLS is required (RFC 8689): True: REQUIRETLS; False: TLS-Required: No; None: as usual."""
    connection.run(_SET_REQUIRE_TLS, ids=_matching(connection, wanted), require_tls=require_tls)
    return connection.changed


def set_transport(connection: Connection, wanted: EntryFilter, *, transport: str) -> int:
    """Set the way out; empty: routes decide."""
    connection.run(_SET_TRANSPORT, ids=_matching(connection, wanted), transport=transport)
    return connection.changed


def drop(
    connection: Connection,
    wanted: EntryFilter,
    *,
    under_way: Collection[int],
    now: int,
    keep: Callable[[str], timedelta],
) -> Dropped:
    """Remove entries; nobody is told. Those under way stay: what becomes of them is known in a moment.

    Args:
        connection: Inside a transaction.
        wanted: Which.
        under_way: Entries that are being delivered.
        now: Unix seconds.
        keep: How long an account's entries are remembered.
    """
    matching = matching_ids(connection, wanted)
    ids = [id_ for id_ in matching if id_ not in under_way]
    messages, of_accounts = set[int](), defaultdict[str, list[int]](list)
    for id_, message_id, account in connection.rows(_WHOSE, ids=json.dumps(ids)):
        messages.add(message_id)
        of_accounts[account].append(id_)
    connection.run(_INSERT_ATTEMPTS, ids=json.dumps(ids), now=now)
    for account, of_account in of_accounts.items():
        retire(connection, of_account, is_delivered=False, now=now, keep=keep(account))
    gone = connection.rows(_REMOVE_MESSAGES, ids=json.dumps(list(messages)))
    return Dropped(len(ids), tuple(id_ for (id_,) in gone), len(matching) - len(ids))


def _matching(connection: Connection, wanted: EntryFilter) -> str:
    return json.dumps(matching_ids(connection, wanted))
