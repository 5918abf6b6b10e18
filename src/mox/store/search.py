"""Finding messages (RFC 9051 §6.4.4): by SQL where a column knows, else by looking into each candidate.

Text matches are exact: any case, over decoded headers (RFC 2047) and decoded text parts, as well as over
header fields as they stand. Keys speak of UIDs only: the caller turned message numbers into them.
"""

import asyncio
import mmap
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from mox.database import Row
from mox.store.account import Account
from mox.store.flags import SYSTEM_FLAGS
from moxkit.imap import (
    AgeKey,
    AllKey,
    And,
    BodyKey,
    DateField,
    DateKey,
    DateRelation,
    FlagKey,
    HeaderKey,
    ModSeqKey,
    Not,
    NumberKey,
    Or,
    RecentKey,
    SaveDateSupportedKey,
    SearchKey,
    SizeKey,
    TextKey,
)
from moxkit.message import Headers, decode_words, parse, parse_date, text_of, unfold

__all__ = ["Found", "search_messages"]

_BITS = {name.lower(): int(flag) for name, flag in SYSTEM_FLAGS.items()}
# Candidates that are read in one turn of the loop.
_CHUNK = 100
# SQLite refuses expressions deeper than 1,000; keys beyond this go message by message.
_MOST_TERMS = 500


@dataclass(frozen=True, slots=True)
class Found:
    """Messages that match: UID and modseq of each, ascending by UID."""

    messages: list[tuple[int, int]]


async def search_messages(account: Account, mailbox_id: int, key: SearchKey, *, now: datetime) -> Found:
    """Find the live messages of a mailbox that match; yields to other work in between."""
    exact, rest = _split(key)
    where = _where(exact, now) if exact else "1"
    if not rest:
        rows = account.reader.rows(_UIDS.format(where=where), mailbox_id=mailbox_id)
        return Found([(row[0], row[1]) for row in rows])
    test = _test(And(tuple(rest)), now)
    return Found(
        [
            (uid, modseq)
            async for uid, modseq, candidate in _candidates(account, mailbox_id, where)
            if test(candidate)
        ]
    )


_UIDS = """SELECT uid, modseq FROM message
  WHERE mailbox_id = :mailbox_id AND expunged_at IS NULL AND ({where}) ORDER BY uid"""
_CANDIDATES = """SELECT uid, modseq, id, flags, keywords, size, received_at, saved_at, prefix, header
  FROM message JOIN content USING (id)
  WHERE mailbox_id = :mailbox_id AND uid > :after AND expunged_at IS NULL AND ({where})
  ORDER BY uid LIMIT :limit"""


async def _candidates(
    account: Account, mailbox_id: int, where: str
) -> "AsyncIterator[tuple[int, int, _Candidate]]":
    after = 0
    statement = _CANDIDATES.format(where=where)
    while rows := account.reader.rows(statement, mailbox_id=mailbox_id, after=after, limit=_CHUNK):
        for n, row in enumerate(rows):
            candidate = _Candidate(account, row)
            yield row[0], row[1], candidate
            if candidate.was_read and n % 10 == 9:
                await asyncio.sleep(0)
        after = rows[-1][0]
        await asyncio.sleep(0)


class _Candidate:
    """A message that is looked into, as far as the keys ask."""

    __slots__ = ("_account", "_body", "_decoded", "_headers", "_row", "was_read")

    def __init__(self, account: Account, row: Row) -> None:
        self._account = account
        self._row = row
        self._headers: Headers | None = None
        self._decoded: str | None = None
        self._body: str | None = None
        self.was_read = False

    @property
    def uid(self) -> int:
        uid: int = self._row[0]
        return uid

    @property
    def row(self) -> Row:
        return self._row

    @property
    def headers(self) -> Headers:
        if self._headers is None:
            header = self._row[9]
            if header is None:
                self.was_read = True
                octets = self._account.files.path(self._row[2]).read_bytes()
                header = self._row[8] + octets[: parse(octets).header_end]
            self._headers = Headers(header)
        return self._headers

    def header_texts(self, name: str) -> list[str]:
        """Field values, decoded and as they stand, case folded."""
        texts = []
        for raw in self.headers.raw(name):
            plain_text = unfold(raw).decode("utf-8", "replace")
            texts.append(plain_text.casefold())
            if "=?" in plain_text:
                texts.append(decode_words(plain_text).casefold())
        return texts

    @property
    def header_text(self) -> str:
        if self._decoded is None:
            lines = [f"{field.name}: {field.text}" for field in self.headers]
            raw = bytes(self._row[9] or b"").decode("utf-8", "replace")
            self._decoded = ("\n".join(lines) + "\n" + raw).casefold()
        return self._decoded

    @property
    def body_text(self) -> str:
        if self._body is None:
            self.was_read = True
            path = self._account.files.path(self._row[2])
            if path.stat().st_size == 0:
                self._body = ""
            else:
                with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as octets:
                    part = parse(octets)
                    texts = ["".join(text_of(leaf, octets)) for leaf in part.walk() if leaf.type == "text"]
                self._body = "\n".join(texts).casefold()
        return self._body


# --- what SQL can tell


def _split(key: SearchKey) -> tuple[list[SearchKey], list[SearchKey]]:
    """Divide what must hold into what SQL can tell, and the rest."""
    exact: list[SearchKey] = []
    rest: list[SearchKey] = []
    terms = 0
    for each in key.keys if isinstance(key, And) else (key,):
        if _is_exact(each) and terms + (more := _terms(each)) <= _MOST_TERMS:
            terms += more
            exact.append(each)
        else:
            rest.append(each)
    return exact, rest


def _terms(key: SearchKey) -> int:
    """Count what a key adds to the depth of an expression, at most."""
    match key:
        case And(keys):
            return 1 + sum(map(_terms, keys))
        case Or(left, right):
            return 1 + _terms(left) + _terms(right)
        case Not(inner):
            return 1 + _terms(inner)
        case NumberKey(numbers):
            return 1 + len(numbers.ranges)
        case _:
            return 2  # A date is two comparisons.


def _is_exact(key: SearchKey) -> bool:
    match key:
        case And(keys):
            return all(map(_is_exact, keys))
        case Or(left, right):
            return _is_exact(left) and _is_exact(right)
        case Not(inner):
            return _is_exact(inner)
        case HeaderKey() | BodyKey() | TextKey():
            return False
        case DateKey(field=DateField.SENT):
            return False
        case _:
            return True


def _where(keys: Sequence[SearchKey], now: datetime) -> str:
    return " AND ".join(f"({_sql(key, now)})" for key in keys) or "1"


def _sql(key: SearchKey, now: datetime) -> str:  # noqa: PLR0911  one line for each key
    """Write a key as SQL; only numbers and checked keywords get into the text."""
    match key:
        case And(keys):
            return _where(keys, now)
        case Or(left, right):
            return f"({_sql(left, now)}) OR ({_sql(right, now)})"
        case Not(inner):
            return f"NOT ({_sql(inner, now)})"
        case FlagKey(flag, present):
            return _flag_sql(flag, present=present)
        case RecentKey():
            return "0"
        case AllKey() | SaveDateSupportedKey():
            return "1"
        case SizeKey(larger, octets):
            return f"size {'>' if larger else '<'} {int(octets)}"
        case ModSeqKey(modseq):
            return f"modseq >= {int(modseq)}"
        case AgeKey(older, seconds):
            edge = int(now.timestamp()) - int(seconds)
            return f"received_at {'<=' if older else '>='} {edge}"
        case NumberKey(numbers):
            ranges = (f"uid BETWEEN {int(low)} AND {int(high)}" for low, high in numbers.ranges)
            return " OR ".join(ranges) or "0"
        case DateKey(field, relation, day):
            return _date_sql("saved_at" if field is DateField.SAVED else "received_at", relation, day)
        case _:
            raise TypeError(f"{type(key).__name__} is not for SQL")


def _flag_sql(flag: str, *, present: bool) -> str:
    bit = _BITS.get(flag.lower())
    if bit is not None:
        return f"flags & {bit}" if present else f"NOT flags & {bit}"
    quoted = flag.lower().replace("'", "''")
    found = f"instr(' ' || keywords || ' ', ' {quoted} ')"
    return found if present else f"NOT {found}"


def _date_sql(column: str, relation: DateRelation, day: date) -> str:
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    following = midnight + 24 * 3600
    match relation:
        case DateRelation.BEFORE:
            return f"{column} < {midnight}"
        case DateRelation.SINCE:
            return f"{column} >= {midnight}"
        case DateRelation.ON:
            return f"{column} >= {midnight} AND {column} < {following}"


# --- what has to be looked at


Test = Callable[[_Candidate], bool]


def _test(key: SearchKey, now: datetime) -> Test:  # noqa: PLR0911  one for each key
    match key:
        case And(keys):
            tests = [_test(each, now) for each in keys]
            return lambda candidate: all(test(candidate) for test in tests)
        case Or(left, right):
            first, second = _test(left, now), _test(right, now)
            return lambda candidate: first(candidate) or second(candidate)
        case Not(inner):
            positive = _test(inner, now)
            return lambda candidate: not positive(candidate)
        case HeaderKey(field, value):
            wanted = value.casefold()
            return lambda candidate: any(wanted in text for text in candidate.header_texts(field))
        case BodyKey(value):
            text = value.casefold()
            return lambda candidate: text in candidate.body_text
        case TextKey(value):
            both = value.casefold()
            return lambda candidate: both in candidate.header_text or both in candidate.body_text
        case DateKey(DateField.SENT, relation, day):
            return lambda candidate: _is_sent(candidate, relation, day)
        case _:
            return _row_test(key, now)


def _is_sent(candidate: _Candidate, relation: DateRelation, day: date) -> bool:
    """Compare the Date field's day as it is written, its zone disregarded (RFC 9051 §6.4.4)."""
    sent = parse_date(candidate.headers.first("date") or b"")
    if sent is None:
        return False
    match relation:
        case DateRelation.BEFORE:
            return sent.date() < day
        case DateRelation.SINCE:
            return sent.date() >= day
        case DateRelation.ON:
            return sent.date() == day


def _row_test(key: SearchKey, now: datetime) -> Test:  # noqa: PLR0911  one for each key
    """Test what SQL could have told, where it stands beside something it cannot."""
    match key:
        case FlagKey(flag, present):
            bit, keyword = _BITS.get(flag.lower(), 0), flag.lower()
            return lambda c: (bool(c.row[3] & bit) if bit else keyword in c.row[4].split()) is present
        case NumberKey(numbers):
            return lambda c: any(low <= c.uid <= high for low, high in numbers.ranges)
        case SizeKey(larger, octets):
            return lambda c: c.row[5] > octets if larger else c.row[5] < octets
        case ModSeqKey(modseq):
            return lambda c: c.row[1] >= modseq
        case AgeKey(older, seconds):
            edge = now - timedelta(seconds=seconds)
            at = edge.timestamp()
            return lambda c: c.row[6] <= at if older else c.row[6] >= at
        case DateKey(field, relation, day):
            column = 7 if field is DateField.SAVED else 6
            return lambda c: _is_on(c.row[column], relation, day)
        case RecentKey():
            return lambda _: False
        case _:
            return lambda _: True


def _is_on(unix_s: int, relation: DateRelation, day: date) -> bool:
    then = datetime.fromtimestamp(unix_s, UTC).date()
    match relation:
        case DateRelation.BEFORE:
            return then < day
        case DateRelation.SINCE:
            return then >= day
        case DateRelation.ON:
            return then == day
