"""Messages that were put aside, in Rejects or Introbox, and what a person means by taking them out.

A message counts for reputation in the mailbox it was meant for: until somebody decides, that is noted here.
"""

import json
from collections.abc import Sequence

from mox.database import Connection
from mox.store.flags import Flag

__all__ = [
    "copied_out",
    "forget_aside",
    "has_reject",
    "is_aside",
    "moved_out",
    "put_aside",
    "reject_of",
    "rejects_before",
]

_PUT = "INSERT INTO aside VALUES (:id, :mailbox_id, :is_reject, :content_hash)"
_REJECT_BY_HASH = """SELECT 1 FROM aside a CROSS JOIN message m ON m.id = a.id
  WHERE a.content_hash = :content_hash AND m.expunged_at IS NULL LIMIT 1"""
_REJECT_BY_MESSAGE_ID = """SELECT 1 FROM message m CROSS JOIN aside a ON a.id = m.id
  WHERE m.message_id = :message_id AND m.expunged_at IS NULL AND a.is_reject LIMIT 1"""
_REJECT_OF = """SELECT m.mailbox_id, m.uid FROM message m CROSS JOIN aside a ON a.id = m.id
  WHERE m.message_id = :message_id AND m.expunged_at IS NULL AND a.is_reject LIMIT 1"""
_OF = "SELECT id, mailbox_id, is_reject FROM aside WHERE id IN (SELECT value FROM json_each(:ids))"
_MEANT_FOR = "UPDATE message SET original_mailbox_id = :mailbox_id WHERE id = :id"
_DELETE = "DELETE FROM aside WHERE id = :id"
_REJECTS_OF = """SELECT m.uid FROM aside a CROSS JOIN message m ON m.id = a.id
  WHERE a.is_reject AND m.mailbox_id = :mailbox_id AND m.expunged_at IS NULL AND m.received_at < :before
  ORDER BY m.uid"""
_ANY = "SELECT 1 FROM aside LIMIT 1"


def put_aside(
    connection: Connection, message_id: int, *, mailbox_id: int, is_reject: bool, content_hash: bytes | None
) -> None:
    """Note where a message that was just filed would have gone."""
    connection.run(_PUT, id=message_id, mailbox_id=mailbox_id, is_reject=is_reject, content_hash=content_hash)


def has_reject(connection: Connection, *, message_id: str, content_hash: bytes) -> bool:
    """Say whether the same message was rejected and kept before."""
    if connection.row(_REJECT_BY_HASH, content_hash=content_hash) is not None:
        return True
    return bool(message_id) and connection.row(_REJECT_BY_MESSAGE_ID, message_id=message_id) is not None


def reject_of(connection: Connection, message_id: str) -> tuple[int, int] | None:
    """Return mailbox id and UID of the kept reject with a normalised Message-ID, if there is one."""
    return connection.row(_REJECT_OF, message_id=message_id)


def rejects_before(connection: Connection, mailbox_id: int, before: int) -> list[int]:
    """Return the UIDs of kept rejects in a mailbox that came before a time."""
    return [uid for (uid,) in connection.rows(_REJECTS_OF, mailbox_id=mailbox_id, before=before)]


def is_aside(connection: Connection) -> bool:
    """Say whether there is any message put aside: mostly there is none."""
    return connection.row(_ANY) is not None


def moved_out(connection: Connection, ids: Sequence[int], target_id: int, bits: dict[int, int]) -> None:
    """Take note that messages are moved to a mailbox; change their flags in `bits` as that means.

    A reject counts from now on where it was meant for, and is new to its reader. A message of Introbox that
    goes where it was meant for is not junk, unless its flags say something.
    """
    judged = int(Flag.JUNK | Flag.NOTJUNK)
    for id_, meant_for, is_reject in connection.rows(_OF, ids=json.dumps(list(ids))):
        if is_reject:
            bits[id_] &= ~int(Flag.SEEN)
        elif target_id == meant_for and not bits[id_] & judged:
            bits[id_] |= int(Flag.NOTJUNK)
        if is_reject or bits[id_] & judged or target_id == meant_for:
            connection.run(_MEANT_FOR, id=id_, mailbox_id=meant_for)
            connection.run(_DELETE, id=id_)


def copied_out(connection: Connection, from_ids: Sequence[int], first_id: int) -> None:
    """Take note that messages were copied; copies have ids in a row, and are not aside."""
    places = {id_: at for at, id_ in enumerate(from_ids)}
    for id_, meant_for, _ in connection.rows(_OF, ids=json.dumps(list(from_ids))):
        connection.run(_MEANT_FOR, id=first_id + places[id_], mailbox_id=meant_for)


def forget_aside(connection: Connection, message_id: int) -> None:
    """Forget it, with a message's content."""
    connection.run(_DELETE, id=message_id)
