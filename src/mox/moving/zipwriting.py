"""ZIP archives written as streams, with zip64 where they need it (PKWARE APPNOTE 6.3.10).

The directory at the end of the archive waits in a temporary file. Large entries have their sizes behind them
(data descriptors), so that nothing is gone back to.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from tempfile import TemporaryFile

from mox.moving.entries import read_pieces

__all__ = ["ZipWriter"]

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_STORED, _DEFLATED = 0, 8
_DESCRIPTOR, _UTF_8 = 0x0008, 0x0800
_VERSION, _VERSION_64 = 20, 45
# Made on Unix, whose modes stand in the upper half of the attributes.
_MADE_BY = 3 << 8 | _VERSION_64
_FILE_MODE, _DIRECTORY_MODE = 0o100660 << 16, 0o040770 << 16 | 0x10
_FULL_16, _FULL = 0xFFFF, 0xFFFFFFFF
_LEVEL = 6
_UNIX_TIME = struct.Struct("<2HBl")


@dataclass(frozen=True, slots=True)
class _Item:
    name: str
    modified_at: int
    method: int
    flags: int = 0
    crc: int = 0
    packed: int = 0
    size: int = 0
    mode: int = _FILE_MODE


class ZipWriter:
    """Writes one archive; what the methods yield goes out in order. `close` it."""

    def __init__(self) -> None:
        self._directory = TemporaryFile()  # noqa: SIM115  closed by `close`
        self._entries = 0
        self._at = 0

    def close(self) -> None:
        """Forget the directory."""
        self._directory.close()

    def directory(self, name: str, modified_at: int) -> Iterator[bytes]:
        """Yield a directory."""
        yield self._begin(_Item(f"{name}/", modified_at, _STORED, mode=_DIRECTORY_MODE))

    def small(self, name: str, modified_at: int, octets: bytes) -> Iterator[bytes]:
        """Yield a file whose octets are at hand."""
        packing = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        packed = packing.compress(octets) + packing.flush()
        method = _DEFLATED
        if len(packed) >= len(octets):
            packed, method = octets, _STORED
        yield self._begin(_Item(name, modified_at, method, 0, zlib.crc32(octets), len(packed), len(octets)))
        self._at += len(packed)
        yield packed

    def large(self, name: str, modified_at: int, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield a file of any size."""
        start, item = self._at, _Item(name, modified_at, _DEFLATED, _DESCRIPTOR, 0, _FULL, _FULL)
        # Readers must know beforehand how wide the sizes behind it are: the extra field says so.
        header = _local(item, struct.pack("<2H2Q", 1, 16, 0, 0) + _unix_time(modified_at))
        yield header
        packing = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        crc = packed_size = size = 0
        for piece in pieces:
            crc, size = zlib.crc32(piece, crc), size + len(piece)
            if packed := packing.compress(piece):
                packed_size += len(packed)
                yield packed
        packed = packing.flush()
        packed_size += len(packed)
        yield packed + struct.pack("<4sL2Q", b"PK\x07\x08", crc, packed_size, size)
        self._at += len(header) + packed_size + 24
        self._remember(replace(item, crc=crc, packed=packed_size, size=size), start)

    def end(self) -> Iterator[bytes]:
        """Yield the directory and the end."""
        start, size = self._at, self._directory.tell()
        self._directory.seek(0)
        yield from read_pieces(self._directory)
        entries, end = self._entries, start + size
        if entries >= _FULL_16 or start >= _FULL or size >= _FULL:
            yield _END_64.pack(
                b"PK\x06\x06", _END_64.size - 12, _MADE_BY, _VERSION_64, 0, 0, entries, entries, size, start
            )
            yield _LOCATOR_64.pack(b"PK\x06\x07", 0, end, 1)
        most = min(entries, _FULL_16)
        yield _END.pack(b"PK\x05\x06", 0, 0, most, most, min(size, _FULL), min(start, _FULL), 0)

    def _begin(self, item: _Item) -> bytes:
        header = _local(item, _unix_time(item.modified_at))
        self._remember(item, self._at)
        self._at += len(header)
        return header

    def _remember(self, item: _Item, start: int) -> None:
        raw = item.name.encode()
        # In this order; only those that do not fit.
        wide = [value for value in (item.size, item.packed, start) if value >= _FULL]
        extra = struct.pack(f"<2H{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
        extra += _unix_time(item.modified_at)
        fixed = _CENTRAL.pack(
            b"PK\x01\x02",
            _MADE_BY,
            _VERSION_64 if wide or item.flags else _VERSION,
            item.flags | _UTF_8,
            item.method,
            *_dos_time(item.modified_at),
            item.crc,
            min(item.packed, _FULL),
            min(item.size, _FULL),
            len(raw),
            len(extra),
            0,
            0,
            0,
            item.mode,
            min(start, _FULL),
        )
        self._directory.write(fixed + raw + extra)
        self._entries += 1


def _local(item: _Item, extra: bytes) -> bytes:
    raw = item.name.encode()
    fixed = _LOCAL.pack(
        b"PK\x03\x04",
        _VERSION_64 if item.flags else _VERSION,
        item.flags | _UTF_8,
        item.method,
        *_dos_time(item.modified_at),
        item.crc,
        item.packed,
        item.size,
        len(raw),
        len(extra),
    )
    return fixed + raw + extra


def _unix_time(modified_at: int) -> bytes:
    # Signed 32 bits: until 2038, and readers have the other form besides.
    if not 0 <= modified_at < 1 << 31:
        return b""
    return _UNIX_TIME.pack(0x5455, 5, 1, modified_at)


def _dos_time(modified_at: int) -> tuple[int, int]:
    at = datetime.fromtimestamp(min(max(modified_at, 315_532_800), 4_354_819_199), UTC)
    return at.hour << 11 | at.minute << 5 | at.second // 2, (at.year - 1980) << 9 | at.month << 5 | at.day
