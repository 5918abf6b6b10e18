"""The queue's rows: functions on its database, each inside a transaction of the writer."""

import json
from collections.abc import Sequence
from datetime import timedelta

from mox.database import Connection
from mox.queue.filters import EntryFilter, EntrySort
from mox.queue.holdrules import is_held
from mox.queue.message import Attempted, NewMessage, NewRecipient, QueuedEntry
from mox.queue.outcome import Delivered, Retry
from mox.queue.retired import retire

__all__ = [
    "FromIdTakenError",
    "claim",
    "find_content",
    "highest_message_id",
    "insert_message",
    "list_entries",
    "record",
    "set_told_late",
    "skip_message_ids",
]

_INSERT_MESSAGE = """INSERT INTO message(account, reverse_path, prefix, size, smtputf8, has_8bit,
    message_id, subject, queued_at, ret, envid, release_at, future_release, from_id)
  VALUES (:account, :reverse_path, :prefix, :size, :smtputf8, :has_8bit, :message_id, :subject, :now,
    :ret, :envid, :release_at, :future_release, :from_id)"""
_FROM_ID = """SELECT 1 FROM message WHERE from_id = :from_id
  UNION ALL SELECT 1 FROM retired WHERE from_id = :from_id LIMIT 1"""
_INSERT_ENTRY = """INSERT INTO entry(message_id, recipient, domain, due_at, hold, require_tls, transport,
    notify, orcpt)
  VALUES (:message_id, :recipient, :domain, :due_at, :hold, :require_tls, :transport, :notify, :orcpt)"""
_CLAIM = """UPDATE entry SET due_at = :due_at, attempts = attempts + 1, last_attempt_at = :now
  WHERE NOT hold AND due_at <= :now AND id IN (SELECT value FROM json_each(:ids)) RETURNING id"""
_TOLD_LATE = "UPDATE entry SET is_told_late = 1 WHERE id = :id"
_REMOVE_MESSAGE = """DELETE FROM message WHERE id = :id
  AND NOT EXISTS (SELECT 1 FROM entry WHERE message_id = :id)"""
_INSERT_ATTEMPT = """INSERT INTO attempt(entry_id, recipient, started_at, result, code, enhanced, text)
  VALUES (:entry_id, :recipient, :now, :result, :code, :enhanced, :text)"""
_HIGHEST_ID = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'message'"
_FORGET_HIGHEST_ID = "DELETE FROM sqlite_sequence WHERE name = 'message'"
_SET_HIGHEST_ID = "INSERT INTO sqlite_sequence(name, seq) VALUES ('message', :id)"
_LIST = """SELECT e.id, recipient, due_at, attempts, hold, account, reverse_path, size, subject, queued_at,
    last_attempt_at, require_tls, transport, notify, orcpt, envid, future_release, m.message_id, m.id,
    (SELECT text FROM attempt WHERE entry_id = e.id ORDER BY id DESC LIMIT 1)
  FROM entry e CROSS JOIN message m ON m.id = e.message_id"""
_NAMES = (
    "id",
    "recipient",
    "due_at",
    "attempts",
    "hold",
    "account",
    "from",
    "size",
    "subject",
    "queued_at",
    "last_attempt_at",
    "require_tls",
    "transport",
    "notify",
    "original_recipient",
    "envelope_id",
    "future_release",
    "message_id",
    "queue_message_id",
    "error",
)
_CONTENT = """SELECT m.id, m.prefix FROM entry e JOIN message m ON m.id = e.message_id WHERE e.id = :id"""


class FromIdTakenError(Exception):
    """A return path that is meant to be unique is another message's already."""


def insert_message(connection: Connection, new: NewMessage, *, content_size: int, now: int) -> int:
    """Write a message with an entry for each recipient; return the message's id.

    Raises:
        FromIdTakenError: Another message has its unique return path.
    """
    if new.from_id and connection.value(_FROM_ID, from_id=new.from_id) is not None:
        raise FromIdTakenError(new.from_id)
    connection.run(
        _INSERT_MESSAGE,
        account=new.account,
        reverse_path=new.reverse_path,
        prefix=new.prefix,
        size=len(new.prefix) + content_size,
        smtputf8=new.smtputf8,
        has_8bit=new.has_8bit,
        message_id=new.message_id,
        subject=new.subject,
        now=now,
        ret=new.ret or "",
        envid=new.envid,
        release_at=None if new.release_at is None else int(new.release_at.timestamp()),
        future_release=new.future_release,
        from_id=new.from_id,
    )
    id_ = connection.last_id
    for recipient in new.recipients:
        _insert_entry(connection, id_, new, recipient, now)
    return id_


def _insert_entry(
    connection: Connection, message_id: int, new: NewMessage, recipient: NewRecipient, now: int
) -> None:
    domain, orcpt = _domain(recipient.path), recipient.orcpt
    connection.run(
        _INSERT_ENTRY,
        message_id=message_id,
        recipient=recipient.path,
        domain=domain,
        due_at=now if new.release_at is None else max(now, int(new.release_at.timestamp())),
        hold=is_held(
            connection,
            account=new.account,
            sender_domain=_domain(new.reverse_path),
            recipient_domain=domain,
        ),
        require_tls=new.require_tls,
        transport=new.transport,
        notify=",".join(sorted(recipient.notify)),
        orcpt="" if orcpt is None else f"{orcpt.type};{orcpt.address}",
    )


def _domain(path: str) -> str:
    return path.rpartition("@")[2].lower()


def highest_message_id(connection: Connection) -> int:
    """Return the last id a message got, whether or not it is still there."""
    id_: int = connection.value(_HIGHEST_ID)
    return id_


def skip_message_ids(connection: Connection, up_to: int) -> None:
    """Give no id up to this one."""
    if up_to > highest_message_id(connection):
        connection.run(_FORGET_HIGHEST_ID)
        connection.run(_SET_HIGHEST_ID, id=up_to)


def claim(connection: Connection, entries: Sequence[QueuedEntry], *, due_at: int, now: int) -> set[int]:
    """Count an attempt before it is made, so that a crash in its middle does not repeat it at once.

    Returns:
        The entries that may be attempted: one that was held, put off or dropped since it was read is not.
    """
    ids = json.dumps([entry.id for entry in entries])
    return {id_ for (id_,) in connection.rows(_CLAIM, ids=ids, due_at=due_at, now=now)}


def record(
    connection: Connection, message_id: int, attempted: Sequence[Attempted], *, now: int, keep: timedelta
) -> bool:
    """Write what an attempt came to; return whether the message's last entry is gone with it.

    Args:
        connection: Inside a transaction.
        message_id: The message's id here.
        attempted: Some of its entries, with their results.
        now: Unix seconds.
        keep: How long entries that leave are remembered.
    """
    for entry, result in ((each.entry, each.result) for each in attempted):
        connection.run(
            _INSERT_ATTEMPT,
            entry_id=entry.id,
            recipient=entry.recipient,
            now=now,
            result=type(result).__name__.lower(),
            code=result.code,
            enhanced=result.enhanced,
            text=result.text,
        )
        if not isinstance(result, Retry):
            retire(connection, [entry.id], is_delivered=isinstance(result, Delivered), now=now, keep=keep)
    connection.run(_REMOVE_MESSAGE, id=message_id)
    return connection.changed > 0


def set_told_late(connection: Connection, entries: Sequence[QueuedEntry]) -> None:
    """Note that the sender knows of the delay of these."""
    connection.run_many(_TOLD_LATE, [{"id": entry.id} for entry in entries])


def list_entries(
    connection: Connection,
    wanted: EntryFilter = EntryFilter(),  # noqa: B008  frozen
    sort: EntrySort = EntrySort.NEXT_ATTEMPT,
    *,
    is_descending: bool = False,
) -> list[dict[str, object]]:
    """Return entries, soonest first unless told otherwise, for people and scripts."""
    sql = _LIST + wanted.where + sort.order(is_descending=is_descending)
    return [dict(zip(_NAMES, row, strict=True)) for row in connection.rows(sql, **wanted.parameters)]


def find_content(connection: Connection, entry_id: int) -> tuple[int, bytes] | None:
    """Return the message id and prefix of an entry's message; None without such an entry."""
    return connection.row(_CONTENT, id=entry_id)
