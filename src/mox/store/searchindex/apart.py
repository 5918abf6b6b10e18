"""Filling in a process of its own, where much waits: mail comes and goes undisturbed on the other processor.

The process ends by itself when nothing came for a while, and when its standard input ends: so it outlives
neither `stop` nor the death of its parent.
"""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from mox.database import Connection, open_database, open_reader
from mox.store.files import MessageFiles
from mox.store.searchindex.indexing import MIGRATIONS, index_batch

__all__ = ["FillingProcess", "fill_until_idle"]

_NICENESS = 10
# It takes some tenths of a second to start: it stays while mail keeps coming.
_POLL_S = 0.25
_IDLE_S = 5.0
# Then it is another account's turn.
_LONGEST_S = 60.0


class FillingProcess:
    """Runs the process; `stop` may be called from any thread."""

    def __init__(self, *, search: Path, mail: Path, files: Path) -> None:
        self._argv = [sys.executable, "-m", "mox.store.searchindex", str(search), str(mail), str(files)]
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._is_stopped = False

    def run(self) -> str:
        """Fill until nothing waits; blocking. Return what went wrong, empty if nothing did."""
        with self._lock:
            if self._is_stopped:
                return ""
            process = self._process = subprocess.Popen(  # noqa: S603  our own program
                self._argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
            )
        with process:
            trouble = process.stderr.read() if process.stderr is not None else ""
            status = process.wait()
        with self._lock:
            self._process = None
        return "" if status == 0 else (trouble.strip() or f"exit status {status}")

    def stop(self) -> None:
        """Have it end after the batch that it is at, and not start again."""
        with self._lock:
            self._is_stopped = True
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.close()


def fill_until_idle(search: Path, mail: Path, files: Path) -> None:
    """Be that process.

    Raises:
        mox.database.DriverError, mox.database.DatabaseError, OSError: The index cannot be written.
    """
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    ended = threading.Event()
    threading.Thread(target=_watch, args=(ended,), daemon=True).start()
    reader = open_reader(mail)
    writer = open_database(search, MIGRATIONS)
    writer.run("PRAGMA synchronous=NORMAL")
    try:
        _fill(writer, reader, MessageFiles(files), ended)
    finally:
        writer.close()
        reader.close()


def _fill(writer: Connection, reader: Connection, files: MessageFiles, ended: threading.Event) -> None:
    idle_s, ends_at = 0.0, time.monotonic() + _LONGEST_S
    while not ended.is_set() and idle_s < _IDLE_S and time.monotonic() < ends_at:
        if index_batch(writer, reader, files):
            idle_s = 0.0
        else:
            ended.wait(_POLL_S)
            idle_s += _POLL_S


def _watch(ended: threading.Event) -> None:
    # Unbuffered: a lock of `sys.stdin` that is held at the end of the program would be fatal to it.
    while os.read(0, 64):
        pass
    ended.set()
