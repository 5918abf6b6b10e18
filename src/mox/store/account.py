"""One account's mail: its database, its files, and who listens to its changes.

Reads run inline on the loop through `reader` (SQLite's snapshot makes them consistent, and a thread would
lose its turn at every row); changes go through `write`, in a worker thread, many to a COMMIT.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TypeVar

from mox.database import Connection, GroupWriter, Migrations, Transaction, open_database, open_reader
from mox.runtime import Clock, Worker, sync_directory
from mox.store.automaticflags import JunkFlagRules
from mox.store.changes import FlagsChanged, MessagesAdded, MessagesRemoved
from mox.store.errors import AccountUnknownError
from mox.store.files import MessageFiles
from mox.store.following import Following
from mox.store.initial import create_initial
from mox.store.objectids import object_prefix
from mox.store.quota import Quota, check_room
from mox.store.searchindex import SearchIndex
from mox.store.switchboard import Batch, Switchboard
from mox.store.transaction import Tx

__all__ = ["Account"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

_MIGRATIONS = Migrations("mox.store", "schema")
_FOUND_AT = "SELECT modseq, next_message_id FROM account"
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
        quota: Callable[[], Quota],
        junk_flag_rules: Callable[[], JunkFlagRules],
        initial_mailboxes: Sequence[tuple[str, str | None]],
        call_indexer: Callable[[], None],
        call_trainer: Callable[[], None],
        worker: Worker,
        tell_others: Callable[[], None],
    ) -> None:
        """Open, and create if it is not there: blocking, a few milliseconds.

        Args:
            name: Of the account.
            directory: `accounts/<name>`.
            clock: For all times that are stored.
            pool: Runs the writer.
            quota: How much it may hold; asked at each change.
            junk_flag_rules: Flags that follow from mailboxes, likewise.
            initial_mailboxes: Name and special use of those a new account gets, besides Inbox.
            call_indexer: Called when messages came or went.
            call_trainer: Called when messages came or went, or have other flags.
            worker: Which of the processes that have it open this is.
            tell_others: Called when something was committed here.
        """
        self.name = name
        self.files = MessageFiles(directory / "msg")
        self.switchboard = Switchboard()
        self._object_prefix = ""
        self._clock = clock
        self._quota = quota
        self._junk_flag_rules = junk_flag_rules
        if not directory.exists():
            directory.mkdir(mode=0o770, parents=True)
            sync_directory(directory.parent)
        if not self.files.root.exists():
            self.files.root.mkdir(mode=0o770)
            sync_directory(directory)
        self._path = path = directory / "index.db"
        self._writing = open_database(path, _MIGRATIONS)
        create_initial(self._writing, now=int(clock.now().timestamp()), mailboxes=initial_mailboxes)
        self.reader: Connection = open_reader(path)
        self._writer = GroupWriter(self._writing, pool, is_shared=worker.is_shared)
        self._following = Following(self.reader) if worker.is_shared else None
        self._file = _identity(path)
        self._tell_others = tell_others
        self._skip_used_file_ids()
        self._call_indexer = call_indexer
        self._call_trainer = call_trainer
        self.search_index = SearchIndex(
            path=directory / "search.db",
            mail=path,
            found_at=self.reader.row(_FOUND_AT) or (0, 0),
            files=self.files,
            pool=pool,
            call=call_indexer,
            is_keeper=worker.is_first,
        )

    def _skip_used_file_ids(self) -> None:
        """See to it that no message gets a file that is there, after a crash or with an older database."""
        highest = self.reader.value(_HIGHEST_ID)
        if self.files.highest_id(highest) > highest:
            # Or another process is just at it: then there is nothing to do when its turn is over.
            self._writer.run(self._skip_in_turn).add_done_callback(_note_failure)

    def _skip_in_turn(self, transaction: Transaction) -> None:
        highest = transaction.connection.value(_HIGHEST_ID)
        if (used := self.files.highest_id(highest)) > highest:
            logger.warning(
                "message files newer than the index, skipping their ids",
                extra={"account": self.name, "index": highest, "files": used},
            )
            transaction.connection.run(_RAISE_NEXT_ID, next=used + 1)

    @property
    def object_prefix(self) -> str:
        """What stands in all identifiers of the account (RFC 8474); it never changes."""
        if not self._object_prefix:
            self._object_prefix = object_prefix(self.reader)
        return self._object_prefix

    async def write(self, function: Callable[[Tx], T], origin: object | None = None) -> T:
        """Change the account; return when it is on stable storage and was announced.

        The function runs in a worker thread. If it raises, nothing of it lasts.

        Args:
            function: What to do.
            origin: Who does it, so that a session can tell its own changes from others'.
        """
        if self.is_gone:
            raise AccountUnknownError(self.name)

        def job(transaction: Transaction) -> T:
            tx = Tx(
                transaction,
                files=self.files,
                now=int(self._clock.now().timestamp()),
                quota=self._quota(),
                junk_flag_rules=self._junk_flag_rules(),
                is_shared=self._following is not None,
            )
            result = function(tx)
            if changes := tx.finish():
                self._announce(transaction, tx.modseq, Batch(origin, changes))
            return result

        return await self._writer.run(job)

    def _announce(self, transaction: Transaction, modseq: int, batch: Batch) -> None:
        if self._following is None:
            transaction.after_commit(lambda: self._publish(batch))
            return
        self._following.note_own(transaction, modseq, batch)
        transaction.after_commit(self.catch_up)
        transaction.after_commit(self._tell_others)

    def catch_up(self) -> None:
        """Publish what other processes committed, if any share it: what the database has, listeners know."""
        if self._following is None:
            return
        for news in self._following.news(is_detailed=len(self.switchboard) > 0):
            if isinstance(news, Batch):
                self._publish(news)
            else:
                self.switchboard.miss()
                self._call_indexer()
                self._call_trainer()

    def _publish(self, batch: Batch) -> None:
        self.switchboard.publish(batch)
        if any(isinstance(change, MessagesAdded | MessagesRemoved) for change in batch.changes):
            self._call_indexer()
        if any(
            isinstance(change, MessagesAdded | MessagesRemoved | FlagsChanged) for change in batch.changes
        ):
            self._call_trainer()

    @property
    def is_gone(self) -> bool:
        """Whether another process removed it: what is open is of nobody any more."""
        return self._following is not None and _identity(self._path) != self._file

    @property
    def quota(self) -> Quota:
        """How much the account may hold, as configured now."""
        return self._quota()

    def check_room(self, octets: int, messages: int = 1) -> None:
        """Refuse early what will not fit; the transaction checks again.

        Raises:
            OverQuotaError: The account has no room for that many more octets or messages.
        """
        check_room(self.reader, self._quota(), octets, messages)

    async def finish_writing(self) -> None:
        """Wait for the changes that were asked for before, and for what the search index does."""
        await self._writer.run(lambda _: None)
        await self.search_index.finish()

    @property
    def is_idle(self) -> bool:
        """Say whether it can be closed without anybody noticing."""
        return self._writer.is_idle and self.search_index.is_idle and not len(self.switchboard)

    def close(self) -> None:
        """Close the databases; the caller made sure that nothing runs."""
        self.search_index.close()
        self.reader.close()
        self._writer.close()


def _note_failure(done: asyncio.Future[None]) -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        logger.error("ids of message files not skipped", exc_info=error)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
