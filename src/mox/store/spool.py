"""A message on its way in: a temporary file that is written in pieces and synced once.

Small messages stay in memory until the end, so that they cost one visit to a worker thread. The file is
removed by `discard`, whatever happened; what was filed has its own hard link by then.
"""

import asyncio
import os
import re
import threading
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from mox.runtime import FileRemover, Worker, remove_file

__all__ = ["Content", "Spool", "SpoolDirectory"]

_IN_MEMORY_OCTETS = 256 << 10
_BARE_LF = re.compile(rb"(?<!\r)\n")


@dataclass(frozen=True, slots=True)
class Content:
    """A message's octets, closed and on stable storage.

    Attributes:
        path: The temporary file; hard-linked into each account it goes to.
        size: In octets.
        octets: The same, when it is small enough to have stayed in memory.
    """

    path: Path
    size: int
    octets: bytes | None


class Spool:
    """One message; used by one task."""

    __slots__ = (
        "_buffer",
        "_buffered",
        "_ends_in_cr",
        "_file",
        "_has_file",
        "_is_discarded",
        "_lock",
        "_pool",
        "_remover",
        "path",
        "size",
    )

    def __init__(self, path: Path, pool: Executor, remover: FileRemover) -> None:
        self.path = path
        self._pool = pool
        self._remover = remover
        self._buffer: list[bytes] = []
        self._buffered = 0
        self._file: int | None = None
        self._has_file = False
        self._ends_in_cr = False
        # A connection may end while a worker thread writes: the file is never closed under its hands.
        self._lock = threading.Lock()
        self._is_discarded = False
        self.size = 0

    def write(self, octets: bytes) -> None:
        """Add octets; call `flush` when `wants_flush` says so."""
        self._buffer.append(octets)
        self._buffered += len(octets)
        self.size += len(octets)

    def write_text_lines(self, octets: bytes) -> None:
        """Add octets of a client that may end lines with a bare LF; they are stored as CRLF."""
        if octets:
            if self._ends_in_cr and octets[:1] == b"\n":
                # The CR of this pair came with the piece before.
                fixed = b"\n" + _BARE_LF.sub(b"\r\n", octets[1:])
            else:
                fixed = _BARE_LF.sub(b"\r\n", octets)
            self._ends_in_cr = octets[-1:] == b"\r"
            self.write(fixed)

    @property
    def wants_flush(self) -> bool:
        """Say whether enough is in memory to be written."""
        return self._buffered >= _IN_MEMORY_OCTETS

    def in_memory(self) -> Content | None:
        """Return what was written, as long as it is in memory alone; it is not on stable storage yet."""
        if self._file is not None or self._has_file or self._is_discarded:
            return None
        octets = b"".join(self._buffer)
        self._buffer = [octets]
        return Content(self.path, self.size, octets)

    async def flush(self) -> None:
        """Write what is in memory."""
        await asyncio.get_running_loop().run_in_executor(self._pool, self._write_out)

    def _write_out(self) -> None:
        with self._lock:
            self._write_locked()

    def _write_locked(self) -> None:
        if self._is_discarded:
            raise OSError("message was given up")
        if self._file is None:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            self._file = os.open(self.path, flags, 0o600)
            self._has_file = True
        pending, self._buffer, self._buffered = b"".join(self._buffer), [], 0
        view = memoryview(pending)
        while view:
            view = view[os.write(self._file, view) :]

    def finish(self) -> Content:
        """Write the rest, sync and close; blocking, for a worker thread."""
        octets = b"".join(self._buffer) if self._file is None else None
        with self._lock:
            try:
                self._write_locked()
                if self._file is not None:
                    os.fsync(self._file)
            finally:
                self._close()
        return Content(self.path, self.size, octets)

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def discard(self) -> None:
        """Close the temporary file and have it removed; may be called at any time, and more than once."""
        with self._lock:
            self._is_discarded = True
            self._buffer = []
            self._close()
            if self._has_file:
                self._has_file = False
                self._remover.remove(self.path)


class SpoolDirectory:
    """Makes spools; what an earlier process left behind is removed at the start."""

    def __init__(self, directory: Path, pool: Executor, worker: Worker = Worker()) -> None:  # noqa: B008  frozen
        self._directory = directory
        self._pool = pool
        self._worker = worker
        self._remover = FileRemover(pool)
        self._numbers = count()
        directory.mkdir(mode=0o770, parents=True, exist_ok=True)
        for left in directory.glob("spool-*"):
            if self._is_left(left.name):
                remove_file(left)

    def _is_left(self, name: str) -> bool:
        """Say whether a file is of a process that is gone: of one before this, or before fewer of them."""
        number = name.split("-")[1]
        is_of_other = number.isdecimal() and int(number) < self._worker.count
        return number == str(self._worker.number) or (self._worker.is_first and not is_of_other)

    def new(self) -> Spool:
        """Begin a message."""
        name = f"spool-{self._worker.number}-{os.getpid()}-{next(self._numbers)}"
        return Spool(self._directory / name, self._pool, self._remover)
