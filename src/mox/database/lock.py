"""One process at a time: a lock on a directory, which needs no file of its own and is gone with its holder.

Threads and processes wait for it in turn; SQLite's own waiting looks again after pauses, and the unlucky
wait long. Not for Windows, where one process serves: there it does nothing.
"""

import logging
import os
import sys
from pathlib import Path
from types import TracebackType

if sys.platform != "win32":
    import fcntl

__all__ = ["DirectoryLock"]

logger = logging.getLogger(__name__)


class DirectoryLock:
    """A lock on a directory, for databases in it; entered by one thread at a time, and it waits."""

    __slots__ = ("_directory", "_fd", "_is_told")

    def __init__(self, directory: Path) -> None:
        """Open the directory.

        Raises:
            OSError: It is not there.
        """
        self._directory = directory
        self._is_told = False
        self._fd = -1
        if sys.platform != "win32":
            self._fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)

    def __enter__(self) -> None:
        if sys.platform != "win32":
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX)
            except OSError as error:
                # Some network file systems have none; the database's own waiting is slower, and as safe.
                self._note(error)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if sys.platform != "win32":
            try:
                fcntl.flock(self._fd, fcntl.LOCK_UN)
            except OSError as trouble:
                self._note(trouble)

    def _note(self, error: OSError) -> None:
        if not self._is_told:
            self._is_told = True
            logger.warning(
                "no lock on a directory, going on without",
                extra={"path": self._directory, "reason": error.strerror},
            )

    def close(self) -> None:
        """Close the directory; harmless when that was done."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
