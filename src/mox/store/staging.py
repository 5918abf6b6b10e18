"""Staging: mail is written and rendered at leisure, seen by nobody; what an account gets at once is copied.

Used by one thread, mostly of another process than the server's. Nothing here is durable before `finish`: a
crash leaves a directory that `discard_staging` removes.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from mox.database import Connection
from mox.runtime import link_or_copy, remove_file
from mox.store.correspondents import recipients_of
from mox.store.files import ids_per_directory
from mox.store.filewriting import FileWriting, write_file
from mox.store.flags import NO_FLAGS, Flags
from mox.store.prepared import Prepared
from mox.store.senders import identities_json
from mox.store.spool import Content
from mox.store.stagingplace import StagingPlace
from mox.store.syncmany import sync_many
from mox.store.times import imap_datetime

__all__ = ["StagedMessage", "Staging"]

_TABLES = (
    """CREATE TABLE mailbox (
      id       INTEGER PRIMARY KEY,
      name     TEXT NOT NULL UNIQUE,
      messages INTEGER NOT NULL DEFAULT 0)""",
    # What is in the account's `message` and follows from the message alone; late_ is added to what its
    # mailbox says, letters are of Maildir and not resolved yet.
    """CREATE TABLE message (
      id           INTEGER PRIMARY KEY,
      mailbox_id   INTEGER NOT NULL,
      place        INTEGER NOT NULL,
      flags        INTEGER NOT NULL,
      keywords     TEXT NOT NULL,
      late_flags   INTEGER NOT NULL DEFAULT 0,
      letters      TEXT NOT NULL,
      received_at  INTEGER NOT NULL,
      size         INTEGER NOT NULL,
      thread_id    INTEGER NOT NULL,
      message_id   TEXT,
      base_subject TEXT,
      email_id     INTEGER,
      thread_facts TEXT NOT NULL,
      identities   TEXT NOT NULL)""",
    """CREATE TABLE content (
      id             INTEGER PRIMARY KEY,
      header         BLOB,
      internaldate   TEXT NOT NULL,
      envelope       BLOB NOT NULL,
      bodystructure  BLOB NOT NULL,
      body           BLOB NOT NULL,
      needs_utf8     INTEGER NOT NULL,
      preview        TEXT NOT NULL,
      problems       TEXT,
      thread_parents TEXT NOT NULL DEFAULT '[]',
      thread_missing_link INTEGER NOT NULL DEFAULT 0)""",
    "CREATE INDEX message_by_letters ON message(mailbox_id, letters) WHERE letters <> ''",
)
_ADD_MAILBOX = "INSERT INTO mailbox(name) VALUES (:name)"
_COUNT = "UPDATE mailbox SET messages = :messages WHERE id = :id"
_ADD_MESSAGE = """INSERT INTO message(id, mailbox_id, place, flags, keywords, letters, received_at, size,
    thread_id, message_id, base_subject, email_id, thread_facts, identities)
  VALUES (:id, :mailbox_id, :place, :flags, :keywords, :letters, :received_at, :size,
    :id, :message_id, :base_subject, :email_id, :thread_facts, :identities)"""
_ADD_CONTENT = """INSERT INTO content(id, header, internaldate, envelope, bodystructure, body, needs_utf8,
    preview, problems)
  VALUES (:id, :header, :internaldate, :envelope, :bodystructure, :body, :needs_utf8,
    :preview, :problems)"""
# A transaction of the staging database: it bounds what is in memory.
_TOGETHER = 500


@dataclass(frozen=True, slots=True)
class StagedMessage:
    """A message to be staged.

    Attributes:
        mailbox: Whole name, checked.
        content: As `Staging.write` or `write_later` returned it.
        prepared: What was learned from it.
        flags: As they came; the mailbox may change those about junk.
        letters: Of a Maildir file name, to be resolved when the list of keywords is known.
        received_at: INTERNALDATE, Unix seconds.
        is_sent: Its recipients become known to the account, if the mailbox is for sent mail at the end.
    """

    mailbox: str
    content: Content
    prepared: Prepared
    flags: Flags
    letters: str
    received_at: int
    is_sent: bool


@dataclass(slots=True)
class _Mailbox:
    id: int
    messages: int = 0


class Staging:
    """Writes one staging; `close` it, whatever happened."""

    def __init__(self, place: StagingPlace) -> None:
        """Begin.

        Raises:
            mox.database.DatabaseError, OSError: It cannot be written.
        """
        self.place = place
        self.octets = 0
        self._next_id = place.first_id
        self._mailboxes: dict[str, _Mailbox] = {}
        self._directories: list[Path] = []
        self._writing = FileWriting()
        self.connection = Connection(place.database)
        for statement in ("PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF", *_TABLES, "BEGIN"):
            self.connection.run(statement)

    @property
    def messages(self) -> int:
        """How many there are."""
        return self._next_id - self.place.first_id

    def ensure_mailbox(self, name: str) -> int:
        """Have a mailbox in the end, even if it stays empty; return how many messages it gets so far."""
        return self._mailbox(name).messages

    def _mailbox(self, name: str) -> _Mailbox:
        if (mailbox := self._mailboxes.get(name)) is None:
            self.connection.run(_ADD_MAILBOX, name=name)
            mailbox = self._mailboxes[name] = _Mailbox(self.connection.last_id)
        return mailbox

    @property
    def counts(self) -> dict[str, int]:
        """How many messages each mailbox gets, in the order in which they were met."""
        return {name: mailbox.messages for name, mailbox in self._mailboxes.items()}

    def write(self, pieces: Iterable[bytes]) -> Content:
        """Write the octets of the next message, however many; it replaces what was written and not added.

        Raises:
            OSError: No room, or whatever the disk says.
        """
        path = self._path()
        return Content(path, write_file(path, pieces), None)

    def write_later(self, octets: bytes) -> Content:
        """Have the octets of the next message written meanwhile; it is to be added.

        Raises:
            OSError: An earlier one could not be written.
        """
        path = self._path()
        self._writing.write(path, octets)
        return Content(path, len(octets), octets)

    def _path(self) -> Path:
        path = self.place.file(self._next_id)
        if self.messages % ids_per_directory() == 0 and path.parent not in self._directories[-1:]:
            path.parent.mkdir(mode=0o770)
            self._directories.append(path.parent)
        return path

    def add(self, staged: StagedMessage) -> int:
        """Stage a message whose content was just written; return the id it will have."""
        return self._add(staged, None)

    def add_copy(self, staged: StagedMessage, of_id: int) -> int:
        """Stage a message with the content of an earlier one.

        Raises:
            OSError: The file cannot be had.
        """
        path = self._path()
        self._writing.wait()
        link_or_copy(self.place.file(of_id), path)
        return self._add(staged, of_id)

    def _add(self, staged: StagedMessage, email_id: int | None) -> int:
        id_, prepared = self._next_id, staged.prepared
        mailbox = self._mailbox(staged.mailbox)
        identities = recipients_of(prepared.header or b"") if staged.is_sent else ()
        self.connection.run(
            _ADD_MESSAGE,
            id=id_,
            mailbox_id=mailbox.id,
            place=mailbox.messages,
            flags=int(staged.flags.bits),
            keywords=" ".join(staged.flags.keywords),
            letters=staged.letters,
            received_at=staged.received_at,
            size=prepared.size,
            message_id=prepared.message_id or None,
            base_subject=prepared.base_subject or None,
            email_id=email_id,
            thread_facts=_json([prepared.references, prepared.is_reply, prepared.is_dsn]),
            identities=identities_json(identities),
        )
        self.connection.run(
            _ADD_CONTENT,
            id=id_,
            header=prepared.header,
            internaldate=imap_datetime(staged.received_at),
            envelope=prepared.envelope,
            bodystructure=prepared.bodystructure,
            body=prepared.body,
            needs_utf8=prepared.needs_utf8,
            preview=prepared.preview,
            problems=_json(prepared.problems) if prepared.problems else None,
        )
        mailbox.messages += 1
        self._next_id += 1
        self.octets += prepared.size
        if self.messages % _TOGETHER == 0:
            self.connection.run("COMMIT")
            self.connection.run("BEGIN")
        return id_

    def resolve_letters(self, mailbox: str, keywords: dict[str, Flags]) -> set[str]:
        """Give the messages of a mailbox the keywords of their letters; return letters without one."""
        if (found := self._mailboxes.get(mailbox)) is None:
            return set()
        unknown = set[str]()
        rows = self.connection.rows(
            "SELECT DISTINCT letters FROM message WHERE mailbox_id = :id AND letters <> ''", id=found.id
        )
        for (letters,) in rows:
            unknown |= set(letters) - keywords.keys()
            self._give(found.id, letters, [keywords[each] for each in letters if each in keywords])
        return unknown

    def _give(self, mailbox_id: int, letters: str, flags: list[Flags]) -> None:
        bits, words = NO_FLAGS.bits, set[str]()
        for each in flags:
            bits |= each.bits
            words |= set(each.keywords)
        merged = self.connection.rows(
            """SELECT DISTINCT keywords FROM message WHERE mailbox_id = :mailbox_id AND letters = :letters""",
            mailbox_id=mailbox_id,
            letters=letters,
        )
        for (before,) in merged:
            self.connection.run(
                """UPDATE message SET late_flags = :bits, keywords = :keywords, letters = ''
                   WHERE mailbox_id = :mailbox_id AND letters = :letters AND keywords = :before""",
                mailbox_id=mailbox_id,
                letters=letters,
                before=before,
                bits=int(bits),
                keywords=" ".join(sorted({*before.split(), *words})),
            )

    def letters_left(self) -> list[str]:
        """Return the mailboxes that have letters of keywords nobody explained."""
        rows = self.connection.rows(
            """SELECT name FROM mailbox WHERE id IN (SELECT mailbox_id FROM message WHERE letters <> '')
               ORDER BY name"""
        )
        return [name for (name,) in rows]

    def finish(self) -> None:
        """Put all on stable storage; nothing can be added any more.

        Raises:
            OSError: The disk says that something was not written.
        """
        for mailbox in self._mailboxes.values():
            self.connection.run(_COUNT, id=mailbox.id, messages=mailbox.messages)
        self.connection.run("COMMIT")
        self._writing.wait()
        # Written and not added.
        remove_file(self.place.file(self._next_id))
        self.connection.close()
        files = map(self.place.file, range(self.place.first_id, self._next_id))
        sync_many(chain((self.place.database,), files), (*self._directories, self.place.directory))

    def close(self) -> None:
        """Write nothing more and close the database; harmless after `finish`."""
        self._writing.close()
        self.connection.close()


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
