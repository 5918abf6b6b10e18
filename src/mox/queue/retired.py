"""Entries leave the queue here; accounts may want them remembered for a time, with their attempts.

Invariant: an attempt is kept as long as its entry, or its retired entry, and no longer.
"""

import json
from datetime import timedelta

from mox.database import Connection
from mox.queue.filters import RetiredFilter, RetiredSort

__all__ = ["forget_retired", "list_retired", "retire"]

_RETIRE = """INSERT INTO retired(id, queue_message_id, account, reverse_path, recipient, size, message_id,
    subject, require_tls, attempts, queued_at, last_activity_at, is_delivered, keep_until)
  SELECT e.id, m.id, m.account, m.reverse_path, e.recipient, m.size, m.message_id, m.subject, e.require_tls,
    e.attempts, m.queued_at, :now, :is_delivered, :keep_until
  FROM entry e JOIN message m ON m.id = e.message_id WHERE e.id = :id"""
_FORGET_ATTEMPTS = "DELETE FROM attempt WHERE entry_id = :id"
_REMOVE_ENTRY = "DELETE FROM entry WHERE id = :id"
_OLD = "SELECT id FROM retired WHERE keep_until <= :now ORDER BY keep_until LIMIT :limit"
_FORGET = "DELETE FROM retired WHERE id = :id"
_LIST = """SELECT e.id, queue_message_id, account, reverse_path, recipient, size, message_id, subject,
    require_tls, attempts, queued_at, last_activity_at, is_delivered, keep_until,
    (SELECT json_group_array(json_object('at', started_at, 'result', result, 'code', code,
        'enhanced', enhanced, 'text', text) ORDER BY attempt.id)
      FROM attempt WHERE entry_id = e.id)
  FROM retired e"""
_NAMES = (
    "id",
    "queue_message_id",
    "account",
    "from",
    "recipient",
    "size",
    "message_id",
    "subject",
    "require_tls",
    "attempt_count",
    "queued_at",
    "last_activity_at",
    "is_delivered",
    "keep_until",
)


def retire(connection: Connection, entry_id: int, *, is_delivered: bool, now: int, keep: timedelta) -> None:
    """Remove an entry, after its last attempt was written; remember it for that long."""
    if keep > timedelta():
        keep_until = now + int(keep.total_seconds())
        connection.run(_RETIRE, id=entry_id, is_delivered=is_delivered, now=now, keep_until=keep_until)
    else:
        connection.run(_FORGET_ATTEMPTS, id=entry_id)
    connection.run(_REMOVE_ENTRY, id=entry_id)


def forget_retired(connection: Connection, *, now: int, limit: int) -> int:
    """Forget some of what was kept for long enough; return how many, 0 when nothing is left to do."""
    old: list[dict[str, object]] = [{"id": id_} for (id_,) in connection.rows(_OLD, now=now, limit=limit)]
    connection.run_many(_FORGET_ATTEMPTS, old)
    connection.run_many(_FORGET, old)
    return len(old)


def list_retired(
    connection: Connection,
    wanted: RetiredFilter,
    sort: RetiredSort = RetiredSort.LAST_ACTIVITY,
    *,
    is_descending: bool = True,
) -> list[dict[str, object]]:
    """Return retired entries with their attempts, for people and scripts."""
    sql = _LIST + wanted.where + sort.order(is_descending=is_descending)
    found = []
    for *row, attempts in connection.rows(sql, **wanted.parameters):
        shown: dict[str, object] = dict(zip(_NAMES, row, strict=True))
        shown["is_delivered"] = bool(shown["is_delivered"])
        shown["attempts"] = json.loads(attempts)
        found.append(shown)
    return found
