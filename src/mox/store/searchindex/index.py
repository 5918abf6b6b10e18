"""The index of one account: opens, fills, asks and, when it is damaged, makes anew.

Whatever happens to the database is no failure of a search: the answer is then that nothing is known. Batches
and questions run in worker threads, each kind on a connection of its own and one after the other; texts are
read in small pieces on the loop. Files are closed and removed on the loop, when neither kind runs.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TypeVar

from mox.database import (
    DAMAGE,
    Connection,
    DatabaseError,
    DriverError,
    ReplaceableReader,
    open_database,
    open_reader,
)
from mox.runtime import ChildProcess, Lane, remove_file
from mox.store.files import MessageFiles
from mox.store.searchindex.apart import filling_process
from mox.store.searchindex.indexing import MIGRATIONS, count_waiting, index_batch, is_outdated
from mox.store.searchindex.lookup import NOTHING_KNOWN, DayRange, FieldText, Lookup, fetch_texts, look_up
from mox.store.searchindex.matching import Matches, find_matches

__all__ = ["SearchIndex"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

_FILES = ("", "-wal", "-shm")
# Sorting joins with the account's own index.
_STATE = "SELECT modseq, next_message_id FROM account"
_ATTACH = "ATTACH :path AS mail"
# One after the other; then it is tried again when the next message comes.
_MOST_FAILURES = 3


class SearchIndex:
    """What searches of one account can use; opened when first asked for. On the loop's thread only."""

    def __init__(
        self,
        *,
        path: Path,
        mail: Path,
        found_at: tuple[int, int],
        files: MessageFiles,
        pool: Executor,
        call: Callable[[], None],
        is_keeper: bool = True,
    ) -> None:
        """Remember where things are.

        Args:
            path: The search database; it need not exist.
            mail: The account's index.
            found_at: Modseq and next message id of the account when it was opened: nothing changed since.
            files: The account's messages.
            pool: Runs batches and questions.
            call: Called when there is something to fill in.
            is_keeper: This process fills it, and makes it anew; else another does, at any time.
        """
        self._path = path
        self._mail_path = mail
        self._found_at = found_at
        self._is_checked = False
        # A batch made it, or it was there before; not while it is being made.
        self._is_there = False
        self._files = files
        self._call = call
        self._filling, self._asking = Lane(pool), Lane(pool)
        self._writer: Connection | None = None
        self._mail: Connection | None = None
        self._is_keeper = is_keeper
        self._asker = ReplaceableReader(path, self._attach_mail)
        self._reader = ReplaceableReader(path, self._is_usable)
        self._is_damaged = False
        self._failures = 0
        self._process: ChildProcess | None = None
        self._fills_apart = True

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being read or written."""
        return self._filling.is_idle and self._asking.is_idle

    async def fill(self) -> bool:
        """Take in a batch of what is new; return whether more waits."""
        self._check()
        if self._is_damaged:
            await self.finish()
            self._remove_damaged()
        more = await self._filling.run(self._fill)
        self._is_there = self._writer is not None
        return more

    async def fill_apart(self) -> bool:
        """Take in all that waits in a process of its own, and what comes meanwhile; return as `fill` does.

        It is for many messages. Where that does not work, `fill` finds out why, and goes on in here.
        """
        if not self._fills_apart or not self._can_be_read():
            return await self.fill()
        process = filling_process(search=self._path, mail=self._mail_path, files=self._files.root)
        self._process = process
        try:
            trouble = await self._filling.run(process.run)
        finally:
            process.stop()
            self._process = None
        if trouble:
            self._fills_apart = False
            logger.warning(
                "process for search indexing failed, going on without",
                extra={"path": self._path, "problem": trouble[-1000:]},
            )
        return await self.fill()

    def _fill(self) -> bool:
        try:
            if self._mail is None:
                self._mail = open_reader(self._mail_path)
            if self._writer is None:
                self._writer = open_database(self._path, MIGRATIONS)
                # What a crash loses is made again.
                self._writer.run("PRAGMA synchronous=NORMAL")
            more = index_batch(self._writer, self._mail, self._files)
        except DAMAGE as error:
            self.note_damage(error)
            self._failures += 1
            return self._failures < _MOST_FAILURES
        except (DriverError, OSError) as error:
            # A full disk, most likely: the next change tries again.
            logger.warning("search index cannot be written", extra={"path": self._path}, exc_info=error)
            return False
        self._failures = 0
        return more

    def _check(self) -> None:
        """Look, before anything else is done, whether there is an index, and of this account."""
        if self._is_checked:
            return
        self._is_checked = True
        self._is_there = self._path.exists()
        if self._is_there:
            try:
                if (reader := self._reader.get()) is not None and is_outdated(reader, *self._found_at):
                    self.note_damage(
                        DatabaseError("it is of another state of the account, or of another version")
                    )
            except (DriverError, DatabaseError) as error:
                self.note_damage(error)

    def _attach_mail(self, search: Connection) -> bool:
        search.run(_ATTACH, path=str(self._mail_path))
        return self._is_usable(search)

    def _is_usable(self, search: Connection) -> bool:
        """Say whether what another process keeps is complete, and of this state of the account or before."""
        if self._is_keeper:
            return True
        if not search.value("PRAGMA user_version"):
            return False
        mail = open_reader(self._mail_path)
        try:
            return not is_outdated(search, *(mail.row(_STATE) or (0, 0)))
        finally:
            mail.close()

    def _can_be_read(self) -> bool:
        if not self._is_keeper:
            return self._path.exists()
        self._check()
        return self._is_there and not self._is_damaged

    async def look_up(self, questions: Iterable[FieldText | DayRange], texts: Iterable[str]) -> Lookup:
        """Answer questions and find candidates; without an index nothing is known."""
        asked, wanted = tuple(questions), tuple(texts)
        return await self.ask(lambda search: look_up(search, asked, wanted), NOTHING_KNOWN)

    async def find(self, question: FieldText | DayRange, mailbox_id: int, where: str) -> Matches | None:
        """Find messages of a mailbox by a single question, as `find_matches`; None without an index."""
        return await self.ask(lambda search: find_matches(search, question, mailbox_id, where), None)

    async def waiting(self) -> int | None:
        """Return how many messages are not taken in yet; None if there is no index that could tell."""
        return await self.ask(count_waiting, None)

    async def ask(self, function: Callable[[Connection], T], otherwise: T) -> T:
        """Run a question in a worker thread, on a connection that knows the account's index as `mail`.

        Args:
            function: Reads only.
            otherwise: The answer if there is no index, or if it cannot be read.
        """
        if not self._can_be_read():
            self._call_if_damaged()
            return otherwise
        answer = await self._asking.run(lambda: self._ask(function, otherwise))
        self._call_if_damaged()
        return answer

    def _ask(self, function: Callable[[Connection], T], otherwise: T) -> T:
        try:
            search = self._asker.get()
            return otherwise if search is None else function(search)
        except DAMAGE as error:
            self.note_damage(error)
        except DriverError as error:
            logger.warning("search index cannot be read", extra={"path": self._path}, exc_info=error)
        return otherwise

    async def ask_mail(self, function: Callable[[Connection], T]) -> T:
        """Run a question to the account's index itself in a worker thread."""

        def ask() -> T:
            mail = open_reader(self._mail_path)
            try:
                return function(mail)
            finally:
                mail.close()

        return await self._asking.run(ask)

    def texts(self, ids: Sequence[int]) -> dict[int, bytes]:
        """Return the packed texts of some messages, of those that are there; short."""
        if not self._can_be_read():
            return {}
        try:
            search = self._reader.get()
            return {} if search is None else fetch_texts(search, ids)
        except DAMAGE as error:
            self.note_damage(error)
            self._call_if_damaged()
        except DriverError as error:
            logger.warning("search index cannot be read", extra={"path": self._path}, exc_info=error)
        return {}

    def note_damage(self, error: Exception) -> None:
        """Have the index made anew by the next batch; its keeper sees that by itself. From any thread."""
        if not self._is_keeper:
            logger.warning("search index cannot be used", extra={"path": self._path, "problem": str(error)})
        elif not self._is_damaged:
            self._is_damaged = True
            logger.warning("search index is made anew", extra={"path": self._path, "problem": str(error)})

    def _call_if_damaged(self) -> None:
        if self._is_damaged:
            self._call()

    async def finish(self) -> None:
        """Wait for what runs."""
        if self._process is not None:
            self._process.stop()
        await self._filling.wait()
        await self._asking.wait()

    def _remove_damaged(self) -> None:
        if not self._is_damaged:
            return  # Somebody else did.
        self.close()
        self._is_there = False
        for suffix in _FILES:
            remove_file(self._path.with_name(self._path.name + suffix))
        self._is_damaged = False

    def close(self) -> None:
        """Close the databases; the caller made sure that nothing runs."""
        for connection in (self._writer, self._mail, self._asker, self._reader):
            if connection is not None:
                connection.close()
        self._writer = self._mail = None
