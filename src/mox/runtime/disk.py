"""Durable files, on every platform: the one place that knows how POSIX and Windows differ here.

Windows has no directory fsync (NTFS journals names by itself), and a file must be closed before it is
renamed or removed; callers close first, always.
"""

import contextlib
import os
import shutil
import sys
from pathlib import Path

__all__ = ["StrPath", "link_or_copy", "remove_file", "sync_directory", "sync_file", "write_file_durably"]

# Where thousands of files are handled at once, their names are plain text: paths are slow to make.
StrPath = Path | str


def sync_directory(path: Path) -> None:
    """Put the directory's entries on stable storage; a no-op on Windows."""
    if sys.platform != "win32":
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def sync_file(path: Path) -> None:
    """Put a closed file's octets on stable storage."""
    # Windows flushes only handles that may write.
    fd = os.open(path, os.O_RDWR)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def link_or_copy(source: StrPath, target: StrPath) -> None:
    """Give the content a second name; copy and sync where the file system cannot link.

    Raises:
        FileExistsError: The target exists; it is never overwritten.
        OSError: Neither way worked; no partial target is left.
    """
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        _copy(source, target)


def _copy(source: StrPath, target: StrPath) -> None:
    try:
        with Path(source).open("rb") as reader, Path(target).open("xb") as writer:
            shutil.copyfileobj(reader, writer, 1 << 18)
            writer.flush()
            os.fsync(writer.fileno())
    except FileExistsError:
        raise
    except OSError:
        remove_file(target)
        raise


def remove_file(path: StrPath) -> None:
    """Remove a closed file; one that is not there is fine."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)  # noqa: PTH108  thousands at a time; making a path takes longer than removing one


def write_file_durably(path: Path, octets: bytes, mode: int = 0o660) -> None:
    """Replace a file's content so that either the old or the new content survives a crash."""
    temporary = path.with_name(f".{path.name}.new")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), mode)
    with os.fdopen(fd, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_directory(path.parent)
