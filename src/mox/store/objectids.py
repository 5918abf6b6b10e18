"""Identifiers that stay with mailboxes, contents and threads wherever they go (RFC 8474).

`F`, `M` or `T`, the account's prefix, and a number: of a mailbox, of the message that first had the content,
of the message that began the thread. A copy has the identifier of its source; moving and renaming change
nothing.
"""

import re

from mox.database import Connection

__all__ = [
    "email_object_id",
    "mailbox_object_id",
    "object_prefix",
    "thread_object_id",
    "uids_of_email",
    "uids_of_thread",
]

_ID = re.compile(r"([MT])([0-9a-f]{8})-([1-9][0-9]{0,17})")
_PREFIX = "SELECT object_prefix FROM account"
# By the primary key and two partial indexes; what lies in other mailboxes is passed over.
_UIDS_OF_EMAIL = """SELECT uid FROM message WHERE id = :id AND email_id IS NULL
    AND mailbox_id = :mailbox_id AND expunged_at IS NULL
  UNION ALL SELECT uid FROM message WHERE email_id = :id
    AND +mailbox_id = :mailbox_id AND expunged_at IS NULL"""
_UIDS_OF_THREAD = """SELECT uid FROM message WHERE thread_id = :id
    AND +mailbox_id = :mailbox_id AND expunged_at IS NULL"""


def object_prefix(connection: Connection) -> str:
    """Return what stands in all of an account's identifiers; it never changes."""
    prefix: str = connection.value(_PREFIX)
    return prefix


def mailbox_object_id(prefix: str, mailbox_id: int) -> str:
    """Return a mailbox's identifier (RFC 8474 §4)."""
    return f"F{prefix}-{mailbox_id}"


def email_object_id(prefix: str, email_id: int) -> str:
    """Return the identifier of a message's content (RFC 8474 §5.1)."""
    return f"M{prefix}-{email_id}"


def thread_object_id(prefix: str, thread_id: int) -> str:
    """Return a thread's identifier (RFC 8474 §5.2)."""
    return f"T{prefix}-{thread_id}"


def _number(connection: Connection, kind: str, object_id: str) -> int | None:
    found = _ID.fullmatch(object_id)
    if found is None or found[1] != kind or found[2] != object_prefix(connection):
        return None
    return int(found[3])


def uids_of_email(connection: Connection, mailbox_id: int, object_id: str) -> list[int]:
    """Return the UIDs of a mailbox's messages with a content, ascending; none for what is no identifier."""
    number = _number(connection, "M", object_id)
    if number is None:
        return []
    return sorted(row[0] for row in connection.rows(_UIDS_OF_EMAIL, id=number, mailbox_id=mailbox_id))


def uids_of_thread(connection: Connection, mailbox_id: int, object_id: str) -> list[int]:
    """Return the UIDs of a mailbox's messages of a thread, ascending; none for what is no identifier."""
    number = _number(connection, "T", object_id)
    if number is None:
        return []
    return sorted(row[0] for row in connection.rows(_UIDS_OF_THREAD, id=number, mailbox_id=mailbox_id))
