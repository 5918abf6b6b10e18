"""Takes messages out of an archive into the staging: octets put right, parsed, dated, flagged, counted."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from mox.moving.diskroom import check_room
from mox.moving.errors import ArchiveError, MessageError
from mox.moving.job import Counted, Job, Problem, Told
from mox.moving.lineends import to_crlf
from mox.moving.mboxheaders import flags_of
from mox.moving.present import Present, message_key
from mox.moving.takeout import parse_labels
from mox.store import (
    NO_FLAGS,
    Content,
    Flags,
    Prepared,
    StagedMessage,
    Staging,
    prepare,
    prepare_content,
    read_header,
)
from moxkit.message import Headers, parse_date

__all__ = ["Intake", "Origin"]

logger = logging.getLogger(__name__)

# Larger messages are written as they come, and mapped to be parsed.
_IN_MEMORY_OCTETS = 1 << 20
_MOST_MESSAGE_OCTETS = 1 << 30
_MOST_MAILBOXES = 10_000
# Progress is told so often.
_TELL_EVERY = 100
# A header that may say something of flags or places; most have none, and are not looked at further.
_TELLING = (b"status:", b"x-keywords:", b"x-gmail-labels:")
_LATEST = 2**40


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a message comes from, and what is known of it besides its octets.

    Attributes:
        where: For people: the entry's name, with a line for mbox.
        mailbox: Checked.
        is_mbox: Its header says how it was kept.
    """

    where: str
    mailbox: str
    flags: Flags = NO_FLAGS
    letters: str = ""
    received_at: int | None = None
    fallback_at: int | None = None
    is_mbox: bool = False


@dataclass(slots=True)
class Intake:
    """Stages messages, one after the other.

    Attributes:
        skipped: How many the account had.
        position: Returns how many octets of the source were read.
    """

    job: Job
    staging: Staging
    tell: Callable[[Told], None]
    check_label: Callable[[str], str]
    present: Present | None = None
    skipped: int = 0
    position: Callable[[], int] = lambda: 0
    _untold: dict[str, int] = field(default_factory=dict)
    _since: int = 0
    _mailbox: str = ""

    def problem(self, text: str) -> None:
        """Tell of a problem."""
        self.tell(Problem(text))

    def ensure_mailbox(self, name: str) -> None:
        """Have a mailbox, even if no message comes for it."""
        if name not in self._untold:
            self._untold[name] = self.staging.ensure_mailbox(name)
        if len(self.staging.counts) > _MOST_MAILBOXES:
            raise ArchiveError(f"the archive has more than {_MOST_MAILBOXES:,} mailboxes")

    def take(self, pieces: Iterable[bytes], origin: Origin) -> None:
        """Stage a message, if the account lacks it.

        Raises:
            MessageError: It cannot be parsed, or is too large; it is not staged.
            EntryError: It cannot be read to its end.
            ArchiveError: The account has no room for it.
            NoRoomError: The disk has none.
            OSError: It cannot be written.
        """
        octets, content = self._gather(pieces)
        try:
            prepared = prepare(octets) if octets is not None else prepare_content(self._written(content))
        except Exception as error:
            logger.exception("message of an import not parsed", extra={"where": origin.where})
            raise MessageError("it cannot be parsed") from error
        self._check_quota(prepared.size)
        headers = self._headers(octets, content, prepared)
        targets, flags = self._targets(headers, origin)
        key = b""
        if self.present is not None:
            with_octets = octets if octets is not None else self._written(content).path.read_bytes()
            key = message_key(with_octets)
            if self.present.is_present(prepared.message_id, key):
                self.skipped += 1
                return
            targets = [target for target in targets if not self.present.is_taken(target, key)]
            if not targets:
                self.skipped += 1
                return
        if prepared.problems:
            self.problem(f"{origin.where}: {prepared.problems[0]} (continuing)")
        if octets is not None:
            content = self.staging.write_later(octets)
        received_at, sent = self._received_at(headers, origin), self.job.uses.get("\\Sent")
        written = self._written(content)
        copies = [
            StagedMessage(target, written, prepared, flags, origin.letters, received_at, target == sent)
            for target in targets
        ]
        self._stage(copies)

    def _written(self, content: Content | None) -> Content:
        if content is None:
            raise MessageError("it has no octets")
        return content

    def _gather(self, pieces: Iterable[bytes]) -> tuple[bytes | None, Content | None]:
        """Return the octets of a message, or where they were written."""
        lines = to_crlf(pieces)
        first: list[bytes] = []
        size = 0
        for piece in lines:
            first.append(piece)
            size += len(piece)
            if size > _IN_MEMORY_OCTETS:
                return None, self.staging.write(_bounded(chain(first, lines)))
        return b"".join(first), None

    def _check_quota(self, size: int) -> None:
        free = self.job.free_octets
        if free is not None and self.staging.octets + size > free:
            raise ArchiveError("account over maximum total size")
        most = self.job.free_messages
        if most is not None and self.staging.messages >= most:
            raise ArchiveError("account over maximum number of messages")

    def _headers(self, octets: bytes | None, content: Content | None, prepared: Prepared) -> Headers:
        if prepared.header is not None:
            return Headers(prepared.header)
        whole = (
            content if content is not None else Content(self.staging.place.directory, prepared.size, octets)
        )
        return Headers(read_header(whole) or b"")

    def _targets(self, headers: Headers, origin: Origin) -> tuple[list[str], Flags]:
        """Return the mailboxes a message is for, and its flags."""
        lower = headers.octets.lower() if origin.is_mbox else b""
        if not any(name in lower for name in _TELLING):
            return [origin.mailbox], origin.flags
        flags, refused = flags_of(headers)
        if refused:
            self.problem(f"{origin.where}: keywords that cannot be kept: {', '.join(refused)} (continuing)")
        labels = parse_labels(headers, self.job.uses)
        if labels is None:
            return [origin.mailbox], flags
        merged = Flags(
            flags.bits | labels.flags.bits, tuple(sorted({*flags.keywords, *labels.flags.keywords}))
        )
        names: dict[str, None] = {}
        for label in labels.mailboxes:
            try:
                names[self.check_label(label)] = None
            except ArchiveError as error:
                self.problem(f"{origin.where}: label passed over, {error} (continuing)")
        return list(names) or [origin.mailbox], merged

    def _received_at(self, headers: Headers, origin: Origin) -> int:
        if origin.received_at is not None and 0 <= origin.received_at < _LATEST:
            return origin.received_at
        date = parse_date(headers.first("date") or b"")
        if date is not None and 0 <= (at := int(date.timestamp())) < _LATEST:
            return at
        return self.job.now if origin.fallback_at is None else max(0, origin.fallback_at)

    def _stage(self, copies: list[StagedMessage]) -> None:
        first_id: int | None = None
        for staged in copies:
            self.ensure_mailbox(staged.mailbox)
            if first_id is None:
                first_id = self.staging.add(staged)
            else:
                self._check_quota(staged.prepared.size)
                self.staging.add_copy(staged, first_id)
            self._count(staged.mailbox)

    def _count(self, mailbox: str) -> None:
        self._untold[mailbox] = self.staging.ensure_mailbox(mailbox)
        self._since += 1
        if self._since >= _TELL_EVERY or mailbox != self._mailbox:
            self._mailbox = mailbox
            self.tell_counts()

    def tell_counts(self) -> None:
        """Tell how many messages mailboxes have by now.

        Raises:
            NoRoomError: The disk is nearly full.
        """
        check_room(self.staging.place.directory)
        self.tell(Counted(self._untold, self.position()))
        self._untold = {}
        self._since = 0


def _bounded(pieces: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > _MOST_MESSAGE_OCTETS:
            raise MessageError(f"it is larger than {_MOST_MESSAGE_OCTETS >> 20} MiB")
        yield piece
