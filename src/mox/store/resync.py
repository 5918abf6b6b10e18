"""What happened in a mailbox since a modseq: for clients that come back (RFC 7162 §3.2.5).

One aggregated row for each question: the driver gives up its turn at every row.
"""

import re
from array import array
from collections.abc import Iterator
from typing import NamedTuple

from mox.database import Connection

__all__ = ["ChangedMessage", "changed_since", "is_history_complete", "removed_since"]

_CHANGED = """SELECT group_concat(uid || ' ' || modseq || ' ' || flags_text, char(10)) FROM
  (SELECT uid, modseq, flags_text FROM message
   WHERE mailbox_id = :mailbox_id AND modseq > :modseq AND expunged_at IS NULL ORDER BY uid)"""
_REMOVED = """SELECT group_concat(uid, ' ') FROM
  (SELECT uid FROM message
   WHERE mailbox_id = :mailbox_id AND modseq > :modseq AND expunged_at IS NOT NULL ORDER BY uid)"""
_CHANGED_LINE = re.compile(r"(\d+) (\d+) (.*)")
_PURGED = "SELECT purged_modseq FROM account"


class ChangedMessage(NamedTuple):
    """A live message as it is now; a tuple, since thousands are made at once."""

    uid: int
    modseq: int
    flags_text: str


def changed_since(connection: Connection, mailbox_id: int, modseq: int) -> Iterator[ChangedMessage]:
    """Return live messages that are new or have other flags since, ascending.

    The database is read at once; what it said is taken apart piece by piece, so that a caller who has to say
    much of it can let others have their turn.
    """
    text: str | None = connection.value(_CHANGED, mailbox_id=mailbox_id, modseq=modseq)
    return (
        ChangedMessage(int(line[1]), int(line[2]), line[3]) for line in _CHANGED_LINE.finditer(text or "")
    )


def removed_since(connection: Connection, mailbox_id: int, modseq: int) -> "array[int]":
    """Return the UIDs of messages that were removed since, ascending; right if the history is complete."""
    text = connection.value(_REMOVED, mailbox_id=mailbox_id, modseq=modseq)
    return array("I", map(int, text.split())) if text else array("I")


def is_history_complete(connection: Connection, modseq: int) -> bool:
    """Return whether all removals after a modseq are remembered (RFC 7162 §3.2.6, minmodseq)."""
    purged: int = connection.value(_PURGED)
    return modseq >= purged
