"""Files into one stream: tar, gzipped tar, or zip; sizes need not be known before, memory does not grow."""

import zlib
from collections.abc import Iterator
from contextlib import closing
from enum import StrEnum
from itertools import chain
from tempfile import TemporaryFile

from mox.moving.entries import read_pieces
from mox.moving.exporting import ExportFile
from mox.moving.tarwriting import tar_end, tar_header, tar_padding
from mox.moving.zipwriting import ZipWriter

__all__ = ["Packing", "pack"]

_IN_MEMORY_OCTETS = 1 << 20
_LEVEL = 6


class Packing(StrEnum):
    """How files are put together."""

    TAR = "tar"
    TGZ = "tgz"
    ZIP = "zip"


def pack(files: Iterator[ExportFile], packing: Packing) -> Iterator[bytes]:
    """Yield an archive in pieces.

    Raises:
        OSError: A temporary file cannot be written, or what the files raise.
    """
    match packing:
        case Packing.TAR:
            return _tar(files)
        case Packing.TGZ:
            return _gzip(_tar(files))
        case Packing.ZIP:
            return _zip(files)


def _tar(files: Iterator[ExportFile]) -> Iterator[bytes]:
    for file in files:
        if file.pieces is None:
            yield tar_header(file.name, file.modified_at, None)
            continue
        # Before the octets stands their number.
        small, rest = _beginning(file.pieces)
        if rest is None:
            yield tar_header(file.name, file.modified_at, len(small)) + small + tar_padding(len(small))
            continue
        with TemporaryFile() as spooled:
            for piece in chain((small,), rest):
                spooled.write(piece)
            size = spooled.tell()
            spooled.seek(0)
            yield tar_header(file.name, file.modified_at, size)
            yield from read_pieces(spooled)
            yield tar_padding(size)
    yield tar_end()


def _beginning(pieces: Iterator[bytes]) -> tuple[bytes, Iterator[bytes] | None]:
    """Return all octets if they are few; else the first of them, and the rest."""
    taken: list[bytes] = []
    size = 0
    for piece in pieces:
        taken.append(piece)
        size += len(piece)
        if size > _IN_MEMORY_OCTETS:
            return b"".join(taken), pieces
    return b"".join(taken), None


def _gzip(pieces: Iterator[bytes]) -> Iterator[bytes]:
    packing = zlib.compressobj(_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    for piece in pieces:
        if packed := packing.compress(piece):
            yield packed
    yield packing.flush()


def _zip(files: Iterator[ExportFile]) -> Iterator[bytes]:
    with closing(ZipWriter()) as writer:
        for file in files:
            if file.pieces is None:
                yield from writer.directory(file.name, file.modified_at)
                continue
            small, rest = _beginning(file.pieces)
            if rest is None:
                yield from writer.small(file.name, file.modified_at, small)
            else:
                yield from writer.large(file.name, file.modified_at, chain((small,), rest))
        yield from writer.end()
