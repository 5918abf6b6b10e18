"""One account's mail: its database, its files, and who listens to its changes.

Reads run inline on the loop through `reader` (SQLite's snapshot makes them consistent, and a thread would
lose its turn at every row); changes go through `write`, in a worker thread, many to a COMMIT.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TypeVar

from mox.database import Connection, GroupWriter, Migrations, Transaction, open_database, open_reader
from mox.runtime import Clock, sync_directory
from mox.store.errors import OverQuotaError
from mox.store.files import MessageFiles
from mox.store.initial import create_initial
from mox.store.switchboard import Switchboard
from mox.store.transaction import Tx

__all__ = ["Account"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

_MIGRATIONS = Migrations("mox.store", "schema")
_USED = "SELECT used_octets FROM account"
_HIGHEST_ID = "SELECT next_message_id - 1 FROM account"
_RAISE_NEXT_ID = "UPDATE account SET next_message_id = :next"


class Account:
    """An open account; made by `Store`."""

    def __init__(
        self,
        *,
        name: str,
        directory: Path,
        clock: Clock,
        pool: Executor,
        quota_octets: Callable[[], int],
        initial_mailboxes: Sequence[tuple[str, str | None]],
    ) -> None:
        """Open, and create if it is not there: blocking, a few milliseconds.

        Args:
            name: Of the account.
            directory: `accounts/<name>`.
            clock: For all times that are stored.
            pool: Runs the writer.
            quota_octets: Asked at each change; 0 is without limit.
            initial_mailboxes: Name and special use of those a new account gets, besides Inbox.
        """
        self.name = name
        self.files = MessageFiles(directory / "msg")
        self.switchboard = Switchboard()
        self._clock = clock
        self._quota_octets = quota_octets
        if not directory.exists():
            directory.mkdir(mode=0o770, parents=True)
            sync_directory(directory.parent)
        if not self.files.root.exists():
            self.files.root.mkdir(mode=0o770)
            sync_directory(directory)
        path = directory / "index.db"
        self._writing = open_database(path, _MIGRATIONS)
        create_initial(self._writing, now=int(clock.now().timestamp()), mailboxes=initial_mailboxes)
        self._skip_used_file_ids()
        self.reader: Connection = open_reader(path)
        self._writer = GroupWriter(self._writing, pool)

    def _skip_used_file_ids(self) -> None:
        highest = self._writing.value(_HIGHEST_ID)
        if (used := self.files.highest_id(highest)) > highest:
            logger.warning(
                "message files newer than the index, skipping their ids",
                extra={"account": self.name, "index": highest, "files": used},
            )
            self._writing.run(_RAISE_NEXT_ID, next=used + 1)

    async def write(self, function: Callable[[Tx], T], origin: object | None = None) -> T:
        """Change the account; return when it is on stable storage and was announced.

        The function runs in a worker thread. If it raises, nothing of it lasts.

        Args:
            function: What to do.
            origin: Who does it, so that a session can tell its own changes from others'.
        """

        def job(transaction: Transaction) -> T:
            tx = Tx(
                transaction,
                files=self.files,
                now=int(self._clock.now().timestamp()),
                quota_octets=self._quota_octets(),
            )
            result = function(tx)
            tx.finish(lambda changes: self.switchboard.publish(origin, changes))
            return result

        return await self._writer.run(job)

    def check_room(self, octets: int) -> None:
        """Refuse early what will not fit; the transaction checks again.

        Raises:
            OverQuotaError: The account has no room for that many more octets.
        """
        limit = self._quota_octets()
        if limit > 0 and octets > (free := limit - self.reader.value(_USED)):
            raise OverQuotaError(octets, free)

    async def finish_writing(self) -> None:
        """Wait for the changes that were asked for before."""
        await self._writer.run(lambda _: None)

    @property
    def is_idle(self) -> bool:
        """Say whether it can be closed without anybody noticing."""
        return self._writer.is_idle and not len(self.switchboard)

    def close(self) -> None:
        """Close the databases; the caller made sure that nothing runs."""
        self.reader.close()
        self._writing.close()
