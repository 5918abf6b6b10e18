"""The database of an account: in how many good and junk messages each token is, and how that came about.

Invariant: what is counted is the sum over `learned`. Both change in one transaction, with the place up to
which the account's mail was looked at; so a crash anywhere leaves counts that are right.
"""

import dataclasses
import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mox.database import Connection, DatabaseError, Migrations, open_database
from mox.filtering.classifier.probability import Counts

__all__ = ["Lesson", "StaleCountsError", "State", "find_counts", "open_words", "read_state", "write_lessons"]

_MIGRATIONS = Migrations("mox.filtering.classifier", "schema")

# One row, whatever the message: a thread that reads row by row gives its turn away at each.
_KNOWN = """SELECT ham, junk, (SELECT json_group_array(json_array(ham, junk, json(ids))) FROM (
    SELECT ham, junk, json_group_array(id) AS ids FROM word
    WHERE id IN (SELECT value FROM json_each(:ids)) GROUP BY ham, junk))
  FROM state"""
_STATE = """SELECT made_of, batch, ham, junk, modseq, change_id, change_uid, scanned_id, oldest_id
  FROM state"""
_SET_STATE = """UPDATE state SET made_of = :made_of, batch = batch + 1, ham = :ham, junk = :junk,
    modseq = :modseq, change_id = :change_id, change_uid = :change_uid, scanned_id = :scanned_id,
    oldest_id = :oldest_id
  WHERE batch = :batch"""
_ADD = """INSERT INTO word(id, ham, junk)
  SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(:rows) WHERE true
  ON CONFLICT(id) DO UPDATE SET ham = ham + excluded.ham, junk = junk + excluded.junk"""
_CHANGE = """UPDATE word SET ham = ham + (each.value ->> 1), junk = junk + (each.value ->> 2)
  FROM json_each(:rows) AS each WHERE word.id = (each.value ->> 0)"""
_FORGET = """DELETE FROM word
  WHERE id IN (SELECT value ->> 0 FROM json_each(:rows)) AND ham = 0 AND junk = 0"""
_IS_WRONG = """SELECT 1 FROM word
  WHERE id IN (SELECT value ->> 0 FROM json_each(:rows)) AND (ham < 0 OR junk < 0)"""
_LEARNED = "INSERT OR REPLACE INTO learned(id, is_junk) VALUES (:id, :is_junk)"
_UNLEARNED = "DELETE FROM learned WHERE id = :id"


class StaleCountsError(Exception):
    """Counts can be read, and cannot be brought up to date any more: they have to be made anew."""


@dataclass(frozen=True, slots=True)
class State:
    """Where the making of the counts is; the columns of `state`."""

    made_of: str = ""
    batch: int = 0
    ham: int = 0
    junk: int = 0
    modseq: int = 0
    change_id: int = 0
    change_uid: int = 0
    scanned_id: int | None = None
    oldest_id: int = 0


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is learned of one message.

    Attributes:
        id: Of the message.
        was_junk: What it was learned as before; None: it was not.
        is_junk: What it is learned as now; None: it does not count any more.
        tokens: Its tokens, by number.
    """

    id: int
    was_junk: bool | None
    is_junk: bool | None
    tokens: Collection[int]


def open_words(path: Path) -> Connection:
    """Open the database for learning; make it if it is not there.

    Raises:
        DatabaseError, DriverError: It cannot be used.
    """
    words = open_database(path, _MIGRATIONS)
    # What a crash loses is learned again.
    words.run("PRAGMA synchronous=NORMAL")
    return words


def read_state(words: Connection) -> State:
    """Return where the making is.

    Raises:
        DatabaseError: The database does not hold what it should.
        DriverError: It cannot be read.
    """
    if (row := words.row(_STATE)) is None:
        raise DatabaseError(f"{words.path} has no state")
    return State(*row)


def find_counts(words: Connection, tokens: Iterable[int]) -> Counts:
    """Return what was learned of some tokens: one query, whatever their number.

    Raises:
        DatabaseError: The database does not hold what it should.
        DriverError: It cannot be read.
    """
    if (row := words.row(_KNOWN, ids=f"[{','.join(map(str, sorted(tokens)))}]")) is None:
        raise DatabaseError(f"{words.path} has no state")
    # What no message has would not be there, but for damage.
    found = {(ham, junk): ids for ham, junk, ids in json.loads(row[2]) if ham >= 0 <= junk and ham + junk > 0}
    return Counts(row[0], row[1], found)


def write_lessons(words: Connection, before: State, after: State, lessons: Sequence[Lesson]) -> None:
    """Learn, and move the state on, in one transaction.

    Args:
        words: The database.
        before: The state that the lessons were found from.
        after: The state that they lead to, totals and batch as before.
        lessons: Of different messages.

    Raises:
        StaleCountsError: What is to be unlearned was not learned, or another process writes too.
        DriverError: It cannot be written.
    """
    ham, junk = _change(lessons, (0,)).get(0, (0, 0))
    after = dataclasses.replace(after, ham=before.ham + ham, junk=before.junk + junk)
    changes = _change(lessons)
    words.run("BEGIN IMMEDIATE")
    try:
        _write(words, after, changes, lessons)
        words.run("COMMIT")
    except BaseException:
        if words.is_in_transaction:
            words.run("ROLLBACK")
        raise


def _write(
    words: Connection, after: State, changes: dict[int, tuple[int, int]], lessons: Sequence[Lesson]
) -> None:
    words.run(_SET_STATE, **dataclasses.asdict(after))
    if words.changed != 1 or after.ham < 0 or after.junk < 0:
        raise StaleCountsError("they were changed by somebody else")
    _write_words(words, changes)
    words.run_many(
        _LEARNED, ({"id": each.id, "is_junk": each.is_junk} for each in lessons if each.is_junk is not None)
    )
    words.run_many(_UNLEARNED, ({"id": each.id} for each in lessons if each.is_junk is None))


def _change(lessons: Iterable[Lesson], of: Collection[int] | None = None) -> dict[int, tuple[int, int]]:
    """Sum up how counts of tokens change; of all lessons' tokens, or of one that each message has."""
    ham, junk = Counter[int](), Counter[int]()
    for lesson in lessons:
        tokens = lesson.tokens if of is None else of
        if lesson.was_junk is not None:
            (junk if lesson.was_junk else ham).subtract(tokens)
        if lesson.is_junk is not None:
            (junk if lesson.is_junk else ham).update(tokens)
    return {token: (ham[token], junk[token]) for token in sorted(ham.keys() | junk.keys())}


def _write_words(words: Connection, changes: dict[int, tuple[int, int]]) -> None:
    more = [(token, *each) for token, each in changes.items() if min(each) >= 0 < max(each)]
    less = [(token, *each) for token, each in changes.items() if min(each) < 0]
    if more:
        words.run(_ADD, rows=json.dumps(more))
    if not less:
        return
    rows = json.dumps(less)
    words.run(_CHANGE, rows=rows)
    if words.changed != len(less):
        raise StaleCountsError("words are unknown that were learned")
    words.run(_FORGET, rows=rows)
    if words.value(_IS_WRONG, rows=rows) is not None:
        raise StaleCountsError("words were learned less often than they are unlearned")
