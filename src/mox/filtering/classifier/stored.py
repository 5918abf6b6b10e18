"""What an account learned, read from beside a server that may run: for the command line."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mox.database import Connection, DatabaseError, DriverError, open_reader
from mox.filtering.classifier.classifier import FILE_NAME
from mox.filtering.classifier.counts import find_counts, read_state
from mox.filtering.classifier.learning import Recipe, parse_recipe
from mox.filtering.classifier.probability import Counts
from mox.store import MessageFiles

__all__ = ["CountsUnreadableError", "StoredCounts"]


class CountsUnreadableError(Exception):
    """There are no counts of the account that can be read; the text says why."""


class StoredCounts:
    """The counts of an account, and its mail; read only. Used by one thread.

    Attributes:
        mail: The account's index.
        words: The counts.
        files: Its messages.
        recipe: What the counts are made of.
    """

    def __init__(self, *, mail: Connection, words: Connection, files: MessageFiles, recipe: Recipe) -> None:
        self.mail = mail
        self.words = words
        self.files = files
        self.recipe = recipe

    @classmethod
    @contextmanager
    def open(cls, directory: Path) -> Iterator["StoredCounts"]:
        """Open what lies in an account's directory; close it at the end.

        Raises:
            CountsUnreadableError: Nothing was learned there, or it cannot be read.
        """
        try:
            mail = open_reader(directory / "index.db")
        except (DatabaseError, DriverError) as error:
            raise CountsUnreadableError(f"no mail in {directory}: {error}") from error
        try:
            with _opened_words(directory / FILE_NAME) as (words, recipe):
                yield cls(mail=mail, words=words, files=MessageFiles(directory / "msg"), recipe=recipe)
        finally:
            mail.close()

    def find(self, tokens: Iterable[int]) -> Counts:
        """Return what was learned of some tokens.

        Raises:
            DatabaseError, DriverError: The counts are damaged.
        """
        return find_counts(self.words, tokens)


@contextmanager
def _opened_words(path: Path) -> Iterator[tuple[Connection, Recipe]]:
    if not path.exists():
        raise CountsUnreadableError("nothing was learned yet; does the account have a junk filter?")
    try:
        words = open_reader(path)
    except (DatabaseError, DriverError) as error:
        raise CountsUnreadableError(str(error)) from error
    try:
        recipe = _recipe(words)
        yield words, recipe
    finally:
        words.close()


def _recipe(words: Connection) -> Recipe:
    try:
        recipe = parse_recipe(read_state(words).made_of)
    except (DatabaseError, DriverError) as error:
        raise CountsUnreadableError(f"{words.path} is damaged: {error}") from error
    if recipe is None:
        raise CountsUnreadableError("what was learned is of another version; the server learns it anew")
    return recipe
