"""Asking the index and the account's own at once: which messages of a mailbox a single question finds.

The question that people ask most, for a word in a subject or a sender, needs no list of candidates to go to
and fro: where the word is frequent, that took half of the time. Blocking; one aggregated row.
"""

from dataclasses import dataclass

from mox.database import Connection
from mox.store.searchindex.lookup import DayRange, FieldText, Lookup, few_with_field, known_part

__all__ = ["Matches", "find_matches"]

# In the order of what is found, by id; the plus sign keeps SQLite from going through the mailbox.
_UIDS = """SELECT group_concat(uid, ' ') FROM ({found}) CROSS JOIN mail.message ON id = found_id
  WHERE +mailbox_id = :mailbox_id AND expunged_at IS NULL AND found_id NOT IN
    (SELECT id FROM document WHERE text IS NULL) AND ({where})"""
_LISTED = "SELECT value AS found_id FROM json_each(:ids)"
_WITH_TEXT = "SELECT id AS found_id FROM field WHERE kind = :kind AND instr(text, :text)"
_WITH_FIELD = "SELECT id AS found_id FROM field WHERE kind = :kind"
_OF_DAYS = "SELECT id AS found_id FROM fact WHERE sent_day BETWEEN :first AND :last"


@dataclass(frozen=True, slots=True)
class Matches:
    """An answer.

    Attributes:
        known: Of which messages it speaks; it holds no answers to questions.
        uids: Of the matches among these, in no order.
    """

    known: Lookup
    uids: list[int]


def find_matches(search: Connection, question: FieldText | DayRange, mailbox_id: int, where: str) -> Matches:
    """Find live messages of a mailbox, from one state of the index.

    Args:
        search: Knows the account's index as `mail`.
        question: What to find.
        mailbox_id: Where.
        where: What else must hold, of columns of `message`.
    """
    with search.snapshot():
        found, parameters = _finding(search, question)
        statement = _UIDS.format(found=found, where=where)
        uids: str | None = search.value(statement, mailbox_id=mailbox_id, **parameters)
        return Matches(known_part(search), list(map(int, uids.split())) if uids else [])


def _finding(search: Connection, question: FieldText | DayRange) -> tuple[str, dict[str, object]]:
    """Return a statement that finds ids, and its parameters."""
    if isinstance(question, DayRange):
        return _OF_DAYS, {"first": question.first, "last": question.last}
    if not question.text:
        return _WITH_FIELD, {"kind": question.kind}
    if (few := few_with_field(search, question)) is not None:
        return _LISTED, {"ids": few}
    return _WITH_TEXT, {"kind": question.kind, "text": question.text}
