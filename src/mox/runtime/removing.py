"""Removes files behind the back of whoever has no time: a file system that is busy syncing lets one wait."""

import logging
import threading
from collections import deque
from concurrent.futures import Executor

from mox.runtime.disk import StrPath, remove_file

__all__ = ["FileRemover"]

logger = logging.getLogger(__name__)


class FileRemover:
    """Removes files in a worker thread, in the order they were named; for any thread.

    What is still waiting when the process dies stays.
    """

    def __init__(self, pool: Executor) -> None:
        self._pool = pool
        self._waiting: deque[StrPath] = deque()
        self._lock = threading.Lock()
        self._is_removing = False

    def remove(self, path: StrPath) -> None:
        """Remove a closed file soon; one that is not there is fine. What goes wrong is logged."""
        with self._lock:
            self._waiting.append(path)
            if self._is_removing:
                return
            self._is_removing = True
        try:
            self._pool.submit(self._remove_all)
        except RuntimeError:
            # The pool has ended: so does the server.
            self._remove_all()

    def _remove_all(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._is_removing = False
                    return
                path = self._waiting.popleft()
            try:
                remove_file(path)
            except OSError as error:
                logger.warning("file not removed", extra={"path": path, "error": error})
