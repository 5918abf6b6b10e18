"""Small files written in threads, while whoever made them goes on: to make a file is to wait."""

import os
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

__all__ = ["FileWriting", "write_file"]

_THREADS = 2
# In memory, until they are written.
_MOST_OCTETS = 4 << 20
_MOST_FILES = 64


def write_file(path: Path, pieces: Iterable[bytes]) -> int:
    """Write a file, which may be there, without syncing it; return its size.

    Raises:
        OSError: No room, or whatever the disk says.
    """
    size = 0
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o660)
    try:
        for piece in pieces:
            size += len(piece)
            view = memoryview(piece)
            while view:
                view = view[os.write(fd, view) :]
    finally:
        os.close(fd)
    return size


class FileWriting:
    """Writes files; each path is given once."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="files")
        self._pending: deque[tuple[Future[int], int]] = deque()
        self._octets = 0

    def write(self, path: Path, octets: bytes) -> None:
        """Have a file written; wait for earlier ones if there are many.

        Raises:
            OSError: An earlier one could not be written.
        """
        self._pending.append((self._pool.submit(write_file, path, (octets,)), len(octets)))
        self._octets += len(octets)
        while self._octets > _MOST_OCTETS or len(self._pending) > _MOST_FILES:
            self._wait_for_one()

    def wait(self) -> None:
        """Wait until all are written.

        Raises:
            OSError: One could not be written.
        """
        while self._pending:
            self._wait_for_one()

    def _wait_for_one(self) -> None:
        written, octets = self._pending.popleft()
        self._octets -= octets
        written.result()

    def close(self) -> None:
        """Write nothing more; when this returns, no file is being written."""
        self._pool.shutdown(cancel_futures=True)
