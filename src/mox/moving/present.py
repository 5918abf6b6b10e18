"""Which messages the account has already: the same Message-ID, and the same octets.

How a message was kept does not count: header fields that mbox files add are left out. Messages of no
Message-ID are compared by their octets alone.
"""

import hashlib

from mox.database import Connection
from mox.moving.mboxheaders import MOVING_FIELDS
from mox.store import MessageFiles
from moxkit.message import header_fields

__all__ = ["Present", "message_key"]

_LONGEST_HEADER = 256 << 10
_BY_MESSAGE_ID = """SELECT m.id, c.prefix FROM message m CROSS JOIN content c ON c.id = m.id
  WHERE m.message_id = :message_id AND m.expunged_at IS NULL ORDER BY m.id LIMIT 20"""
_NAMELESS = """SELECT m.id, c.prefix FROM message m CROSS JOIN content c ON c.id = m.id
  WHERE m.message_id IS NULL AND m.expunged_at IS NULL AND m.id > :after ORDER BY m.id LIMIT 200"""
# In the staging database: it grows with the mail and memory does not.
_TABLES = (
    "CREATE TABLE present (key BLOB PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE taken (mailbox TEXT, key BLOB, PRIMARY KEY (mailbox, key)) WITHOUT ROWID",
)
_ADD = "INSERT OR IGNORE INTO present VALUES (:key)"
_IS_PRESENT = "SELECT 1 FROM present WHERE key = :key"
_TAKE = "INSERT OR IGNORE INTO taken VALUES (:mailbox, :key)"
_IS_TAKEN = "SELECT 1 FROM taken WHERE mailbox = :mailbox AND key = :key"


def message_key(octets: bytes | memoryview) -> bytes:
    """Return what two messages share that are the same."""
    view = memoryview(octets)
    beginning = bytes(view[:_LONGEST_HEADER])
    end = beginning.find(b"\r\n\r\n") + 4
    if end < 4:
        return hashlib.sha256(view).digest()
    digest = hashlib.sha256(header_fields(beginning[:end], MOVING_FIELDS, negate=True))
    digest.update(view[end:])
    return digest.digest()


class Present:
    """Knows what an account has, and what was taken of the archive so far."""

    def __init__(self, staged: Connection, account: Connection, files: MessageFiles) -> None:
        """Read the messages without a Message-ID, which are few."""
        self._staged = staged
        self._account = account
        self._files = files
        for statement in _TABLES:
            staged.run(statement)
        after = 0
        while rows := account.rows(_NAMELESS, after=after):
            for id_, prefix in rows:
                after = id_
                if (key := self._stored_key(id_, prefix)) is not None:
                    staged.run(_ADD, key=key)

    def _stored_key(self, id_: int, prefix: bytes) -> bytes | None:
        try:
            return message_key(prefix + self._files.path(id_).read_bytes())
        except OSError:
            return None

    def is_present(self, message_id: str, key: bytes) -> bool:
        """Say whether the account had a message before the import."""
        if not message_id:
            return self._staged.row(_IS_PRESENT, key=key) is not None
        rows = self._account.rows(_BY_MESSAGE_ID, message_id=message_id)
        return any(self._stored_key(id_, prefix) == key for id_, prefix in rows)

    def is_taken(self, mailbox: str, key: bytes) -> bool:
        """Say whether the archive had the message in that mailbox before; note that it has."""
        if self._staged.row(_IS_TAKEN, mailbox=mailbox, key=key) is not None:
            return True
        self._staged.run(_TAKE, mailbox=mailbox, key=key)
        return False
