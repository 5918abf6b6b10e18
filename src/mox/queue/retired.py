"""Entries leave the queue here; accounts may want them remembered for a time, with their attempts.

Invariant: an attempt is kept as long as its entry, or its retired entry, and no longer.
"""

import json
from collections.abc import Sequence
from datetime import timedelta

from mox.database import Connection
from mox.queue.filters import RetiredFilter, RetiredSort

__all__ = ["forget_retired", "list_retired", "retire"]

_RETIRE = """INSERT INTO retired(id, queue_message_id, account, reverse_path, recipient, size, message_id,
    subject, require_tls, transport, notify, orcpt, ret, envid, future_release, attempts, queued_at,
    last_activity_at, is_delivered, keep_until, from_id)
  SELECT e.id, m.id, m.account, m.reverse_path, e.recipient, m.size, m.message_id, m.subject, e.require_tls,
    e.transport, e.notify, e.orcpt, m.ret, m.envid, m.future_release, e.attempts, m.queued_at, :now,
    :is_delivered, :keep_until, m.from_id
  FROM entry e JOIN message m ON m.id = e.message_id WHERE e.id IN (SELECT value FROM json_each(:ids))"""
_FORGET_ATTEMPTS = "DELETE FROM attempt WHERE entry_id IN (SELECT value FROM json_each(:ids))"
_REMOVE_ENTRIES = "DELETE FROM entry WHERE id IN (SELECT value FROM json_each(:ids))"
_OLD = "SELECT id FROM retired WHERE keep_until <= :now ORDER BY keep_until LIMIT :limit"
_FORGET = "DELETE FROM retired WHERE id IN (SELECT value FROM json_each(:ids))"
_LIST = """SELECT e.id, queue_message_id, account, reverse_path, recipient, size, message_id, subject,
    require_tls, transport, notify, orcpt, envid, future_release, attempts, queued_at, last_activity_at,
    is_delivered, keep_until,
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
    "transport",
    "notify",
    "original_recipient",
    "envelope_id",
    "future_release",
    "attempt_count",
    "queued_at",
    "last_activity_at",
    "is_delivered",
    "keep_until",
)


def retire(
    connection: Connection, entry_ids: Sequence[int], *, is_delivered: bool, now: int, keep: timedelta
) -> None:
    """Remove entries, after their last attempts were written; remember them for that long."""
    # However many in few statements: SQLite walks its journal of a savepoint for each statement.
    ids = json.dumps(list(entry_ids))
    if keep > timedelta():
        keep_until = now + int(keep.total_seconds())
        connection.run(_RETIRE, ids=ids, is_delivered=is_delivered, now=now, keep_until=keep_until)
    else:
        connection.run(_FORGET_ATTEMPTS, ids=ids)
    connection.run(_REMOVE_ENTRIES, ids=ids)


def forget_retired(connection: Connection, *, now: int, limit: int) -> int:
    """Forget some of what was kept for long enough; return how many, 0 when nothing is left to do."""
    old = [id_ for (id_,) in connection.rows(_OLD, now=now, limit=limit)]
    ids = json.dumps(old)
    connection.run(_FORGET_ATTEMPTS, ids=ids)
    connection.run(_FORGET, ids=ids)
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
