"""The classifier of one account: opens, asks, learns and, when what it knows is of no use, learns all anew.

Whatever happens to the database is no failure of a delivery: the answer is then that nothing is known.
Questions and batches run in worker threads, each kind on a connection of its own and one after the other.
What is made anew grows in a file beside; until it is complete, what was learned before goes on to answer.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

from mox.config import JunkFilter
from mox.database import (
    DAMAGE,
    Connection,
    DatabaseError,
    DriverError,
    ReplaceableReader,
    open_reader,
)
from mox.filtering.classifier.adoption import adopt_words
from mox.filtering.classifier.apart import learning_process
from mox.filtering.classifier.counts import StaleCountsError, find_counts, open_words
from mox.filtering.classifier.learning import Progress, Recipe, learn_batch, read_progress
from mox.filtering.classifier.probability import Classification, Counts, classify_tokens
from mox.filtering.classifier.tokens import Tokens
from mox.filtering.classifier.words import Grams
from mox.runtime import ChildProcess, Lane, remove_file
from mox.store import MessageFiles

__all__ = ["FILE_NAME", "Classifier", "grams_wanted"]

logger = logging.getLogger(__name__)

FILE_NAME = "junk.db"
_FILES = ("", "-wal", "-shm")
_NOTHING_KNOWN = Counts(0, 0, {})
# One after the other; then it is tried again when the next change comes.
_MOST_FAILURES = 3


def grams_wanted(settings: JunkFilter) -> Grams:
    """Return which words in a row an account counts together."""
    wanted = (
        (settings.onegrams, Grams.ONE),
        (settings.twograms, Grams.TWO),
        (settings.threegrams, Grams.THREE),
    )
    return Grams(sum(grams for is_wanted, grams in wanted if is_wanted))


class Classifier:
    """What an account learned; opened when first asked. On the loop's thread only."""

    def __init__(
        self,
        *,
        directory: Path,
        account: str,
        files: MessageFiles,
        pool: Executor,
        computing: Executor,
        settings: Callable[[], JunkFilter | None],
    ) -> None:
        """Remember where things are.

        Args:
            directory: Of the account.
            account: What tells the account from others that had its name.
            files: Its messages.
            pool: Runs batches.
            computing: Runs questions.
            settings: How it wants to judge; None: not at all.
        """
        self._path = directory / FILE_NAME
        self._beside = directory / f"{FILE_NAME}.new"
        self._mail_path = directory / "index.db"
        self._account = account
        self._files = files
        self._settings = settings
        self._asking, self._learning = Lane(computing), Lane(pool)
        self._asker = ReplaceableReader(self._path, _is_made)
        self._words: Connection | None = None
        self._mail: Connection | None = None
        self._is_damaged = False
        self._failures = 0
        self._process: ChildProcess | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being read or written."""
        return self._asking.is_idle and self._learning.is_idle

    # --- asking

    async def classify(self, message: Callable[[], Tokens]) -> Classification | None:
        """Say how much like junk a message is; None if the account does not want to know.

        Args:
            message: Gives its tokens, in a worker thread: most messages need one visit there.
        """
        if (settings := self._settings()) is None:
            return None

        def classify() -> Classification:
            tokens = message()
            return classify_tokens(tokens, self._find(tokens), settings)

        return await self._asking.run(classify)

    def _find(self, tokens: Tokens) -> Counts:
        try:
            words = self._asker.get()
            return _NOTHING_KNOWN if words is None else find_counts(words, tokens.texts)
        except DAMAGE as error:
            self._note_damage(error)
        except DriverError as error:
            logger.warning("junk words cannot be read", extra={"path": self._path}, exc_info=error)
        return _NOTHING_KNOWN

    # --- learning

    async def learn(self) -> bool:
        """Learn a batch of what is new; return whether more waits."""
        if (settings := self._settings()) is None:
            return False
        if self._is_damaged:
            await self.finish()
            try:
                self._remove_damaged()
            except OSError as error:
                logger.warning("junk words cannot be removed", extra={"path": self._path}, exc_info=error)
                return False
        recipe = Recipe(self._account, grams_wanted(settings))
        return await self._learning.run(lambda: self._learn(recipe))

    async def learn_apart(self) -> bool:
        """Learn all that waits in a process of its own; return as `learn` does.

        It is for much. Where that does not work, `learn` finds out why, and goes on in here.
        """
        if (settings := self._settings()) is None or self._is_damaged:
            return await self.learn()
        recipe = Recipe(self._account, grams_wanted(settings))
        process = learning_process(
            words=self._target, mail=self._mail_path, files=self._files.root, recipe=recipe
        )
        self._process = process
        try:
            trouble = await self._learning.run(process.run)
        finally:
            process.stop()
            self._process = None
        if trouble:
            logger.warning(
                "process for learning junk failed, going on without",
                extra={"path": self._path, "problem": trouble[-1000:]},
            )
        return await self.learn()

    @property
    def _target(self) -> Path:
        return self._beside if self._beside.exists() else self._path

    def _learn(self, recipe: Recipe) -> bool:
        try:
            return self._learn_batch(recipe)
        except StaleCountsError as error:
            logger.info("junk words are learned anew", extra={"path": self._path, "reason": str(error)})
            self._restart()
        except DAMAGE as error:
            self._note_damage(error)
        except (DriverError, OSError) as error:
            # A full disk, most likely: the next change tries again.
            logger.warning("junk words cannot be written", extra={"path": self._path}, exc_info=error)
            return False
        self._failures += 1
        return self._failures < _MOST_FAILURES

    def _learn_batch(self, recipe: Recipe) -> bool:
        if self._mail is None:
            self._mail = open_reader(self._mail_path)
        target = self._target
        if self._words is None or self._words.path != target:
            self._close_words()
            self._words = open_words(target)
        more = learn_batch(self._words, self._mail, self._files, recipe)
        self._failures = 0
        if more or target == self._path:
            return more
        self._close_words()
        adopt_words(self._path, self._beside)
        self._remove(self._beside)
        logger.info("junk words learned anew are in use", extra={"path": self._path})
        return True

    async def learn_anew(self) -> None:
        """Have everything learned anew by the batches to come; what was learned answers until then."""
        if self._process is not None:
            self._process.stop()
        await self._learning.run(self._restart)

    def _restart(self) -> None:
        self._close_words()
        self._remove(self._beside)
        open_words(self._beside).close()

    @property
    def is_learning_anew(self) -> bool:
        """Whether what is learned anew is not in use yet."""
        return self._is_damaged or self._beside.exists()

    async def progress(self) -> Progress | None:
        """Return how far learning is, also while it goes on; None if nothing can be said."""
        return await self._asking.run(self._progress)

    def _progress(self) -> Progress | None:
        try:
            words, mail = open_reader(self._target), open_reader(self._mail_path)
        except (DatabaseError, DriverError):
            return None
        try:
            return read_progress(words, mail)
        except (DatabaseError, DriverError):
            return None
        finally:
            words.close()
            mail.close()

    # --- trouble, and the end

    def _note_damage(self, error: Exception) -> None:
        if not self._is_damaged:
            self._is_damaged = True
            logger.warning(
                "junk words are damaged, learning anew", extra={"path": self._path, "problem": str(error)}
            )

    def _remove_damaged(self) -> None:
        if self._is_damaged:
            self.close()
            self._remove(self._path)
            self._remove(self._beside)
            self._is_damaged = False

    def _remove(self, path: Path) -> None:
        for suffix in _FILES:
            remove_file(path.with_name(path.name + suffix))

    def _close_words(self) -> None:
        if self._words is not None:
            self._words.close()
            self._words = None

    async def finish(self) -> None:
        """Wait for what runs."""
        while not self.is_idle:
            if self._process is not None:
                self._process.stop()
            await self._learning.wait()
            await self._asking.wait()

    def close(self) -> None:
        """Close the databases; the caller made sure that nothing runs."""
        self._close_words()
        self._asker.close()
        if self._mail is not None:
            self._mail.close()
            self._mail = None


def _is_made(words: Connection) -> bool:
    """Say whether it is more than a file that was just created."""
    return bool(words.value("PRAGMA user_version"))
