"""One stored message as Maildir and mbox have it, in pieces (reference import-export.md §5.2)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from mox.database import Row
from mox.moving.entries import PIECE_OCTETS
from mox.moving.lineends import to_lf
from mox.moving.maildirnames import FLAG_LETTERS, MOST_LETTERS
from mox.moving.mboxheaders import MOVING_FIELDS
from mox.store import Flag, MessageFiles
from moxkit.message import Headers

__all__ = ["Letters", "StoredMessage", "maildir_octets", "mbox_octets"]

_LONGEST_HEADER = 256 << 10
_KEYWORD_FLAGS = {
    Flag.FORWARDED: "$Forwarded",
    Flag.JUNK: "$Junk",
    Flag.NOTJUNK: "$NotJunk",
    Flag.PHISHING: "$Phishing",
    Flag.MDNSENT: "$MDNSent",
}
_X_STATUS = ((Flag.ANSWERED, "A"), (Flag.FLAGGED, "F"), (Flag.DRAFT, "T"), (Flag.DELETED, "D"))
_JUDGED = Flag.JUNK | Flag.NOTJUNK
_FROM = re.compile(rb"^(>*+From )", re.MULTILINE)
# Behind the header; a message may have none.
_EMPTY_LINE = re.compile(rb"^\r?\n", re.MULTILINE)
_LONGEST_LINE = 1 << 20
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(slots=True)
class StoredMessage:
    """A message of the account.

    Attributes:
        has_wrong_size: Noted when it was read to its end.
    """

    id: int
    flags: Flag
    keywords: tuple[str, ...]
    received_at: int
    size: int
    prefix: bytes
    envelope_from: str
    path: Path
    has_wrong_size: bool = False

    @classmethod
    def of_row(cls, row: Row, files: MessageFiles) -> "StoredMessage":
        """Make it from columns of the index."""
        id_, flags, keywords, received_at, size, prefix, envelope_from = row
        words = tuple(keywords.split())
        return cls(id_, Flag(flags), words, received_at, size, prefix, envelope_from or "", files.path(id_))

    @property
    def all_keywords(self) -> tuple[str, ...]:
        """Keywords, those among them that are flags here."""
        return (*(name for flag, name in _KEYWORD_FLAGS.items() if self.flags & flag), *self.keywords)

    def pieces(self) -> Iterator[bytes]:
        """Yield the octets as they are stored.

        Raises:
            OSError: The file cannot be read.
        """
        size = len(self.prefix)
        with self.path.open("rb", buffering=0) as file:
            # Opened before anything is yielded, so that a file that is missing is known at once.
            first = file.read(PIECE_OCTETS)
            yield self.prefix + first
            size += len(first)
            while len(first) and (piece := file.read(PIECE_OCTETS)):
                size += len(piece)
                yield piece
        self.has_wrong_size = size != self.size


@dataclass(slots=True)
class Letters:
    """The letters of one Maildir's keywords, given as they are met."""

    keywords: dict[str, str] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)

    def file_name(self, message: StoredMessage) -> str:
        """Return the folder and name of a message's file."""
        flags = "".join(letter for letter, flag in FLAG_LETTERS.items() if message.flags & flag)
        words = "".join(sorted(filter(None, map(self._letter, message.all_keywords))))
        folder = "cur" if message.flags & Flag.SEEN else "new"
        return f"{folder}/{max(0, message.received_at)}.{message.id}.mox:2,{flags}{words}"

    def _letter(self, keyword: str) -> str:
        if (letter := self.keywords.get(keyword)) is not None:
            return letter
        if len(self.keywords) == MOST_LETTERS:
            self.left_out.add(keyword)
            return ""
        letter = self.keywords[keyword] = chr(ord("a") + len(self.keywords))
        return letter

    @property
    def octets(self) -> bytes:
        """The file that explains them."""
        return "".join(f"{index} {keyword}\n" for index, keyword in enumerate(self.keywords)).encode()


def maildir_octets(message: StoredMessage) -> Iterator[bytes]:
    """Yield a message with LF."""
    return to_lf(message.pieces())


def mbox_octets(message: StoredMessage) -> Iterator[bytes]:
    """Yield a message quoted as mboxrd, with its `From ` line, fields for its flags and an empty line."""
    pieces = message.pieces()
    beginning = b""
    # The header is mostly in the first piece.
    while _EMPTY_LINE.search(beginning) is None and len(beginning) < _LONGEST_HEADER:
        piece = next(pieces, b"")
        if not piece:
            break
        beginning += piece
    yield _from_line(message) + _status(message)
    yield from _quoted(to_lf(chain((_without_moving_fields(beginning),), pieces)))
    yield b"\n"


def _from_line(message: StoredMessage) -> bytes:
    at = datetime.fromtimestamp(max(0, message.received_at), UTC)
    sender = "".join(message.envelope_from.split()) or "mox"
    day, month = _DAYS[at.weekday()], _MONTHS[at.month - 1]
    return f"From {sender} {day} {month} {at.day:2} {at:%H:%M:%S} {at.year:04}\n".encode()


def _status(message: StoredMessage) -> bytes:
    lines = []
    if message.flags & Flag.SEEN:
        lines.append("Status: R\n")
    if letters := "".join(letter for flag, letter in _X_STATUS if message.flags & flag):
        lines.append(f"X-Status: {letters}\n")
    keywords = message.all_keywords
    if message.flags & _JUDGED == _JUDGED:
        # Both say nothing.
        keywords = tuple(word for word in keywords if word not in {"$Junk", "$NotJunk"})
    if keywords:
        lines.append(f"X-Keywords: {','.join(keywords)}\n")
    return "".join(lines).encode()


def _without_moving_fields(beginning: bytes) -> bytes:
    end = _EMPTY_LINE.search(beginning)
    header = beginning[: end.start()] if end is not None else beginning
    kept: list[bytes] = []
    at = 0
    for each in Headers(header):
        if each.name.lower() in MOVING_FIELDS:
            kept.append(header[at : each.start])
            at = each.end
    return b"".join(kept) + beginning[at:]


def _quoted(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield octets with one more `>` before each line that begins a message or might; end the last line."""
    carried, is_within_line = b"", False
    for piece in pieces:
        octets = carried + piece
        end = octets.rfind(b"\n") + 1
        if end == 0 and len(octets) < _LONGEST_LINE:
            carried = octets
            continue
        end = end or len(octets)
        first = octets.find(b"\n") + 1 or end if is_within_line else 0
        yield octets[:first] + _quote(octets[first:end])
        is_within_line = octets[end - 1 : end] != b"\n"
        carried = octets[end:]
    if carried:
        yield (carried if is_within_line else _quote(carried)) + b"\n"
    elif is_within_line:
        yield b"\n"


def _quote(lines: bytes) -> bytes:
    # Most have nothing to quote, and finding that out by the expression takes most of an export's time.
    return _FROM.sub(rb">\1", lines) if b"From " in lines else lines
