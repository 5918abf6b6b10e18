"""Reads of messages: short, inline on the loop, through an account's `reader`.

Rows of removed messages can be read too, for sessions that have not heard of the removal.
"""

from array import array
from collections.abc import Sequence
from typing import NamedTuple

from mox.database import Connection
from mox.store.account import Account
from mox.store.flags import Flag

__all__ = [
    "MessageRow",
    "StoredContent",
    "first_unseen_uid",
    "highest_modseq",
    "live_uids",
    "message_rows",
    "stored_messages",
]

_UIDS = """SELECT group_concat(uid, ' ') FROM
  (SELECT uid FROM message WHERE mailbox_id = :mailbox_id AND expunged_at IS NULL ORDER BY uid)"""
_FIRST_UNSEEN = """SELECT min(uid) FROM message
  WHERE mailbox_id = :mailbox_id AND expunged_at IS NULL AND NOT flags & :seen"""
_MODSEQ = "SELECT modseq FROM account"
_COLUMNS = """id, uid, modseq, flags, flags_text, received_at, saved_at, size, expunged_at, moved_to,
  coalesce(email_id, moved_to, id), thread_id"""
_LIVE = f"""SELECT {_COLUMNS} FROM message
  WHERE mailbox_id = :mailbox_id AND uid BETWEEN :first AND :last AND expunged_at IS NULL
  ORDER BY uid LIMIT :limit"""  # noqa: S608  a constant
# By modseq's index: its first column is the mailbox. Tombstones are few, and asked for seldom.
_WITH_REMOVED = f"""SELECT {_COLUMNS} FROM message
  WHERE mailbox_id = :mailbox_id AND uid BETWEEN :first AND :last ORDER BY uid LIMIT :limit"""  # noqa: S608  a constant
_STORED = """SELECT m.id, m.uid, m.modseq, m.flags, m.flags_text, m.received_at, m.saved_at, m.size,
    m.expunged_at, m.moved_to, coalesce(m.email_id, m.moved_to, m.id), m.thread_id,
    c.prefix, c.header, c.internaldate, {rendered}
  FROM message m JOIN content c ON c.id = coalesce(m.moved_to, m.id)
  WHERE m.mailbox_id = :mailbox_id AND m.uid IN (SELECT value FROM json_each(:uids)) ORDER BY m.uid"""
_WIDE = _STORED.format(rendered="c.envelope, c.bodystructure, c.body, c.needs_utf8, c.preview")
_SLIM = _STORED.format(rendered="NULL, NULL, NULL, c.needs_utf8, NULL")
_SEEN = int(Flag.SEEN)


class MessageRow(NamedTuple):
    """A message without its content; times are Unix seconds. A tuple, since thousands are made at once."""

    id: int
    uid: int
    modseq: int
    bits: int
    flags_text: str
    received_at: int
    saved_at: int
    size: int
    expunged_at: int | None
    moved_to: int | None
    email_id: int
    thread_id: int

    @property
    def content_id(self) -> int:
        """Whose content row and file hold this message's octets."""
        return self.id if self.moved_to is None else self.moved_to

    @property
    def is_seen(self) -> bool:
        r"""Whether \Seen is set."""
        return self.bits & _SEEN != 0


_ROW_COLUMNS = len(MessageRow._fields)


class StoredContent(NamedTuple):
    """What is stored beside a message's file.

    Attributes:
        prefix: Octets before the file; the message is both.
        header: The whole header section, prefix included; None if it is too large to be kept here.
        envelope: As IMAP writes it; None, like the other renderings, if it was not asked for.
        file: Name of the message's file.
    """

    prefix: bytes
    header: bytes | None
    internaldate: str
    envelope: bytes | None
    bodystructure: bytes | None
    body: bytes | None
    needs_utf8: bool
    preview: str | None
    file: str


def live_uids(connection: Connection, mailbox_id: int) -> "array[int]":
    """Return the UIDs of a mailbox, ascending."""
    # One aggregated row: the driver gives up its turn at every row.
    text = connection.value(_UIDS, mailbox_id=mailbox_id)
    return array("I", map(int, text.split())) if text else array("I")


def first_unseen_uid(connection: Connection, mailbox_id: int) -> int | None:
    """Return the lowest UID without the Seen flag."""
    uid: int | None = connection.value(_FIRST_UNSEEN, mailbox_id=mailbox_id, seen=int(Flag.SEEN))
    return uid


def highest_modseq(connection: Connection) -> int:
    """Return the account's last modseq."""
    modseq: int = connection.value(_MODSEQ)
    return modseq


def message_rows(
    connection: Connection,
    mailbox_id: int,
    first_uid: int,
    last_uid: int,
    *,
    with_removed: bool = False,
    limit: int = -1,
) -> list[MessageRow]:
    """Return the messages in a range of UIDs, ascending."""
    rows = connection.rows(
        _WITH_REMOVED if with_removed else _LIVE,
        mailbox_id=mailbox_id,
        first=first_uid,
        last=last_uid,
        limit=limit,
    )
    return [MessageRow(*row) for row in rows]


def stored_messages(
    account: Account, mailbox_id: int, uids: Sequence[int], *, with_renderings: bool = True
) -> list[tuple[MessageRow, StoredContent]]:
    """Return messages with what is stored beside their files, ascending; some 50 at a time.

    Removed messages are among them as long as their content is kept.
    """
    statement = _WIDE if with_renderings else _SLIM
    rows = account.reader.rows(statement, mailbox_id=mailbox_id, uids=f"[{','.join(map(str, uids))}]")
    name = account.files.name
    found = []
    for columns in rows:
        row = MessageRow._make(columns[:_ROW_COLUMNS])
        found.append((row, StoredContent._make((*columns[_ROW_COLUMNS:], name(row.content_id)))))
    return found
