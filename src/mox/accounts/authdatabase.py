"""`auth.db`, one for each server: everything that proves an identity, and what was tried."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import TypeVar

from mox.database import GroupWriter, Migrations, Transaction, open_database, open_reader

__all__ = ["AuthDatabase"]

T = TypeVar("T")

_MIGRATIONS = Migrations("mox.accounts", "schema")


class AuthDatabase:
    """A reader for short reads on the loop's thread, and a writer with group commit."""

    def __init__(self, *, directory: Path, pool: Executor, is_shared: bool = False) -> None:
        """Open it in the data directory, creating it if need be; blocking.

        Args:
            directory: The data directory.
            pool: Where it is written.
            is_shared: Other processes write to it, too.
        """
        path = directory / "auth.db"
        self._writing = open_database(path, _MIGRATIONS)
        self.reader = open_reader(path)
        self._writer = GroupWriter(self._writing, pool, is_shared=is_shared)

    def write(self, function: Callable[[Transaction], T]) -> asyncio.Future[T]:
        """Run a function in a transaction; done when that is on disk."""
        return self._writer.run(function)

    def write_now(self, statement: str, **values: object) -> None:
        """Run one statement, blocking; only while the server is being built."""
        self._writing.run(statement, **values)

    async def close(self) -> None:
        """Finish writing, close."""
        await self._writer.run(lambda _: None)
        self.reader.close()
        self._writer.close()
