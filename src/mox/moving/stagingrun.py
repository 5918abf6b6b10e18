"""One import up to its commit: an archive is read to its end, and all mail in it is staged.

Runs in a process of its own, or in a thread for tests: blocking, without the server. What it says goes
through `tell`; `is_cancelled` is asked between messages.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mox.database import Connection, DatabaseError, DriverError, open_reader
from mox.moving.entries import Entry, EntryKind, read_pieces
from mox.moving.errors import ArchiveError, EntryError, MessageError, NoRoomError
from mox.moving.intake import Intake, Origin
from mox.moving.job import Ended, Failed, Job, SourceKind, Step, Told
from mox.moving.maildirnames import parse_file_name, parse_keywords
from mox.moving.mboxheaders import parse_from_line
from mox.moving.mboxsplitting import MboxMessage, split_mbox
from mox.moving.opening import open_archive
from mox.moving.placing import Found, FoundKind, Placing
from mox.moving.present import Present
from mox.moving.sources import open_maildir, open_mbox
from mox.store import Flags, MessageFiles, Staging, StagingPlace, thread_staged

__all__ = ["CancelledError", "stage"]

THREADING = "matching messages with threads"
_MOST_KEYWORDS_OCTETS = 64 << 10


class CancelledError(Exception):
    """Somebody wants the import to end; nobody needs to be told."""


def stage(job: Job, tell: Callable[[Told], None], is_cancelled: Callable[[], bool]) -> None:
    """Stage all mail; the last thing told is that it ended or failed, unless it was cancelled."""
    account = Path(job.account)
    place = StagingPlace(account / "import", job.first_id)
    try:
        reader = open_reader(account / "index.db")
        try:
            staging = Staging(place)
            try:
                tell(_Run(job, staging, reader, tell, is_cancelled).run())
            finally:
                staging.close()
        finally:
            reader.close()
    except CancelledError:
        return
    except (ArchiveError, NoRoomError) as error:
        tell(Failed(str(error)))
    except (OSError, DatabaseError, DriverError) as error:
        tell(Failed(_wording(error)))


def _wording(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error)


@dataclass(slots=True)
class _Run:
    job: Job
    staging: Staging
    reader: Connection
    tell: Callable[[Told], None]
    is_cancelled: Callable[[], bool]
    keywords: dict[str, dict[str, Flags]] = field(default_factory=dict)

    def run(self) -> Ended:
        """Read to the end.

        Raises:
            ArchiveError: It is broken, or may not be brought.
            NoRoomError: The disk is nearly full.
            CancelledError: Somebody wants it to end.
            OSError: Disks have problems.
        """
        job = self.job
        is_archive = job.kind is SourceKind.ARCHIVE
        placing = Placing(skip_prefix=job.skip_prefix, below=job.mailbox if is_archive else "")
        intake = Intake(job, self.staging, self.tell, placing.mailbox)
        if job.skip_present:
            files = MessageFiles(Path(job.account) / "msg")
            intake.present = Present(self.staging.connection, self.reader, files)
        source = Path(job.source)
        if is_archive:
            with open_archive(source, job.name) as archive:
                intake.position = archive.position
                for entry in archive.entries:
                    self._check()
                    self._take(intake, entry, self._place(intake, placing, entry))
            intake.position = lambda: archive.size
        else:
            mailbox = placing.mailbox(job.mailbox)
            intake.ensure_mailbox(mailbox)
            # About as much as was read, which is good enough to show.
            intake.position = lambda: self.staging.octets
            entries = open_maildir(source) if job.kind is SourceKind.MAILDIR else open_mbox(source)
            for entry, kind in entries:
                self._check()
                self._take(intake, entry, Found(kind, mailbox))
        return self._finish(intake)

    def _check(self) -> None:
        if self.is_cancelled():
            raise CancelledError

    def _place(self, intake: Intake, placing: Placing, entry: Entry) -> Found:
        if entry.kind is EntryKind.OTHER:
            intake.problem(f"{entry.name}: {entry.trouble} (skipping)")
            return Found(FoundKind.NOTHING)
        return placing.place(entry)

    def _take(self, intake: Intake, entry: Entry, found: Found) -> None:
        if entry.kind is EntryKind.OTHER:
            return
        try:
            match found.kind:
                case FoundKind.MAILBOX:
                    intake.ensure_mailbox(found.mailbox)
                case FoundKind.MBOX if not found.mailbox:
                    intake.problem(f"{entry.name}: no name of a mailbox (skipping)")
                case FoundKind.MBOX:
                    self._take_mbox(intake, entry, found.mailbox)
                case FoundKind.MAILDIR_MESSAGE:
                    self._take_maildir(intake, entry, found.mailbox)
                case FoundKind.MESSAGE:
                    origin = Origin(entry.name, found.mailbox, fallback_at=entry.modified_at)
                    intake.take(read_pieces(entry.open()), origin)
                case FoundKind.KEYWORDS:
                    self._take_keywords(intake, entry, found.mailbox)
                case FoundKind.UNKNOWN:
                    intake.problem(f"unrecognized file {entry.name} (skipping)")
                case FoundKind.NOTHING:
                    pass
        except EntryError as error:
            intake.problem(f"{entry.name}: {error} (skipping)")

    def _take_mbox(self, intake: Intake, entry: Entry, mailbox: str) -> None:
        intake.ensure_mailbox(mailbox)
        for message in _messages(entry):
            self._check()
            where = f"{entry.name}:{message.line}"
            origin = Origin(
                where,
                mailbox,
                received_at=parse_from_line(message.from_line),
                fallback_at=entry.modified_at,
                is_mbox=True,
            )
            try:
                intake.take(message.pieces, origin)
            except MessageError as error:
                intake.problem(f"{where}: {error} (skipping)")

    def _take_maildir(self, intake: Intake, entry: Entry, mailbox: str) -> None:
        name = parse_file_name(entry.name.rpartition("/")[2])
        received_at = name.received_at
        if self.job.kind is SourceKind.MAILDIR and not name.has_unique_name:
            received_at = entry.modified_at
        origin = Origin(entry.name, mailbox, name.flags, name.letters, received_at, entry.modified_at)
        intake.take(read_pieces(entry.open()), origin)

    def _take_keywords(self, intake: Intake, entry: Entry, mailbox: str) -> None:
        octets = b""
        for piece in read_pieces(entry.open()):
            octets += piece
            if len(octets) > _MOST_KEYWORDS_OCTETS:
                raise EntryError("it is too large for a list of keywords")
        self.keywords[mailbox], problems = parse_keywords(octets)
        for problem in problems:
            intake.problem(f"{entry.name}: {problem} (continuing)")

    def _finish(self, intake: Intake) -> Ended:
        for mailbox, keywords in self.keywords.items():
            for letter in sorted(self.staging.resolve_letters(mailbox, keywords)):
                intake.problem(f"{mailbox}: unspecified dovecot message flag {letter!r} (continuing)")
        for mailbox in self.staging.letters_left():
            intake.problem(f"{mailbox}: there is no dovecot-keywords to explain its keywords (continuing)")
        intake.tell_counts()
        self.tell(Step(THREADING))
        thread_staged(self.staging.connection, self.reader, self.is_cancelled)
        self._check()
        counts, messages, octets = self.staging.counts, self.staging.messages, self.staging.octets
        self.staging.finish()
        return Ended(messages, octets, intake.skipped, counts)


def _messages(entry: Entry) -> Iterator[MboxMessage]:
    try:
        yield from split_mbox(entry.open())
    except ArchiveError as error:
        # Computers by Apple put a file beside another, of nearly the same name.
        if entry.name.rpartition("/")[2].startswith("._"):
            raise EntryError("it is no mbox file") from error
        raise ArchiveError(f"{entry.name}: {error}") from error
