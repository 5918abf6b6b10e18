"""A thin connection: named parameters in, tuples out, nothing between the statement and SQLite."""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import apsw

from mox.database.errors import DatabaseError

__all__ = ["Connection", "Row"]

# What a column holds is known by the statement's author, not by the type checker.
Row = tuple[Any, ...]

# Older versions lose commits when several connections write and checkpoint one WAL database.
_OLDEST = (3, 51, 3)


class Connection:
    """One connection; used by one thread at a time."""

    __slots__ = ("_execute", "_raw", "path")

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        if tuple(map(int, apsw.sqlite_lib_version().split("."))) < _OLDEST:
            raise DatabaseError(f"SQLite {apsw.sqlite_lib_version()} is too old; 3.51.3 or newer is needed")
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        if read_only:
            # Not SQLITE_OPEN_READONLY: a WAL reader must be able to create the shared-memory file.
            flags = apsw.SQLITE_OPEN_READWRITE
        try:
            self._raw = apsw.Connection(str(path), flags=flags)
        except apsw.CantOpenError as error:
            raise DatabaseError(f"cannot open database {path}: {error}") from error
        self.path = path
        self._execute = self._raw.execute
        self._raw.set_busy_timeout(10_000)
        try:
            self._execute("PRAGMA synchronous=FULL")
            self._execute("PRAGMA temp_store=MEMORY")
            if read_only:
                self._execute("PRAGMA query_only=ON")
        except apsw.NotADBError as error:
            self._raw.close()
            raise DatabaseError(f"{path} is not a database; restore it from a backup") from error

    def run(self, sql: str, **parameters: object) -> None:
        """Execute one statement (or several, without parameters)."""
        self._execute(sql, parameters or None)

    def run_many(self, sql: str, rows: Iterable[dict[str, object]]) -> None:
        """Execute one statement for each set of parameters."""
        self._raw.executemany(sql, rows)

    def rows(self, sql: str, **parameters: object) -> list[Row]:
        """Return all rows."""
        return self._execute(sql, parameters or None).fetchall()

    def row(self, sql: str, **parameters: object) -> Row | None:
        """Return the first row, or None."""
        return self._execute(sql, parameters or None).fetchone()

    def value(self, sql: str, **parameters: object) -> Any:
        """Return the first column of the first row, or None."""
        row = self._execute(sql, parameters or None).fetchone()
        return None if row is None else row[0]

    @property
    def last_id(self) -> int:
        """The rowid of the last insert."""
        return self._raw.last_insert_rowid()

    @property
    def changed(self) -> int:
        """How many rows the last statement changed."""
        return self._raw.changes()

    @property
    def is_in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._raw.in_transaction

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let several reads see one state of the database."""
        self._execute("BEGIN")
        try:
            yield
        finally:
            self._execute("COMMIT")

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Let several statements take effect together; the first of them already sees what others wrote."""
        self._execute("BEGIN IMMEDIATE")
        try:
            yield
            self._execute("COMMIT")
        except BaseException:
            # SQLite rolls back by itself where it must, a full disk for one.
            if self.is_in_transaction:
                self._execute("ROLLBACK")
            raise

    def backup_to(self, path: Path) -> None:
        """Write a consistent copy; the target must not exist."""
        self._execute("VACUUM INTO ?", (str(path),))

    def copy_to(self, path: Path) -> None:
        """Write a copy of this moment, page by page, as it is; the target must not exist. Others may write.

        Raises:
            FileExistsError: The target exists.
            DriverError: It cannot be read or written.
        """
        path.open("xb").close()
        target = apsw.Connection(str(path))
        try:
            with target.backup("main", self._raw, "main") as copying:
                # In one step: else each change of somebody else would have it begin again.
                copying.step(-1)
        finally:
            target.close()

    def close(self) -> None:
        """Close; harmless when closed already."""
        self._raw.close()
