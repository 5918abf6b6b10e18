"""TAR archives as streams: ustar, GNU and PAX headers (POSIX.1-2001), each read once, none kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from mox.moving.entries import LONGEST_NAME, PIECE_OCTETS, Budget, ByteStream, Entry, EntryKind, clean_name
from mox.moving.errors import ArchiveError

__all__ = ["is_tar_header", "read_tar"]

BLOCK = 512
# Of a header that says more about the next entry: a name, times, attributes.
_LONGEST_EXTENSION = 1 << 20
_FILES = frozenset({b"0", b"\0", b"7"})
_DIRECTORY, _LONG_NAME, _LONG_LINK, _PAX, _PAX_GLOBAL = b"5", b"L", b"K", b"x", b"g"
_TROUBLES = {
    b"1": "links are not followed",
    b"2": "symbolic links are not followed",
    b"S": "sparse files cannot be read",
}


@dataclass(slots=True)
class _Extension:
    """What came before an entry and is said of it."""

    name: bytes | None = None
    size: int | None = None
    modified_at: int | None = None


@dataclass(slots=True)
class _Reader:
    """Where the stream is; what an entry did not read is passed over."""

    stream: ByteStream
    budget: Budget
    left: int = 0
    padding: int = 0

    def exactly(self, size: int) -> bytes:
        """Return so many octets, fewer only at the end of the stream."""
        pieces: list[bytes] = []
        while size > 0 and (piece := self.stream.read(min(size, PIECE_OCTETS))):
            self.budget.take(len(piece))
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def begin(self, size: int) -> None:
        """Be at the content of an entry."""
        self.left, self.padding = size, -size % BLOCK

    def read(self, size: int, /) -> bytes:
        """Return octets of the entry."""
        if not self.left:
            return b""
        piece = self.exactly(min(size, self.left, PIECE_OCTETS))
        if not piece:
            raise ArchiveError("the archive ends within a file; it is truncated")
        self.left -= len(piece)
        return piece

    def pass_over(self) -> None:
        """Be behind the entry."""
        while self.left:
            self.read(PIECE_OCTETS)
        if len(self.exactly(self.padding)) < self.padding:
            raise ArchiveError("the archive ends within a file; it is truncated")
        self.padding = 0


def is_tar_header(block: bytes) -> bool:
    """Say whether a block begins an entry: its checksum is right."""
    if len(block) < BLOCK or not any(block[:100]):
        return False
    told = _number(block[148:156])
    blank = block[:148] + b" " * 8 + block[156:BLOCK]
    unsigned = sum(blank)
    # Old programs took octets for signed.
    return told is not None and (
        told == unsigned or told == unsigned - 256 * sum(octet > 127 for octet in blank)
    )


def read_tar(stream: ByteStream, budget: Budget) -> Iterator[Entry]:
    """Yield the entries in order.

    Raises:
        ArchiveError: It is broken or truncated, or unpacks to too much.
        OSError: The file cannot be read.
    """
    reader, extension = _Reader(stream, budget), _Extension()
    while True:
        block = reader.exactly(BLOCK)
        if not block:
            yield _note("the archive has no end mark; it may be incomplete")
            return
        if not any(block) and len(block) == BLOCK:
            return
        if not is_tar_header(block):
            raise ArchiveError("an entry of the archive has a broken header")
        size, kind = _size(block), block[156:157]
        if kind in {_LONG_NAME, _LONG_LINK, _PAX, _PAX_GLOBAL}:
            _read_extension(reader, kind, size, extension)
            continue
        budget.take_entry()
        # Only files have content, whatever the header says of others.
        has_content = kind in _FILES or kind not in {*_TROUBLES, _DIRECTORY, b"3", b"4", b"6"}
        reader.begin(
            (size if extension.size is None else extension.size) if has_content or kind == b"S" else 0
        )
        yield _entry(reader, block, kind, extension)
        reader.pass_over()
        extension = _Extension()


def _note(trouble: str) -> Entry:
    return Entry("end of archive", EntryKind.OTHER, None, BytesIO, trouble)


def _entry(reader: _Reader, block: bytes, kind: bytes, extension: _Extension) -> Entry:
    raw = extension.name if extension.name is not None else _name(block)
    modified_at = extension.modified_at
    if modified_at is None:
        modified_at = _number(block[136:148])

    def open_() -> ByteStream:
        return reader

    if kind == _DIRECTORY or (kind in _FILES and raw.endswith(b"/")):
        name = clean_name(raw if raw.endswith(b"/") else raw + b"/")
        return Entry(name, EntryKind.DIRECTORY, modified_at, open_)
    name = clean_name(raw)
    if kind in _FILES:
        return Entry(name, EntryKind.FILE, modified_at, open_)
    return Entry(
        name, EntryKind.OTHER, modified_at, open_, _TROUBLES.get(kind, "it is neither file nor directory")
    )


def _name(block: bytes) -> bytes:
    name = block[:100].split(b"\0", 1)[0]
    # GNU's older format has other things where the prefix is.
    if block[257:263] == b"ustar\0" and (prefix := block[345:500].split(b"\0", 1)[0]):
        return prefix + b"/" + name
    return name


def _size(block: bytes) -> int:
    size = _number(block[124:136])
    if size is None or size < 0:
        raise ArchiveError("an entry of the archive has a broken size")
    return size


def _number(raw: bytes) -> int | None:
    """Read octal digits, or GNU's binary numbers."""
    if raw[:1] in {b"\x80", b"\xff"}:
        return int.from_bytes(raw[1:], "big") - (256 ** (len(raw) - 1) if raw[0] == 0xFF else 0)
    digits = raw.strip(b" \0").split(b"\0", 1)[0]
    try:
        return int(digits, 8) if digits else 0
    except ValueError:
        return None


def _read_extension(reader: _Reader, kind: bytes, size: int, extension: _Extension) -> None:
    if size > _LONGEST_EXTENSION:
        raise ArchiveError("a header of the archive is too large")
    reader.begin(size)
    octets = b""
    while piece := reader.read(PIECE_OCTETS):
        octets += piece
    reader.pass_over()
    if kind == _LONG_NAME:
        extension.name = octets.split(b"\0", 1)[0]
    elif kind == _PAX:
        _apply_pax(octets, extension)


def _apply_pax(octets: bytes, extension: _Extension) -> None:
    r"""Read records `length key=value\n`."""
    at = 0
    while at < len(octets):
        space = octets.find(b" ", at, at + 12)
        length = int(octets[at:space]) if space > at and octets[at:space].isdigit() else 0
        record = octets[at : at + length]
        key, equals, value = record[space + 1 - at :].partition(b"=")
        if not equals or len(record) != length or not value.endswith(b"\n"):
            raise ArchiveError("an extended header of the archive is broken")
        _apply(key, value[:-1], extension)
        at += length


def _apply(key: bytes, value: bytes, extension: _Extension) -> None:
    if key == b"path":
        extension.name = value
        if len(value) > LONGEST_NAME:
            raise ArchiveError(f"an entry's name has more than {LONGEST_NAME:,} octets")
    elif key in {b"size", b"GNU.sparse.size", b"GNU.sparse.realsize"}:
        if key != b"size":
            raise ArchiveError("sparse files cannot be read")
        if not value.isdigit() or len(value) > 18:
            raise ArchiveError("an extended header of the archive is broken")
        extension.size = int(value)
    elif key == b"mtime":
        whole = value.partition(b".")[0]
        if whole.removeprefix(b"-").isdigit() and len(whole) <= 12:
            extension.modified_at = int(whole)
