"""What an archive is read as: entries, one after the other, whose octets come in pieces.

Nothing is collected: an archive of a million entries takes as much memory as one of ten. Names are data of
strangers; they become names of mailboxes and never paths.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from mox.moving.errors import ArchiveError

__all__ = ["PIECE_OCTETS", "Budget", "ByteStream", "Entry", "EntryKind", "clean_name", "read_pieces"]

PIECE_OCTETS = 256 << 10
LONGEST_NAME = 4096
# A bomb, and not mail: mail of this size does not pack to less than a hundredth.
_UNSUSPICIOUS_OCTETS = 1 << 30
_MOST_RATIO = 100
_MOST_ENTRIES = 20_000_000


class ByteStream(Protocol):
    """Octets in order."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many octets; none at the end."""
        ...


class EntryKind(StrEnum):
    """What an entry is; all but files and directories is passed over."""

    FILE = "file"
    DIRECTORY = "directory"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of an archive.

    Attributes:
        name: With `/`, cleaned: no empty or `.` components; as the archive has it otherwise.
        modified_at: Unix seconds, if the archive knows.
        open: Returns the octets of a file, to be read before the next entry is asked for. May raise
            `EntryError`, as may reading.
        trouble: Why it is passed over; empty if it is not.
    """

    name: str
    kind: EntryKind
    modified_at: int | None
    open: Callable[[], ByteStream]
    trouble: str = ""


class Budget:
    """How much may come out of an archive, by what went in."""

    __slots__ = ("_entries", "_limit", "octets")

    def __init__(self, packed_octets: int, *, unsuspicious_octets: int = _UNSUSPICIOUS_OCTETS) -> None:
        self._limit = max(unsuspicious_octets, packed_octets * _MOST_RATIO)
        self._entries = 0
        self.octets = 0

    def take(self, octets: int) -> None:
        """Count what came out.

        Raises:
            ArchiveError: It is too much.
        """
        self.octets += octets
        if self.octets > self._limit:
            raise ArchiveError(
                f"the archive unpacks to more than {_MOST_RATIO} times its size, as no mail does"
            )

    def take_entry(self) -> None:
        """Count an entry.

        Raises:
            ArchiveError: There are too many.
        """
        self._entries += 1
        if self._entries > _MOST_ENTRIES:
            raise ArchiveError(f"the archive has more than {_MOST_ENTRIES:,} entries")


def clean_name(raw: bytes) -> str:
    """Return a name as text, without empty and `.` components; a `/` at the end stays.

    Not all programs write UTF-8; what is not is taken for Latin-1, so that each octet is kept.

    Raises:
        ArchiveError: It is too long.
    """
    if len(raw) > LONGEST_NAME:
        raise ArchiveError(f"an entry's name has more than {LONGEST_NAME:,} octets")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    cleaned = "/".join(part for part in text.split("/") if part not in {"", "."})
    return f"{cleaned}/" if text.endswith("/") and cleaned else cleaned


def read_pieces(stream: ByteStream) -> Iterator[bytes]:
    """Yield the octets of a stream."""
    while piece := stream.read(PIECE_OCTETS):
        yield piece
