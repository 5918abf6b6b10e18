"""ZIP archives as streams: the central directory is read along with the entries, a little at a time.

The standard library reads it into memory first, some 700 octets an entry. Format: PKWARE APPNOTE 6.3.10, with
zip64; entries stored or deflated. The file must be seekable. What local headers say is not believed but for
where the octets begin.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO

from mox.moving.entries import LONGEST_NAME, PIECE_OCTETS, Budget, ByteStream, Entry, EntryKind, clean_name
from mox.moving.errors import ArchiveError, EntryError

__all__ = ["read_zip"]

_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_LONGEST_COMMENT = 65535
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _UTF_8 = 0x0001, 0x0800
_UNIX = 3
_LINK, _TYPE = 0o120000, 0o170000
_ZIP_64, _UNIX_TIME = 0x0001, 0x5455
_FULL = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class _Directory:
    """Where the central directory is; `shift` is what stands before the archive in the file."""

    start: int
    size: int
    shift: int


@dataclass(frozen=True, slots=True)
class _Header:
    raw_name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    local: int
    modified_at: int | None
    is_link: bool


def read_zip(file: BinaryIO, budget: Budget) -> Iterator[Entry]:
    """Yield the entries in the order of the central directory.

    Raises:
        ArchiveError: It is broken, or unpacks to too much.
        OSError: The file cannot be read.
    """
    directory = _find_directory(file)
    position, end = directory.start, directory.start + directory.size
    while position < end:
        file.seek(position)
        header, length = _read_header(file, end - position)
        position += length
        budget.take_entry()
        yield _entry(file, header, directory.shift, budget)


def _find_directory(file: BinaryIO) -> _Directory:
    size = file.seek(0, 2)
    tail_at = max(0, size - _LONGEST_COMMENT - _END.size - _LOCATOR_64.size)
    file.seek(tail_at)
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + _END.size > len(tail):
        raise ArchiveError("the zip file has no directory at its end; it may be truncated")
    _, disk, first_disk, _, _, length, start, _ = _END.unpack_from(tail, at)
    end = tail_at + at
    if disk not in {0, 0xFFFF} or first_disk not in {0, 0xFFFF}:
        raise ArchiveError("zip files in several parts cannot be read; join them first")
    locator = at - _LOCATOR_64.size
    if locator >= 0 and tail[locator : locator + 4] == b"PK\x06\x07":
        length, start, end = _read_end_64(file, _LOCATOR_64.unpack_from(tail, locator)[2], tail_at + locator)
    shift = end - length - start
    if shift < 0:
        raise ArchiveError("the directory of the zip file is not where it should be; it may be truncated")
    return _Directory(start + shift, length, shift)


def _read_end_64(file: BinaryIO, offset: int, locator: int) -> tuple[int, int, int]:
    # What stands before the archive shifts it; the record is right before its locator mostly.
    for at in (offset, locator - _END_64.size):
        if 0 <= at <= locator - _END_64.size:
            file.seek(at)
            record = _END_64.unpack(file.read(_END_64.size))
            if record[0] == b"PK\x06\x06":
                return record[8], record[9], at
    raise ArchiveError("the zip64 directory of the zip file is broken")


def _read_header(file: BinaryIO, left: int) -> tuple[_Header, int]:
    fixed = file.read(_CENTRAL.size)
    if len(fixed) < _CENTRAL.size or fixed[:4] != b"PK\x01\x02":
        raise ArchiveError("the directory of the zip file is broken")
    (_, made_by, _, flags, method, time, date, crc, packed, size, *lengths) = _CENTRAL.unpack(fixed)
    name_length, extra_length, comment_length, _, _, attributes, local = lengths
    length = _CENTRAL.size + name_length + extra_length + comment_length
    if length > left or name_length > LONGEST_NAME:
        raise ArchiveError("the directory of the zip file is broken")
    raw_name, extra = file.read(name_length), file.read(extra_length)
    modified_at = _dos_time(date, time)
    for kind, value in _extras(extra):
        if kind == _ZIP_64:
            size, packed, local = _widen(value, size, packed, local)
        elif kind == _UNIX_TIME and len(value) >= 5 and value[0] & 1:
            modified_at = int.from_bytes(value[1:5], "little", signed=True)
    is_link = made_by >> 8 == _UNIX and (attributes >> 16) & _TYPE == _LINK
    return _Header(raw_name, flags, method, crc, packed, size, local, modified_at, is_link), length


def _extras(octets: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(octets):
        kind, length = struct.unpack_from("<2H", octets, at)
        yield kind, octets[at + 4 : at + 4 + length]
        at += 4 + length


def _widen(value: bytes, *fields: int) -> tuple[int, ...]:
    """Return the fields; those that say so stand in the extra field, in the same order."""
    wide = iter(struct.unpack(f"<{len(value) // 8}Q", value[: len(value) // 8 * 8]))
    return tuple(next(wide, field) if field == _FULL else field for field in fields)


def _dos_time(date: int, time: int) -> int | None:
    try:
        at = datetime(
            1980 + (date >> 9),
            date >> 5 & 15,
            date & 31,
            time >> 11,
            time >> 5 & 63,
            (time & 31) * 2,
            tzinfo=UTC,
        )
    except ValueError:
        return None
    return int(at.timestamp())


def _entry(file: BinaryIO, header: _Header, shift: int, budget: Budget) -> Entry:
    name = clean_name(_decoded(header))

    def open_() -> ByteStream:
        return _open(file, header, shift + header.local, budget)

    if header.raw_name.endswith(b"/"):
        return Entry(name, EntryKind.DIRECTORY, header.modified_at, open_)
    if trouble := _trouble(header):
        return Entry(name, EntryKind.OTHER, header.modified_at, open_, trouble)
    return Entry(name, EntryKind.FILE, header.modified_at, open_)


def _decoded(header: _Header) -> bytes:
    """Return the name in UTF-8, if it says so or seems so; else it is of the first PCs."""
    raw = header.raw_name
    if header.flags & _UTF_8 or raw.isascii():
        return raw
    try:
        raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp437").encode()
    return raw


def _trouble(header: _Header) -> str:
    if header.is_link:
        return "symbolic links are not followed"
    if header.flags & _ENCRYPTED:
        return "it is encrypted"
    if header.method not in {_STORED, _DEFLATED}:
        return f"it is packed with method {header.method}, which is not known here"
    return ""


def _open(file: BinaryIO, header: _Header, local: int, budget: Budget) -> ByteStream:
    file.seek(local)
    fixed = file.read(_LOCAL.size)
    if len(fixed) < _LOCAL.size or fixed[:4] != b"PK\x03\x04":
        raise EntryError("it is not where the directory of the zip file says")
    *_, name_length, extra_length = _LOCAL.unpack(fixed)
    file.seek(local + _LOCAL.size + name_length + extra_length)
    return _ZipStream(file, header, budget)


class _ZipStream:
    """The octets of an entry; the last read checks size and checksum."""

    __slots__ = ("_budget", "_crc", "_file", "_header", "_packed_left", "_pending", "_size", "_unpacking")

    def __init__(self, file: BinaryIO, header: _Header, budget: Budget) -> None:
        self._file = file
        self._header = header
        self._budget = budget
        self._packed_left = header.packed
        self._unpacking = zlib.decompressobj(-zlib.MAX_WBITS) if header.method == _DEFLATED else None
        self._pending = b""
        self._crc = self._size = 0

    def read(self, size: int, /) -> bytes:
        """Return at most so many octets.

        Raises:
            EntryError: The entry is damaged.
            ArchiveError: More comes out than there can be.
        """
        piece = self._read(max(1, size))
        self._budget.take(len(piece))
        self._size += len(piece)
        if self._size > self._header.size:
            raise EntryError("more comes out of it than the directory of the zip file says")
        self._crc = zlib.crc32(piece, self._crc)
        if not piece and (self._size != self._header.size or self._crc != self._header.crc):
            raise EntryError("it is damaged: size or checksum differ from those in the zip file")
        return piece

    def _read(self, size: int) -> bytes:
        unpacking = self._unpacking
        if unpacking is None:
            return self._packed(size)
        while not unpacking.eof:
            packed = self._pending or self._packed(PIECE_OCTETS)
            try:
                piece = unpacking.decompress(packed, size) if packed else unpacking.flush()
            except zlib.error as error:
                raise EntryError(f"it is damaged: {error}") from error
            self._pending = unpacking.unconsumed_tail
            if piece or not packed:
                return piece
        return b""

    def _packed(self, size: int) -> bytes:
        packed = self._file.read(min(size, self._packed_left))
        self._packed_left -= len(packed)
        return packed
