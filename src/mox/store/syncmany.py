"""Many new files on stable storage, with one call where the platform has one."""

import ctypes
import os
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from mox.runtime import sync_directory, sync_file

__all__ = ["sync_many"]

_THREADS = 8
_TOGETHER = 1000


def sync_many(files: Iterable[Path], directories: Sequence[Path], *, one_call: bool = True) -> None:
    """Put closed files and the entries of directories on stable storage; blocking.

    Args:
        files: All on the file system of the last directory.
        directories: Where their names are; the last is above the others.
        one_call: Sync the file system as a whole, if this platform can.

    Raises:
        OSError: The disk says that something was not written.
    """
    if one_call and _sync_file_system(directories[-1]):
        return
    each = iter(files)
    with ThreadPoolExecutor(_THREADS) as pool:
        while batch := list(islice(each, _TOGETHER)):
            list(pool.map(sync_file, batch))
    for directory in directories:
        sync_directory(directory)


def _sync_file_system(directory: Path) -> bool:
    """Sync all that was written to a directory's file system, if this platform can; say whether it did.

    Linux tells of failed writes since 5.8; `os.sync` would not, and would wait for other file systems.
    """
    has_synced = False
    if sys.platform == "linux":
        syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
        if syncfs is None:
            return False
        fd = os.open(directory, os.O_RDONLY)
        try:
            if syncfs(fd) != 0:
                error = ctypes.get_errno()
                raise OSError(error, os.strerror(error), str(directory))
        finally:
            os.close(fd)
        has_synced = True
    return has_synced
