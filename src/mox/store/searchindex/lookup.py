"""Asking the index: which messages can have a text, which have a value in a field, which were sent when.

Blocking; each question is one aggregated row, so that the loop keeps its turn. What is found in texts is a
candidate; fields and days are exact.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from mox.database import Connection

__all__ = [
    "NOTHING_KNOWN",
    "DayRange",
    "FieldText",
    "Lookup",
    "fetch_texts",
    "few_with_field",
    "known_part",
    "look_up",
]

# Trigrams of one text that are asked for: its ends and some between; more cost more than they exclude.
_MOST_TRIGRAMS = 24
# With more candidates than this, walking through the mailbox is as good.
_MOST_CANDIDATES = 20_000
# Up to here rows of a field are looked at one by one, else all of the field are read.
_FEW = 2_000

_COVERED = "SELECT covered_id FROM coverage"
_UNREAD = "SELECT group_concat(id, ' ') FROM document WHERE text IS NULL"
_WORDS = """SELECT count(*), group_concat(rowid, ' ') FROM
  (SELECT rowid FROM word WHERE word MATCH :trigrams LIMIT :limit)"""
# Counted over all fields, since the limit is.
_FIELD_FEW = """SELECT count(*), group_concat(iif(rowid & 7 = :kind, rowid >> 3, NULL), ' ') FROM
  (SELECT rowid FROM field_word WHERE field_word MATCH :trigrams LIMIT :limit)"""
_FIELD_OF = """SELECT json_group_array(id) FROM field
  WHERE kind = :kind AND id IN (SELECT value FROM json_each(:ids)) AND instr(text, :text)"""
_FIELD_ALL = "SELECT group_concat(id, ' ') FROM field WHERE kind = :kind AND instr(text, :text)"
_FIELD_ANY = "SELECT group_concat(id, ' ') FROM field WHERE kind = :kind"
_DAYS = "SELECT group_concat(id, ' ') FROM fact WHERE sent_day BETWEEN :first AND :last"
_TEXTS = "SELECT id, text FROM document WHERE id IN (SELECT value FROM json_each(:ids)) AND text IS NOT NULL"


@dataclass(frozen=True, slots=True)
class FieldText:
    """A question for messages with a folded text in a header field; empty: that have the field."""

    kind: int
    text: str


@dataclass(frozen=True, slots=True)
class DayRange:
    """A question for messages by the day of their Date field, as ordinals, both inclusive."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Lookup:
    """Answers.

    Attributes:
        covered_id: They speak of messages up to here.
        unread: Those among them that have to be looked into all the same.
        exact: Ids for each question about fields and days.
        candidates: Ids for each text; None: too many, or the text is too short.
    """

    covered_id: int = 0
    unread: frozenset[int] = frozenset()
    exact: dict[FieldText | DayRange, frozenset[int]] = field(default_factory=dict)
    candidates: dict[str, frozenset[int] | None] = field(default_factory=dict)

    def knows(self, id_: int) -> bool:
        """Say whether the answers speak of a message."""
        return id_ <= self.covered_id and id_ not in self.unread


NOTHING_KNOWN = Lookup()


def look_up(search: Connection, questions: Iterable[FieldText | DayRange], texts: Iterable[str]) -> Lookup:
    """Answer questions and find candidates, all from one state of the index."""
    with search.snapshot():
        return replace(
            known_part(search),
            exact={question: _answer(search, question) for question in questions},
            candidates={text: _candidates(search, text) for text in texts},
        )


def known_part(search: Connection) -> Lookup:
    """Return of which messages the index knows, without any answers."""
    return Lookup(covered_id=search.value(_COVERED), unread=_ids(search.value(_UNREAD)))


def _ids(text: str | None) -> frozenset[int]:
    return frozenset(map(int, text.split())) if text else frozenset()


def _answer(search: Connection, question: FieldText | DayRange) -> frozenset[int]:
    if isinstance(question, DayRange):
        return _ids(search.value(_DAYS, first=question.first, last=question.last))
    kind, text = question.kind, question.text
    if not text:
        return _ids(search.value(_FIELD_ANY, kind=kind))
    if (few := few_with_field(search, question)) is not None:
        return frozenset(json.loads(few))
    return _ids(search.value(_FIELD_ALL, kind=kind, text=text))


def few_with_field(search: Connection, question: FieldText) -> str | None:
    """Return the ids of messages with a text in a field, as a JSON array; None: too many to go one by one."""
    if (trigrams := _trigrams(question.text)) is None:
        return None
    count, ids = search.row(_FIELD_FEW, trigrams=trigrams, kind=question.kind, limit=_FEW) or (0, None)
    if count >= _FEW:
        return None
    array = f"[{(ids or '').replace(' ', ',')}]"
    few: str = search.value(_FIELD_OF, kind=question.kind, ids=array, text=question.text)
    return few


def _candidates(search: Connection, text: str) -> frozenset[int] | None:
    trigrams = _trigrams(text)
    if trigrams is None:
        return None
    count, ids = search.row(_WORDS, trigrams=trigrams, limit=_MOST_CANDIDATES) or (0, None)
    return None if count >= _MOST_CANDIDATES else _ids(ids)


def _trigrams(text: str) -> str | None:
    """Write a query for all trigrams of a text: without positions, phrases cannot be asked for."""
    last = len(text) - 3
    if last < 0:
        return None
    step = max(1, last // _MOST_TRIGRAMS)
    places = dict.fromkeys((*range(0, last + 1, step), last))
    pieces = dict.fromkeys(text[at : at + 3] for at in places)
    return " AND ".join(f'"{piece}"' for piece in (piece.replace('"', '""') for piece in pieces))


def fetch_texts(search: Connection, ids: Sequence[int]) -> dict[int, bytes]:
    """Return the packed texts of messages, of those that are there."""
    return dict(search.rows(_TEXTS, ids=f"[{','.join(map(str, ids))}]"))
