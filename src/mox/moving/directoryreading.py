"""A directory on disk as entries: walked in order, links not followed, one directory's names in memory."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from mox.moving.entries import ByteStream, Entry, EntryKind, clean_name
from mox.moving.errors import EntryError

__all__ = ["read_directory", "read_file"]

_DEEPEST = 40


def read_directory(root: Path) -> Iterator[Entry]:
    """Yield what is below a directory: files of each directory by name, then directories below.

    Raises:
        OSError: A directory cannot be read.
    """
    yield from _walk(root, "", 0)


def _walk(root: Path, above: str, depth: int) -> Iterator[Entry]:
    with os.scandir(root / above) as found:
        # Names, and what they are without another look.
        names = sorted((each.is_dir(follow_symlinks=False), each.name) for each in found)
    for is_directory, name in names:
        inside = f"{above}{name}"
        if not is_directory:
            yield read_file(root / inside, inside)
        elif depth < _DEEPEST:
            yield Entry(_cleaned(f"{inside}/"), EntryKind.DIRECTORY, None, _nothing)
            yield from _walk(root, f"{inside}/", depth + 1)
        else:
            trouble = f"it is more than {_DEEPEST} directories deep"
            yield Entry(_cleaned(inside), EntryKind.OTHER, None, _nothing, trouble)


def _nothing() -> ByteStream:
    raise EntryError("it is no file")


def read_file(path: Path, name: str) -> Entry:
    """Return a file as an entry; it is opened when it is read."""
    try:
        status = path.lstat()
    except OSError as error:
        return Entry(_cleaned(name), EntryKind.OTHER, None, _nothing, str(error.strerror))
    kind = status.st_mode & 0o170000
    if kind != 0o100000:
        trouble = (
            "symbolic links are not followed" if kind == 0o120000 else "it is neither file nor directory"
        )
        return Entry(_cleaned(name), EntryKind.OTHER, int(status.st_mtime), _nothing, trouble)
    return Entry(_cleaned(name), EntryKind.FILE, int(status.st_mtime), partial(_File, path))


def _cleaned(name: str) -> str:
    return clean_name(os.fsencode(name))


class _File:
    """A file's octets; closed at the end, or with the last reference."""

    __slots__ = ("_file",)

    def __init__(self, path: Path) -> None:
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        try:
            self._file: BinaryIO = os.fdopen(os.open(path, flags), "rb", buffering=0)
        except OSError as error:
            raise EntryError(f"it cannot be read: {error.strerror}") from error

    def read(self, size: int, /) -> bytes:
        """Return octets."""
        try:
            piece = self._file.read(size)
        except OSError as error:
            raise EntryError(f"it cannot be read: {error.strerror}") from error
        if not piece:
            self._file.close()
        return piece

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()
