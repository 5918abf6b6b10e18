"""Taking over counts that were made in a file beside: all at once, under those who read."""

from pathlib import Path

from mox.filtering.classifier.counts import open_words

__all__ = ["adopt_words"]

# In one transaction: a crash leaves the old counts or the new ones. A file that is renamed over another could
# meet the journal of that other in a reader's hands.
_ATTACH = "ATTACH :path AS made"
_ADOPT = (
    "DELETE FROM word",
    "INSERT INTO word SELECT * FROM made.word",
    "DELETE FROM learned",
    "INSERT INTO learned SELECT * FROM made.learned",
    "DELETE FROM state",
    "INSERT INTO state SELECT * FROM made.state",
)


def adopt_words(path: Path, made: Path) -> None:
    """Replace what is in a database by what was made in another.

    Raises:
        DatabaseError, DriverError: One of them cannot be used; nothing was changed.
    """
    words = open_words(path)
    try:
        words.run(_ATTACH, path=str(made))
        words.run("BEGIN IMMEDIATE")
        try:
            for statement in _ADOPT:
                words.run(statement)
            words.run("COMMIT")
        except BaseException:
            if words.is_in_transaction:
                words.run("ROLLBACK")
            raise
    finally:
        words.close()
