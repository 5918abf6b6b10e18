"""What SQL can tell of search keys: columns of a message's row (RFC 9051 §6.4.4). Pure."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

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

__all__ = ["BITS", "split_exact", "where_clause"]

BITS = {name.lower(): int(flag) for name, flag in SYSTEM_FLAGS.items()}
# SQLite refuses expressions deeper than 1,000; keys beyond this go message by message.
_MOST_TERMS = 500


def split_exact(key: SearchKey) -> tuple[list[SearchKey], list[SearchKey]]:
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


def where_clause(keys: Sequence[SearchKey], now: datetime) -> str:
    """Write keys that SQL can tell, all of which must hold, for the columns of `message`."""
    return " AND ".join(f"({_sql(key, now)})" for key in keys) or "1"


def _sql(key: SearchKey, now: datetime) -> str:  # noqa: PLR0911  one line for each key
    """Write a key as SQL; only numbers and checked keywords get into the text."""
    match key:
        case And(keys):
            return where_clause(keys, now)
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
    bit = BITS.get(flag.lower())
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
