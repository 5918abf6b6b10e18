"""A reader of a database that may be made anew, by this or another process, while it is open."""

from collections.abc import Callable
from pathlib import Path

from mox.database.connection import Connection
from mox.database.migrations import open_reader

__all__ = ["ReplaceableReader"]


class ReplaceableReader:
    """Opens a database when it is first needed, and again when there is another file; for one thread."""

    def __init__(self, path: Path, accept: Callable[[Connection], bool] = lambda _: True) -> None:
        """Remember it.

        Args:
            path: Of the database, which need not be there.
            accept: Prepares what was opened, and says whether it can be used.
        """
        self._path = path
        self._accept = accept
        self._connection: Connection | None = None
        self._identity: tuple[int, int] | None = None

    def get(self) -> Connection | None:
        """Return a connection to what is there now; None if there is nothing that can be used.

        Raises:
            DatabaseError, DriverError: It cannot be opened.
        """
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self.close()
            return None
        identity = found.st_dev, found.st_ino
        if self._connection is not None and self._identity == identity:
            return self._connection
        self.close()
        connection = open_reader(self._path)
        try:
            is_usable = self._accept(connection)
        except BaseException:
            connection.close()
            raise
        if not is_usable:
            connection.close()
            return None
        self._connection, self._identity = connection, identity
        return connection

    def close(self) -> None:
        """Close; harmless when that was done."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
