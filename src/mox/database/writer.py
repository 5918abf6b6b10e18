"""One writer per database, with group commit: many functions, each in its own savepoint, one COMMIT.

While one batch is being committed, the next gathers. Invariants: batches run one at a time on one thread;
a function's failure undoes only itself; nobody is told of success before COMMIT returned; callbacks run on
the loop in commit order, before the callers wake up; a dying batch fails all its callers.
"""

import asyncio
import errno
import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Generic, TypeVar

import apsw

from mox.database.connection import Connection
from mox.database.lock import DirectoryLock
from mox.runtime import sync_directory

__all__ = ["GroupWriter", "Transaction"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

# Enough to share a COMMIT well; bounds how long the first of a batch waits for the last.
_BATCH = 64


class Transaction:
    """What one function of a batch sees: the connection, and what must happen around the COMMIT."""

    __slots__ = ("_after_commit", "_attached", "_directories", "_on_rollback", "connection")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._directories: set[Path] = set()
        self._on_rollback: list[Callable[[], None]] = []
        self._after_commit: list[Callable[[], None]] = []
        self._attached: list[str] = []

    def attach(self, path: Path, schema: str) -> None:
        """Let the statements see another database as `schema`, until the end of the batch; for reading."""
        self.connection.run("ATTACH :path AS :schema", path=str(path), schema=schema)
        self._attached.append(schema)

    def sync_directory(self, path: Path) -> None:
        """Have a directory's new names on stable storage before the COMMIT."""
        self._directories.add(path)

    def on_rollback(self, undo: Callable[[], None]) -> None:
        """Undo an effect outside the database if this function's work does not last."""
        self._on_rollback.append(undo)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back on the loop, in commit order, before the caller of `run` wakes up."""
        self._after_commit.append(callback)

    def _undo(self) -> None:
        for undo in reversed(self._on_rollback):
            try:
                undo()
            except OSError:
                logger.exception("undo after a rollback failed")


class _Job(Generic[T]):
    __slots__ = ("error", "function", "future", "result", "transaction")

    def __init__(self, function: Callable[[Transaction], T], future: asyncio.Future[T]) -> None:
        self.function = function
        self.future = future
        self.result: T | None = None
        self.error: BaseException | None = None
        self.transaction: Transaction | None = None

    def finish(self) -> None:
        """Tell the caller; on the loop."""
        if self.error is None and self.transaction is not None:
            for callback in self.transaction._after_commit:  # noqa: SLF001  same file, the other half of Transaction
                try:
                    callback()
                except Exception:  # One that crashes must not keep the rest of the batch from waking up.
                    logger.exception("callback after a commit crashed")
        if self.future.done():  # The caller was cancelled; its change lasts all the same.
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)  # type: ignore[arg-type]  # T may include None


class GroupWriter:
    """The writer of one database.

    Attributes:
        turn: Entered for each batch; by others only while nothing waits or runs.
    """

    def __init__(self, connection: Connection, pool: Executor, *, is_shared: bool = False) -> None:
        """Remember the parts.

        Args:
            connection: Used by nobody else while something waits or runs; closed with it.
            pool: Runs batches.
            is_shared: Other processes write to the database, too: they take turns.
        """
        self._connection = connection
        self._pool = pool
        self._directory = DirectoryLock(connection.path.parent) if is_shared else None
        # Held until what failed is undone: nobody else must meet it half done.
        self.turn: AbstractContextManager[None] = self._directory or nullcontext()
        self._lock = threading.Lock()
        self._waiting: deque[_Job[Any]] = deque()
        self._is_draining = False

    @property
    def is_idle(self) -> bool:
        """Say whether nothing waits or runs."""
        return not self._is_draining

    def run(self, function: Callable[[Transaction], T]) -> asyncio.Future[T]:
        """Run a function in the next batch; the future ends when its effects are on stable storage.

        The function runs in a worker thread and may raise to undo its own work only.
        """
        loop = asyncio.get_running_loop()
        job = _Job(function, loop.create_future())
        with self._lock:
            self._waiting.append(job)
            start, self._is_draining = not self._is_draining, True
        if start:
            self._pool.submit(self._drain, loop)
        return job.future

    def close(self) -> None:
        """Close, the connection too; the caller made sure that nothing runs."""
        self._connection.close()
        if self._directory is not None:
            self._directory.close()

    def _drain(self, loop: asyncio.AbstractEventLoop) -> None:
        while True:
            with self._lock:
                batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
                if not batch:
                    self._is_draining = False
                    return
            with self.turn:
                self._commit_or_fail(batch)
            try:
                loop.call_soon_threadsafe(_finish, batch)
            except RuntimeError:  # The loop is closed: the process ends and nobody listens.
                logger.warning("commit finished after the loop closed", extra={"jobs": len(batch)})

    def _commit_or_fail(self, batch: list[_Job[Any]]) -> None:
        try:
            self._commit(batch)
        except BaseException as error:  # noqa: BLE001  whatever it was, the callers must hear of it
            for job in batch:
                if job.error is None:
                    job.error = _named(error)
                    if job.transaction is not None:
                        job.transaction._undo()  # noqa: SLF001  same file

    def _commit(self, batch: list[_Job[Any]]) -> None:
        connection = self._connection
        connection.run("BEGIN IMMEDIATE")
        try:
            directories: set[Path] = set()
            for job in batch:
                self._run_one(job)
                if job.error is None and job.transaction is not None:
                    directories |= job.transaction._directories  # noqa: SLF001  same file
            for directory in directories:
                sync_directory(directory)
            connection.run("COMMIT")
        except BaseException:
            # SQLite rolls back by itself where it must, a full disk for one.
            if connection.is_in_transaction:
                connection.run("ROLLBACK")
            raise
        finally:
            # Not before: a transaction that read one holds it.
            for schema in (s for job in batch if job.transaction for s in job.transaction._attached):  # noqa: SLF001  same file
                connection.run("DETACH :schema", schema=schema)

    def _run_one(self, job: _Job[Any]) -> None:
        job.transaction = Transaction(self._connection)
        self._connection.run("SAVEPOINT job")
        try:
            job.result = job.function(job.transaction)
            self._connection.run("RELEASE job")
        except Exception as error:
            if not self._connection.is_in_transaction:
                # SQLite itself undid everything (full disk and the like): the batch is lost, not one job.
                raise
            self._connection.run("ROLLBACK TO job")
            self._connection.run("RELEASE job")
            job.error = _named(error)
            job.transaction._undo()  # noqa: SLF001  same file


def _named(error: BaseException) -> BaseException:
    """Say that the disk is full as the rest of the program says it: callers must not know SQLite."""
    if not isinstance(error, apsw.FullError):
        return error
    named = OSError(errno.ENOSPC, "no room on disk for the database")
    named.__cause__ = error
    return named


def _finish(batch: list[_Job[Any]]) -> None:
    for job in batch:
        job.finish()
