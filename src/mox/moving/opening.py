"""Finding out what a file is, by its octets and not by its name, and reading it as entries."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import zstandard

from mox.moving.directoryreading import read_directory
from mox.moving.entries import Budget, ByteStream, Entry, EntryKind, clean_name
from mox.moving.errors import ArchiveError
from mox.moving.tarreading import BLOCK, is_tar_header, read_tar
from mox.moving.zipreading import read_zip

__all__ = ["Archive", "check_archive", "open_archive"]

_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
# Of zstd: what a stream may make us remember. `--long=27` and all levels need no more.
_WINDOW_OCTETS = 1 << 27
_UNKNOWN = "it is not an archive of mail: .zip, .tar, .tgz, .tar.zst, .mbox and .eml are known"


@dataclass(frozen=True, slots=True)
class Archive:
    """An open archive.

    Attributes:
        size: In octets, as it is packed; 0 if that is not known.
        position: Returns how many of them were read.
        entries: One after the other.
    """

    size: int
    position: Callable[[], int]
    entries: Iterator[Entry]


@contextmanager
def open_archive(path: Path, name: str | None = None) -> Iterator[Archive]:
    """Yield an archive, or a directory, as entries.

    Args:
        path: Where it is.
        name: What whoever brought it calls it, for a single file of mail.

    Raises:
        ArchiveError: It is none; iterating raises it where the archive is broken.
        OSError: It cannot be read.
    """
    if path.is_dir():
        yield Archive(0, lambda: 0, read_directory(path))
        return
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        budget = Budget(size)
        yield Archive(size, file.tell, _entries(file, budget, name or path.name))


def check_archive(path: Path, name: str | None = None) -> None:
    """Look whether a file is an archive, without reading more than its beginning.

    Raises:
        ArchiveError: It is not.
        OSError: It cannot be read.
    """
    with open_archive(path, name) as archive:
        next(archive.entries, None)


def _entries(file: BinaryIO, budget: Budget, name: str) -> Iterator[Entry]:
    magic = file.read(4)
    file.seek(0)
    if magic in _ZIP:
        return read_zip(file, budget)
    if magic[:2] == _GZIP:
        return _unpacked(_Gzip(file), budget, name.removesuffix(".gz"))
    if magic == _ZSTD:
        return _unpacked(_Zstd(file), budget, name.removesuffix(".zst"))
    return _unpacked(file, budget, name)


def _unpacked(stream: ByteStream, budget: Budget, name: str) -> Iterator[Entry]:
    head = b""
    while len(head) < BLOCK and (piece := stream.read(BLOCK - len(head))):
        head += piece
    whole = _Headed(head, stream)
    if is_tar_header(head) or (len(head) == BLOCK and not any(head)):
        return read_tar(whole, budget)
    if head.startswith(b"From ") or (not head and name.endswith(".mbox")):
        return _single(whole, name if name.endswith(".mbox") else f"{name}.mbox", budget)
    if name.lower().endswith(".eml") and head:
        return _single(whole, name, budget)
    raise ArchiveError(_UNKNOWN)


def _single(stream: ByteStream, name: str, budget: Budget) -> Iterator[Entry]:
    """Yield the only entry: nothing above its name counts."""
    name = clean_name(name.replace("\\", "/").rpartition("/")[2].encode(errors="replace"))
    yield Entry(name, EntryKind.FILE, None, partial(_Counted, stream, budget))


class _Headed:
    """A stream of which the beginning was looked at."""

    __slots__ = ("_head", "_rest")

    def __init__(self, head: bytes, rest: ByteStream) -> None:
        self._head = BytesIO(head)
        self._rest = rest

    def read(self, size: int, /) -> bytes:
        """Return the beginning, then the rest."""
        return self._head.read(size) or self._rest.read(size)


class _Counted:
    """A stream that is counted as it is read."""

    __slots__ = ("_budget", "_stream")

    def __init__(self, stream: ByteStream, budget: Budget) -> None:
        self._stream = stream
        self._budget = budget

    def read(self, size: int, /) -> bytes:
        """Return octets."""
        piece = self._stream.read(size)
        self._budget.take(len(piece))
        return piece


class _Gzip:
    """Unpacks gzip (RFC 1952), members in a row as well."""

    __slots__ = ("_file",)

    def __init__(self, file: BinaryIO) -> None:
        self._file = gzip.GzipFile(fileobj=file, mode="rb")

    def read(self, size: int, /) -> bytes:
        """Return octets.

        Raises:
            ArchiveError: It is damaged or truncated.
        """
        try:
            return self._file.read(size)
        except EOFError:
            raise ArchiveError("the gzip file is truncated") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise ArchiveError(f"the gzip file is damaged: {error}") from error


class _Zstd:
    """Unpacks zstd (RFC 8878), frames in a row as well."""

    __slots__ = ("_reader",)

    def __init__(self, file: BinaryIO) -> None:
        unpacking = zstandard.ZstdDecompressor(max_window_size=_WINDOW_OCTETS)
        self._reader = unpacking.stream_reader(file, read_across_frames=True)

    def read(self, size: int, /) -> bytes:
        """Return octets.

        Raises:
            ArchiveError: It is damaged.
        """
        try:
            return self._reader.read(size)
        except zstandard.ZstdError as error:
            raise ArchiveError(f"the zstd file is damaged, or needs too much memory: {error}") from error
