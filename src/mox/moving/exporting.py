"""What an export consists of: directories and files of an account's mail, made one after the other.

Layout: reference import-export.md §5.2. Mailboxes come by name, messages by the time of their arrival.
Nothing is locked: an export of hours sees what is there when it comes to it. A message whose file cannot be
read is left out, and named in `errors.txt` at the end.
"""

import json
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from mox.database import Connection, Row, open_reader
from mox.moving.exportmessages import Letters, StoredMessage, maildir_octets, mbox_octets
from mox.moving.maildirnames import spell_component
from mox.store import MailboxUnknownError, MessageFiles

__all__ = ["ExportFile", "ExportFormat", "ExportRequest", "Exporter", "export_name"]

_MAILBOXES = "SELECT id, name FROM mailbox WHERE expunged_at IS NULL ORDER BY name"
_IDS = """SELECT group_concat(id, ' ') FROM (SELECT id FROM message
  WHERE mailbox_id = :mailbox_id AND expunged_at IS NULL ORDER BY received_at, id)"""
_SELECTED = """SELECT group_concat(id, ' ') FROM (SELECT m.id FROM message m
  WHERE m.id IN (SELECT value FROM json_each(:ids)) AND m.expunged_at IS NULL ORDER BY m.received_at, m.id)"""
# Those that left meanwhile are not here any more.
_PAGE = """SELECT m.id, m.flags, m.keywords, m.received_at, m.size, c.prefix, c.envelope_from
  FROM json_each(:ids) j CROSS JOIN message m ON m.id = j.value CROSS JOIN content c ON c.id = m.id
  WHERE m.expunged_at IS NULL ORDER BY j.key"""
_TOGETHER = 200
_SELECTION = "Export"
_FOLDERS = ("new", "cur", "tmp")
_MOST_ERRORS = 10_000


class ExportFormat(StrEnum):
    """How mail is written."""

    MAILDIR = "maildir"
    MBOX = "mbox"


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What somebody wants to take along.

    Attributes:
        mailbox: Only this one; empty for all.
        is_recursive: With those below it.
        message_ids: Only these, whatever their mailbox.
    """

    format: ExportFormat
    mailbox: str = ""
    is_recursive: bool = False
    message_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file or directory of an export.

    Attributes:
        name: With `/`; relative, without `.` and `..`.
        modified_at: Unix seconds.
        pieces: Octets of a file, to be read before the next file is asked for; None for a directory.
    """

    name: str
    modified_at: int
    pieces: Iterator[bytes] | None


def export_name(request: ExportRequest, extension: str, now: datetime) -> str:
    """Return how an export is called when it is saved; the extension has its dot, or is empty."""
    if len(request.message_ids) == 1:
        what = ""
    elif request.message_ids:
        what = "-selection"
    else:
        what = f"-{request.mailbox.replace('/', '-')}" if request.mailbox else "-all"
    return f"mailexport{what}-{now:%Y%m%d-%H%M%S}.{request.format}{extension}"


class Exporter:
    """One export.

    Attributes:
        done: How many messages were written.
        errors: What was left out, and why.
    """

    def __init__(self, *, account: Path, request: ExportRequest, now: int) -> None:
        """Look what there is.

        Args:
            account: The directory of the account.
            request: What is wanted.
            now: Unix seconds, for directories.

        Raises:
            MailboxUnknownError: There is no such mailbox.
            mox.database.DatabaseError: The account cannot be read.
        """
        self.done = 0
        self.errors: list[str] = []
        self._files = MessageFiles(account / "msg")
        self._request = request
        self._now = now
        self._reader: Connection = open_reader(account / "index.db")
        try:
            self._mailboxes = self._chosen()
            self.total = self._count()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the account."""
        self._reader.close()

    def _chosen(self) -> list[tuple[int, str]]:
        """Return id and name of mailboxes; the parents of the one that is wanted are cut off."""
        request = self._request
        if request.message_ids:
            return [(0, _SELECTION)]
        boxes: list[tuple[int, str]] = [(id_, name) for id_, name in self._reader.rows(_MAILBOXES)]
        if not request.mailbox:
            return boxes
        wanted = request.mailbox
        if wanted not in {name for _, name in boxes}:
            raise MailboxUnknownError(wanted)
        cut = len(wanted) - len(wanted.rpartition("/")[2])
        return [
            (id_, name[cut:])
            for id_, name in boxes
            if name == wanted or (request.is_recursive and name.startswith(f"{wanted}/"))
        ]

    def _count(self) -> int:
        if self._request.message_ids:
            return len(self._request.message_ids)
        ids = json.dumps([id_ for id_, _ in self._mailboxes])
        total: int = self._reader.value(
            "SELECT coalesce(sum(total), 0) FROM mailbox WHERE id IN (SELECT value FROM json_each(:ids))",
            ids=ids,
        )
        return total

    def files(self) -> Iterator[ExportFile]:
        """Yield all files; called once.

        Raises:
            OSError: Disks have problems; not those of single messages.
        """
        is_maildir = self._request.format is ExportFormat.MAILDIR
        for mailbox_id, name in self._mailboxes:
            if is_maildir:
                yield from self._maildir(mailbox_id, name)
            else:
                yield ExportFile(f"{name}.mbox", self._now, self._mbox(mailbox_id))
        if self.errors:
            yield ExportFile("errors.txt", self._now, iter(["".join(f"{e}\n" for e in self.errors).encode()]))

    def _maildir(self, mailbox_id: int, name: str) -> Iterator[ExportFile]:
        path = "/".join(map(spell_component, name.split("/")))
        for folder in _FOLDERS:
            yield ExportFile(f"{path}/{folder}", self._now, None)
        letters = Letters()
        for message in self._messages(mailbox_id):
            octets = self._readable(message, maildir_octets(message))
            if octets is not None:
                yield ExportFile(f"{path}/{letters.file_name(message)}", message.received_at, octets)
        if letters.left_out:
            self._error(
                f"{name}: keywords for which there is no letter: {', '.join(sorted(letters.left_out))}"
            )
        if letters.keywords:
            yield ExportFile(f"{path}/dovecot-keywords", self._now, iter([letters.octets]))

    def _mbox(self, mailbox_id: int) -> Iterator[bytes]:
        for message in self._messages(mailbox_id):
            octets = self._readable(message, mbox_octets(message))
            if octets is not None:
                yield from octets

    def _readable(self, message: StoredMessage, pieces: Iterator[bytes]) -> Iterator[bytes] | None:
        """Return the octets if they can be read, at least to begin with."""
        try:
            first = next(pieces, b"")
        except OSError as error:
            self._error(f"message {message.id} cannot be read: {error.strerror}")
            return None
        self.done += 1
        return self._rest(message, first, pieces)

    def _rest(self, message: StoredMessage, first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
        yield first
        try:
            yield from pieces
        except OSError as error:
            self._error(f"message {message.id} cannot be read to its end: {error.strerror}")
        if message.has_wrong_size:
            self._error(f"message {message.id}: its file is not as large as it should be")

    def _error(self, text: str) -> None:
        if len(self.errors) < _MOST_ERRORS:
            self.errors.append(text)

    def _messages(self, mailbox_id: int) -> Iterator[StoredMessage]:
        if self._request.message_ids:
            text = self._reader.value(_SELECTED, ids=json.dumps(self._request.message_ids))
        else:
            text = self._reader.value(_IDS, mailbox_id=mailbox_id)
        # Eight octets each: a million messages are listed in 8 MB.
        ids = array("q", map(int, text.split())) if text else array("q")
        for at in range(0, len(ids), _TOGETHER):
            for row in self._page(ids[at : at + _TOGETHER]):
                yield StoredMessage.of_row(row, self._files)

    def _page(self, ids: Sequence[int]) -> list[Row]:
        return self._reader.rows(_PAGE, ids=json.dumps(list(ids)))
