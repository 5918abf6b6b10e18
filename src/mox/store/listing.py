"""Messages for people and scripts: who wrote what to whom, newest first."""

from collections.abc import Iterator
from dataclasses import dataclass

from mox.database import Connection, Row
from mox.store.account import Account
from moxkit.message import Headers

__all__ = ["ListedMessage", "list_messages", "read_message"]

_COLUMNS = """m.id, m.uid, b.name, m.received_at, m.size, m.flags_text, c.header, c.preview, c.envelope_from,
  c.envelope_to, c.problems, c.decisions"""
_NEWEST = f"""SELECT {_COLUMNS} FROM message m JOIN content c USING (id) JOIN mailbox b ON b.id = m.mailbox_id
  WHERE m.expunged_at IS NULL AND m.id < :before ORDER BY m.id DESC LIMIT :limit"""  # noqa: S608  constants
_ONE = f"""SELECT {_COLUMNS} FROM message m JOIN content c USING (id) JOIN mailbox b ON b.id = m.mailbox_id
  WHERE m.id = :id"""  # noqa: S608  constants
_PREFIX = "SELECT prefix FROM content WHERE id = :id"
_PAGE = 200
_LAST = 2**62


@dataclass(frozen=True, slots=True)
class ListedMessage:
    """A message at a glance; header texts are decoded, absent ones empty."""

    id: int
    uid: int
    mailbox: str
    received_at: int
    size: int
    flags: str
    from_: str
    to: str
    subject: str
    message_id: str
    preview: str
    envelope_from: str | None
    envelope_to: str | None
    problems: str | None
    decisions: str | None

    def matches(self, *, to: str = "", from_: str = "", subject: str = "") -> bool:
        """Say whether all given texts occur, in any case; envelope addresses count too."""

        def occurs(wanted: str, *texts: str | None) -> bool:
            return any(wanted.casefold() in (text or "").casefold() for text in texts)

        return (
            occurs(to, self.to, self.envelope_to)
            and occurs(from_, self.from_, self.envelope_from)
            and occurs(subject, self.subject)
        )


def _listed(row: Row) -> ListedMessage:
    id_, uid, mailbox, received_at, size, flags, header, preview, *rest = row
    headers = Headers(header or b"")

    def text(name: str) -> str:
        return headers.text(name) or ""

    return ListedMessage(
        id_,
        uid,
        mailbox,
        received_at,
        size,
        flags,
        text("from"),
        text("to"),
        text("subject"),
        text("message-id"),
        preview,
        *rest,
    )


def list_messages(connection: Connection) -> Iterator[ListedMessage]:
    """Yield messages, newest first, a page at a time, so that the caller can stop early."""
    before = _LAST
    while rows := connection.rows(_NEWEST, before=before, limit=_PAGE):
        yield from map(_listed, rows)
        before = rows[-1][0]


def read_message(account: Account, message_id: int) -> tuple[ListedMessage, bytes] | None:
    """Return a message with all its octets; None if there is none."""
    row = account.reader.row(_ONE, id=message_id)
    if row is None:
        return None
    return _listed(row), account.reader.value(_PREFIX, id=message_id) + account.files.path(
        message_id
    ).read_bytes()
