"""Removing messages: rows become tombstones, files stay for a while.

A tombstone keeps UID and modseq for ever (RFC 7162: VANISHED). The file and the content row stay until the
erasure is due, so that a removal can be undone, and a session that has not heard of it can still read.
"""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta

from mox.database import Row
from mox.store.aside import forget_aside
from mox.store.changes import MessagesRemoved
from mox.store.counters import CounterChange
from mox.store.flags import Flag
from mox.store.transaction import Tx

__all__ = ["KEEP_REMOVED", "erase_due", "expunge_all", "expunge_deleted", "expunge_messages"]

# At least an hour, for sessions; a day, for people who change their mind.
KEEP_REMOVED = timedelta(days=1)

_ALL = """SELECT id, uid, flags, size FROM message
  WHERE mailbox_id = :mailbox_id AND expunged_at IS NULL ORDER BY uid"""
_DELETED = """SELECT id, uid, flags, size FROM message
  WHERE mailbox_id = :mailbox_id AND expunged_at IS NULL AND flags & :deleted ORDER BY uid"""
_BY_UID = """SELECT id, uid, flags, size FROM message
  WHERE mailbox_id = :mailbox_id AND uid = :uid AND expunged_at IS NULL"""
# Of all at once, as in `flagging`.
_EXPUNGE = """UPDATE message SET expunged_at = :now, modseq = :modseq
  WHERE id IN (SELECT value FROM json_each(:ids))"""
_SCHEDULE = "INSERT INTO erasure(id, due_at, octets) VALUES (:id, :due_at, :octets)"
_DUE = "SELECT id, octets FROM erasure WHERE due_at <= :now ORDER BY due_at LIMIT :limit"
_FORGET_CONTENT = "DELETE FROM content WHERE id = :id"
_ERASED = "DELETE FROM erasure WHERE id = :id"
_FREE = "UPDATE account SET used_octets = used_octets - :octets"


def expunge_all(tx: Tx, mailbox_id: int) -> tuple[int, ...]:
    """Remove every message of a mailbox; return their UIDs."""
    return _expunge(tx, mailbox_id, tx.connection.rows(_ALL, mailbox_id=mailbox_id))


def expunge_deleted(tx: Tx, mailbox_id: int, accepts: Callable[[int], bool]) -> tuple[int, ...]:
    r"""Remove messages marked \Deleted whose UID is accepted; return their UIDs, ascending."""
    rows = tx.connection.rows(_DELETED, mailbox_id=mailbox_id, deleted=int(Flag.DELETED))
    return _expunge(tx, mailbox_id, [row for row in rows if accepts(row[1])])


def expunge_messages(tx: Tx, mailbox_id: int, uids: Sequence[int]) -> tuple[int, ...]:
    """Remove these messages, whatever their flags; those that are gone already are passed over."""
    found = (tx.connection.row(_BY_UID, mailbox_id=mailbox_id, uid=uid) for uid in sorted(set(uids)))
    return _expunge(tx, mailbox_id, [row for row in found if row is not None])


def _expunge(tx: Tx, mailbox_id: int, rows: Sequence[Row]) -> tuple[int, ...]:
    if not rows:
        return ()
    counters, modseq = CounterChange(), tx.modseq
    for _, _, bits, size in rows:
        counters.remove(bits, size)
    due_at = tx.now + int(KEEP_REMOVED.total_seconds())
    tx.connection.run(_EXPUNGE, ids=json.dumps([row[0] for row in rows]), now=tx.now, modseq=modseq)
    tx.connection.run_many(_SCHEDULE, [{"id": row[0], "due_at": due_at, "octets": row[3]} for row in rows])
    counters.apply(tx.connection, mailbox_id, modseq)
    uids = tuple(row[1] for row in rows)
    tx.announce(MessagesRemoved(mailbox_id, modseq, uids))
    return uids


def erase_due(tx: Tx, limit: int = 1000) -> tuple[int, ...]:
    """Forget the content of removals that are due; return the ids whose files can go after the COMMIT.

    In this order a crash leaves a file without a row, never a row without a file.
    """
    rows = tx.connection.rows(_DUE, now=tx.now, limit=limit)
    for id_, octets in rows:
        forget_aside(tx.connection, id_)
        tx.connection.run(_FORGET_CONTENT, id=id_)
        tx.connection.run(_ERASED, id=id_)
        tx.connection.run(_FREE, octets=octets)
    return tuple(row[0] for row in rows)
