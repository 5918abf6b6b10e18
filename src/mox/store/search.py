"""Finding messages (RFC 9051 §6.4.4): by SQL where a column knows, else by looking into candidates.

Text matches are exact: any case, over decoded headers (RFC 2047, RFC 2231) and decoded text parts. The search
index says which messages can match; what it does not cover is looked into all the same, so that it never
changes an answer. Keys speak of UIDs only: the caller turned message numbers into them.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from datetime import datetime

from mox.database import Row
from mox.store.account import Account
from mox.store.searchindex import DayRange, FieldText, Lookup, Matches, fold
from mox.store.searchsql import split_exact, where_clause
from mox.store.searchtests import COLUMNS, Candidate, compile_test, day_range, field_question, needs_text
from moxkit.imap import And, BodyKey, DateField, DateKey, HeaderKey, Not, Or, SearchKey, TextKey

__all__ = ["latest_modseq", "search_messages"]

# Candidates that are looked into in one turn of the loop.
_CHUNK = 25
_FILES_A_TURN = 5
# Matches that need no look, likewise.
_BLOCK = 1000
# Those that SQL alone finds.
_PAGE = 5000
# Of one search; the rest is found without the index's help.
_MOST_QUESTIONS = 50

_UIDS = """SELECT count(*), max(uid), group_concat(uid, ' ') FROM (SELECT uid FROM message
  WHERE mailbox_id = :mailbox_id AND uid > :after AND expunged_at IS NULL AND ({where})
  ORDER BY uid LIMIT :limit)"""
_TOTAL = "SELECT total FROM mailbox WHERE id = :mailbox_id"
_WALK = """SELECT {columns} FROM message m
  WHERE m.mailbox_id = :mailbox_id AND m.uid > :after AND m.expunged_at IS NULL AND ({where})
  ORDER BY m.uid LIMIT :limit"""
# By id, which the plus sign says: SQLite would rather go through the whole mailbox.
_BY_ID = """SELECT {columns} FROM message m
  WHERE m.id IN (SELECT value FROM json_each(:ids)) AND +m.mailbox_id = :mailbox_id
    AND m.expunged_at IS NULL AND ({where})"""
_ALL_OF = """SELECT group_concat(uid, ' ') FROM message
  WHERE id IN (SELECT value FROM json_each(:ids)) AND +mailbox_id = :mailbox_id
    AND expunged_at IS NULL AND ({where})"""
_HIGHEST_MODSEQ = """SELECT max(modseq) FROM message
  WHERE mailbox_id = :mailbox_id AND uid IN (SELECT value FROM json_each(:uids))"""
_NEWER = """SELECT {columns} FROM message m
  WHERE m.id > :after AND +m.mailbox_id = :mailbox_id AND m.expunged_at IS NULL AND ({where})
  ORDER BY m.id LIMIT :limit"""


async def search_messages(
    account: Account,
    mailbox_id: int,
    key: SearchKey,
    *,
    now: datetime,
    looked_at: Callable[[], None] = lambda: None,
) -> list[int]:
    """Return UIDs of the live messages of a mailbox that match, ascending; yields to other work.

    Args:
        account: Whose.
        mailbox_id: Where.
        key: What to find.
        now: For keys about age.
        looked_at: Called for each message that had to be looked into.
    """
    exact, rest = split_exact(key)
    where = where_clause(exact, now) if exact else "1"
    if not rest:
        return await _by_columns(account, mailbox_id, where)
    looked = And(tuple(rest))
    found: list[int] = []
    ids: frozenset[int] | None = frozenset()
    if (matches := await _find_at_once(account, mailbox_id, rest, where)) is not None:
        lookup, found = matches.known, matches.uids
    else:
        lookup = await _look_up(account, looked)
        ids = _narrow(looked, lookup)
    search = _Search(account, mailbox_id, lookup, where, with_texts=needs_text(looked))
    if matches is None and ids is not None and _is_decided(looked, lookup):
        found = await search.all_of(ids)
        ids = frozenset()
    test = compile_test(looked, lookup, now)
    async for candidate in search.candidates(ids):
        looked_at()
        if test(candidate):
            found.append(candidate.row[1])
    return sorted(found)


def latest_modseq(account: Account, mailbox_id: int, uids: Collection[int]) -> int | None:
    """Return the highest modseq that some messages of a mailbox have; None without messages."""
    highest: int | None = account.reader.value(_HIGHEST_MODSEQ, mailbox_id=mailbox_id, uids=_array(uids))
    return highest


async def _by_columns(account: Account, mailbox_id: int, where: str) -> list[int]:
    statement = _UIDS.format(where=where)
    found: list[int] = []
    count, after = _PAGE, 0
    while count == _PAGE:
        row = account.reader.row(statement, mailbox_id=mailbox_id, after=after, limit=_PAGE)
        count, after, uids = row or (0, None, None)
        found += map(int, (uids or "").split())
        await asyncio.sleep(0)
    return found


class _Search:
    """Brings up candidates, in no order."""

    def __init__(
        self, account: Account, mailbox_id: int, lookup: Lookup, where: str, *, with_texts: bool
    ) -> None:
        self._account = account
        self._mailbox_id = mailbox_id
        self._lookup = lookup
        self._where = where
        self._with_texts = with_texts

    async def all_of(self, ids: frozenset[int]) -> list[int]:
        """Return the UIDs of those that the index knows to match, in no order."""
        statement = _ALL_OF.format(where=self._where)
        known = sorted(ids - self._lookup.unread)
        found: list[int] = []
        for start in range(0, len(known), _BLOCK):
            array = _array(known[start : start + _BLOCK])
            uids = self._account.reader.value(statement, mailbox_id=self._mailbox_id, ids=array)
            found += map(int, (uids or "").split())
            await asyncio.sleep(0)
        return found

    async def candidates(self, ids: frozenset[int] | None) -> AsyncIterator[Candidate]:
        """Yield what can match: with these ids, and all that the index does not know; None: everything."""
        if ids is None or len(ids) * 2 > self._account.reader.value(_TOTAL, mailbox_id=self._mailbox_id):
            pages = self._walk(ids)
        else:
            pages = self._by_id(sorted(ids | self._lookup.unread))
        for rows in pages:
            packed = self._texts(rows)
            read = 0
            for row in rows:
                candidate = Candidate(self._account, self._lookup, row, packed.get(row[0]))
                yield candidate
                read += candidate.was_read
                if read >= _FILES_A_TURN:
                    read = 0
                    await asyncio.sleep(0)
            await asyncio.sleep(0)

    def _walk(self, ids: frozenset[int] | None) -> Iterator[list[Row]]:
        statement = _WALK.format(columns=COLUMNS, where=self._where)
        after, knows = 0, self._lookup.knows
        while rows := self._rows(statement, after=after, limit=_CHUNK):
            yield rows if ids is None else [row for row in rows if row[0] in ids or not knows(row[0])]
            after = rows[-1][1]

    def _by_id(self, ids: list[int]) -> Iterator[list[Row]]:
        statement = _BY_ID.format(columns=COLUMNS, where=self._where)
        for start in range(0, len(ids), _CHUNK):
            yield self._rows(statement, ids=_array(ids[start : start + _CHUNK]))
        newer = _NEWER.format(columns=COLUMNS, where=self._where)
        after = self._lookup.covered_id
        while rows := self._rows(newer, after=after, limit=_CHUNK):
            yield rows
            after = rows[-1][0]

    def _rows(self, statement: str, **parameters: object) -> list[Row]:
        return self._account.reader.rows(statement, mailbox_id=self._mailbox_id, **parameters)

    def _texts(self, rows: list[Row]) -> dict[int, bytes]:
        if not self._with_texts:
            return {}
        known = [row[0] for row in rows if row[0] <= self._lookup.covered_id]
        return self._account.search_index.texts(known) if known else {}


def _array(ids: Collection[int]) -> str:
    return f"[{','.join(map(str, ids))}]"


# --- the index's part


async def _find_at_once(
    account: Account, mailbox_id: int, keys: Sequence[SearchKey], where: str
) -> Matches | None:
    """Find the matches that the index knows, if it is asked for one thing that it knows exactly."""
    question = _question(keys[0]) if len(keys) == 1 else None
    if not isinstance(question, FieldText | DayRange):
        return None
    return await account.search_index.find(question, mailbox_id, where)


async def _look_up(account: Account, key: SearchKey) -> Lookup:
    questions: dict[FieldText | DayRange, None] = {}
    texts: dict[str, None] = {}
    for leaf in _leaves(key):
        if len(questions) + len(texts) >= _MOST_QUESTIONS:
            break
        asked = _question(leaf)
        if isinstance(asked, str):
            texts[asked] = None
        elif asked is not None:
            questions[asked] = None
    return await account.search_index.look_up(questions, texts)


def _leaves(key: SearchKey) -> Iterator[SearchKey]:
    match key:
        case And(keys):
            for each in keys:
                yield from _leaves(each)
        case Or(left, right):
            yield from _leaves(left)
            yield from _leaves(right)
        case Not(inner):
            yield from _leaves(inner)
        case _:
            yield key


def _question(leaf: SearchKey) -> FieldText | DayRange | str | None:
    """Return what to ask the index for a key: exactly, or (a text) for candidates."""
    match leaf:
        case HeaderKey(value=value):
            # A field it does not know stands in the text too.
            return field_question(leaf) or fold(value)
        case BodyKey(value) | TextKey(value):
            return fold(value)
        case DateKey(DateField.SENT, relation, day):
            return day_range(relation, day)
        case _:
            return None


def _narrow(key: SearchKey, lookup: Lookup) -> frozenset[int] | None:
    """Return ids that hold all matches among the messages the index knows; None if it cannot say."""
    match key:
        case And(keys):
            known = [ids for each in keys if (ids := _narrow(each, lookup)) is not None]
            known.sort(key=len)
            return known[0].intersection(*known[1:]) if known else None
        case Or(left, right):
            first, second = _narrow(left, lookup), _narrow(right, lookup)
            return None if first is None or second is None else first | second
        case Not():
            return None
        case _:
            asked = _question(key)
            if isinstance(asked, str):
                return lookup.candidates.get(asked)
            return None if asked is None else lookup.exact.get(asked)


def _is_decided(key: SearchKey, lookup: Lookup) -> bool:
    """Say whether what `_narrow` returns are matches, not only candidates."""
    match key:
        case And(keys):
            return all(_is_decided(each, lookup) for each in keys)
        case Or(left, right):
            return _is_decided(left, lookup) and _is_decided(right, lookup)
        case Not():
            return False
        case _:
            asked = _question(key)
            return isinstance(asked, FieldText | DayRange) and asked in lookup.exact
