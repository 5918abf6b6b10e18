"""The queue's rows: functions on its database, each inside a transaction of the writer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mox.database import Connection, Row
from mox.queue.outcome import Result, Retry

__all__ = [
    "Attempted",
    "NewMessage",
    "QueuedEntry",
    "QueuedMessage",
    "due_groups",
    "highest_message_id",
    "insert_message",
    "list_entries",
    "next_due_at",
    "postpone",
    "record",
    "skip_message_ids",
]

_INSERT_MESSAGE = """INSERT INTO message(account, reverse_path, prefix, size, smtputf8, has_8bit, require_tls,
    message_id, subject, queued_at)
  VALUES (:account, :reverse_path, :prefix, :size, :smtputf8, :has_8bit, :require_tls,
    :message_id, :subject, :now)"""
_INSERT_ENTRY = """INSERT INTO entry(message_id, recipient, domain, due_at)
  VALUES (:message_id, :recipient, :domain, :due_at)"""
_NEXT_DUE = "SELECT min(due_at) FROM entry WHERE NOT hold"
_DUE = """SELECT m.id, e.domain, e.id, e.recipient, e.attempts, e.due_at, m.account, m.reverse_path,
    m.prefix, m.size, m.smtputf8, m.has_8bit, m.require_tls, m.queued_at, m.message_id, m.subject
  FROM entry e JOIN message m ON m.id = e.message_id
  WHERE e.due_at <= :now AND NOT e.hold ORDER BY e.due_at, e.id LIMIT :limit"""
_POSTPONE = (
    "UPDATE entry SET due_at = :due_at, attempts = attempts + 1, last_attempt_at = :now WHERE id = :id"
)
_REMOVE_ENTRY = "DELETE FROM entry WHERE id = :id"
_REMOVE_MESSAGE = """DELETE FROM message WHERE id = :id
  AND NOT EXISTS (SELECT 1 FROM entry WHERE message_id = :id)"""
_INSERT_ATTEMPT = """INSERT INTO attempt(entry_id, recipient, started_at, result, code, enhanced, text)
  VALUES (:entry_id, :recipient, :now, :result, :code, :enhanced, :text)"""
_HIGHEST_ID = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'message'"
_FORGET_HIGHEST_ID = "DELETE FROM sqlite_sequence WHERE name = 'message'"
_SET_HIGHEST_ID = "INSERT INTO sqlite_sequence(name, seq) VALUES ('message', :id)"
_LIST = """SELECT e.id, e.recipient, e.due_at, e.attempts, e.hold, m.account, m.reverse_path, m.size,
    m.subject, m.queued_at, (SELECT text FROM attempt WHERE entry_id = e.id ORDER BY id DESC LIMIT 1)
  FROM entry e JOIN message m ON m.id = e.message_id ORDER BY e.due_at, e.id"""


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message for the queue.

    Attributes:
        account: Whose it is; hears of the outcome.
        reverse_path: Without brackets; empty for the null path.
        recipients: Forward paths without brackets, at least one.
        prefix: Header lines to go before the content.
        require_tls: True: REQUIRETLS; False: TLS-Required: No; None: as usual (RFC 8689).
    """

    account: str
    reverse_path: str
    recipients: tuple[str, ...]
    prefix: bytes
    smtputf8: bool
    has_8bit: bool
    require_tls: bool | None = None
    message_id: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class QueuedEntry:
    """One recipient of a message in the queue.

    Attributes:
        attempts: Made so far.
        due_at: When this attempt was due.
    """

    id: int
    recipient: str
    attempts: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Attempted:
    """A recipient, and what the latest attempt came to."""

    entry: QueuedEntry
    result: Result


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """A message with those of its recipients that are due and share a domain: one delivery."""

    id: int
    account: str
    reverse_path: str
    prefix: bytes
    size: int
    smtputf8: bool
    has_8bit: bool
    require_tls: bool | None
    queued_at: datetime
    domain: str
    entries: tuple[QueuedEntry, ...]
    message_id: str = ""
    subject: str = ""


def insert_message(connection: Connection, new: NewMessage, *, content_size: int, now: int) -> int:
    """Write a message with an entry for each recipient; return the message's id."""
    connection.run(
        _INSERT_MESSAGE,
        account=new.account,
        reverse_path=new.reverse_path,
        prefix=new.prefix,
        size=len(new.prefix) + content_size,
        smtputf8=new.smtputf8,
        has_8bit=new.has_8bit,
        require_tls=new.require_tls,
        message_id=new.message_id,
        subject=new.subject,
        now=now,
    )
    id_ = connection.last_id
    for recipient in new.recipients:
        domain = recipient.rpartition("@")[2].lower()
        connection.run(_INSERT_ENTRY, message_id=id_, recipient=recipient, domain=domain, due_at=now)
    return id_


def highest_message_id(connection: Connection) -> int:
    """Return the last id a message got, whether or not it is still there."""
    id_: int = connection.value(_HIGHEST_ID)
    return id_


def skip_message_ids(connection: Connection, up_to: int) -> None:
    """Give no id up to this one."""
    if up_to > highest_message_id(connection):
        connection.run(_FORGET_HIGHEST_ID)
        connection.run(_SET_HIGHEST_ID, id=up_to)


def next_due_at(connection: Connection) -> int | None:
    """Return when the next entry is due."""
    due_at: int | None = connection.value(_NEXT_DUE)
    return due_at


def due_groups(connection: Connection, *, now: int, limit: int) -> list[QueuedMessage]:
    """Return what is due, recipients of one message at one domain together."""
    groups: dict[tuple[int, str], list[Row]] = {}
    for row in connection.rows(_DUE, now=now, limit=limit):
        groups.setdefault((row[0], row[1]), []).append(row)
    return [_group(rows) for rows in groups.values()]


def _group(rows: Sequence[Row]) -> QueuedMessage:
    id_, domain, *_ = rows[0]
    account, reverse_path, prefix, size, smtputf8, has_8bit, require_tls, queued_at, *told = rows[0][6:]
    return QueuedMessage(
        id=id_,
        account=account,
        reverse_path=reverse_path,
        prefix=prefix,
        size=size,
        smtputf8=bool(smtputf8),
        has_8bit=bool(has_8bit),
        require_tls=None if require_tls is None else bool(require_tls),
        queued_at=datetime.fromtimestamp(queued_at, UTC),
        domain=domain,
        entries=tuple(_entry(row) for row in rows),
        message_id=told[0],
        subject=told[1],
    )


def _entry(row: Row) -> QueuedEntry:
    id_, recipient, attempts, due_at = row[2:6]
    return QueuedEntry(id_, recipient, attempts, datetime.fromtimestamp(due_at, UTC))


def postpone(connection: Connection, entries: Sequence[QueuedEntry], *, due_at: int, now: int) -> None:
    """Count an attempt before it is made, so that a crash in its middle does not repeat it at once."""
    connection.run_many(_POSTPONE, [{"id": entry.id, "due_at": due_at, "now": now} for entry in entries])


def record(connection: Connection, message_id: int, attempted: Sequence[Attempted], *, now: int) -> bool:
    """Write what an attempt came to; return whether the message's last entry is gone with it."""
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
            connection.run(_REMOVE_ENTRY, id=entry.id)
    connection.run(_REMOVE_MESSAGE, id=message_id)
    return connection.changed > 0


def list_entries(connection: Connection) -> list[dict[str, object]]:
    """Return all entries, soonest first, for people and scripts."""
    names = (
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
        "error",
    )
    return [dict(zip(names, row, strict=True)) for row in connection.rows(_LIST)]
