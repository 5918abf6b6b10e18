"""Checking counts against a recount of the mail; on copies, so that a server that runs is not disturbed."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from mox.database import Connection
from mox.filtering.classifier.adoption import adopt_words
from mox.filtering.classifier.counts import (
    StaleCountsError,
    State,
    open_words,
    read_state,
    write_lessons,
)
from mox.filtering.classifier.learning import learn_batch
from mox.filtering.classifier.stored import StoredCounts

__all__ = ["CountsCheck", "check_counts"]

_ATTACH = "ATTACH :path AS made"
_DIFFERENT = """SELECT count(*) FROM word AS here FULL JOIN made.word AS there ON there.id = here.id
  WHERE here.ham IS NOT there.ham OR here.junk IS NOT there.junk"""
_WORDS = "SELECT count(*) FROM made.word"
# Mail that comes all the time must not keep it from an end.
_MOST_TRIES = 10


@dataclass(frozen=True, slots=True)
class CountsCheck:
    """How counts compare with a recount.

    Attributes:
        ham: Good messages, as recounted.
        junk: Junk messages, as recounted.
        words: Tokens that are counted.
        different: Tokens that are counted otherwise.
        problem: Why the counts are of no use; empty: they are right.
    """

    ham: int
    junk: int
    words: int
    different: int
    problem: str


def check_counts(stored: StoredCounts) -> CountsCheck:
    """Learn all anew and compare. It takes about a second for a thousand messages.

    Raises:
        DatabaseError, DriverError, OSError: Something cannot be read, or there is no room for copies.
    """
    with tempfile.TemporaryDirectory(prefix="mox-junk-") as folder:
        copy, made = Path(folder, "copy.db"), Path(folder, "made.db")
        adopt_words(copy, stored.words.path)
        words, fresh = open_words(copy), open_words(made)
        try:
            return _compare(stored, words, fresh)
        finally:
            words.close()
            fresh.close()


def _compare(stored: StoredCounts, words: Connection, fresh: Connection) -> CountsCheck:
    state = read_state(words)
    # What is too old to count is not recounted.
    write_lessons(fresh, State(), replace(State(), oldest_id=state.oldest_id), [])
    problem = ""
    for _ in range(_MOST_TRIES):
        _catch_up(stored, fresh)
        try:
            _catch_up(stored, words)
        except StaleCountsError as error:
            problem = str(error)
            break
        if read_state(words).modseq == read_state(fresh).modseq:
            break
    words.run(_ATTACH, path=str(fresh.path))
    recount, kept = read_state(fresh), read_state(words)
    different = words.value(_DIFFERENT)
    if not problem and (different or (kept.ham, kept.junk) != (recount.ham, recount.junk)):
        problem = "counts differ from a recount"
    return CountsCheck(recount.ham, recount.junk, words.value(_WORDS), different, problem)


def _catch_up(stored: StoredCounts, words: Connection) -> None:
    while learn_batch(words, stored.mail, stored.files, stored.recipe):
        pass
