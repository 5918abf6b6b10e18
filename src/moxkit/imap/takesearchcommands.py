"""Arguments of SEARCH, SORT, THREAD and CANCELUPDATE (RFC 9051 §6.4.4, RFC 5256 §5, RFC 5267 §5)."""

import re

from moxkit.imap.fetchitems import FetchItem, take_fetch_items
from moxkit.imap.lexer import Cursor
from moxkit.imap.partialrange import PartialRange, take_partial_range
from moxkit.imap.searchcommands import (
    CancelUpdate,
    Search,
    Sort,
    SortCriterion,
    SortKey,
    Thread,
    ThreadAlgorithm,
)
from moxkit.imap.takesearch import take_search_keys

__all__ = ["take_cancel_update", "take_search", "take_sort", "take_thread"]

_RETURN = re.compile(rb"RETURN \(", re.IGNORECASE)
_CHARSET = re.compile(rb"CHARSET ", re.IGNORECASE)
_RESULTS = frozenset({"MIN", "MAX", "ALL", "COUNT", "SAVE", "UPDATE", "CONTEXT"})
_ITEMS = re.compile(rb" ?(?=\()")
_REVERSE = re.compile(rb"REVERSE ", re.IGNORECASE)
# More criteria than there are things to compare say nothing new.
_MOST_CRITERIA = 20
_MOST_TAGS = 100


def take_search(cursor: Cursor, *, uid: bool) -> Search:
    """Take the arguments of SEARCH (RFC 4731 §3.1, RFC 5182 §2.1)."""
    cursor.space()
    returns, partial, items = _take_returns(cursor)
    charset: str | None = None
    if cursor.match(_CHARSET) is not None:
        charset = cursor.text(cursor.astring())
        cursor.space()
    return Search(take_search_keys(cursor, charset), uid, returns, charset, partial, items)


def take_sort(cursor: Cursor, *, uid: bool) -> Sort:
    """Take the arguments of SORT, with the return options of ESORT."""
    cursor.space()
    returns, partial, items = _take_returns(cursor)
    cursor.require(b"(")
    criteria = [_take_criterion(cursor)]
    while cursor.take(b" "):
        criteria.append(_take_criterion(cursor))
        if len(criteria) > _MOST_CRITERIA:
            raise cursor.fail("too many sort criteria")
    cursor.require(b") ")
    charset = _take_charset(cursor)
    key = take_search_keys(cursor, charset)
    return Sort(tuple(criteria), key, charset, uid, returns, partial, items)


def take_thread(cursor: Cursor, *, uid: bool) -> Thread:
    """Take the arguments of THREAD."""
    cursor.space()
    name = cursor.atom().upper()
    if name not in set(ThreadAlgorithm):
        raise cursor.fail("unknown threading algorithm")
    cursor.space()
    charset = _take_charset(cursor)
    return Thread(ThreadAlgorithm(name), take_search_keys(cursor, charset), charset, uid)


def take_cancel_update(cursor: Cursor) -> CancelUpdate:
    """Take the arguments of CANCELUPDATE: tags as quoted strings."""
    tags: list[str] = []
    while cursor.take(b" "):
        tags.append(cursor.text(cursor.string()))
        if len(tags) > _MOST_TAGS:
            raise cursor.fail("too many tags")
    if not tags:
        raise cursor.fail("expected space")
    return CancelUpdate(tuple(tags))


def _take_returns(
    cursor: Cursor,
) -> tuple[frozenset[str] | None, PartialRange | None, tuple[FetchItem, ...]]:
    if cursor.match(_RETURN) is None:
        return None, None, ()
    found: set[str] = set()
    partial: PartialRange | None = None
    items: tuple[FetchItem, ...] = ()
    while not cursor.take(b")"):
        if found:
            cursor.space()
        result = cursor.word()
        if result == "PARTIAL" and partial is None:
            cursor.space()
            partial = take_partial_range(cursor)
        elif result not in _RESULTS:
            raise cursor.fail("unknown or repeated search return option")
        elif result == "UPDATE" and cursor.match(_ITEMS) is not None:
            # modifier-update of RFC 5465 §8 has no space; its example has one.
            items = take_fetch_items(cursor)
        found.add(result)
    if partial is not None and "ALL" in found:
        # RFC 9394 §3.1: not both.
        raise cursor.fail("PARTIAL and ALL do not go together")
    cursor.space()
    return frozenset(found or {"ALL"}), partial, items


def _take_charset(cursor: Cursor) -> str:
    charset = cursor.text(cursor.astring())
    cursor.space()
    return charset


def _take_criterion(cursor: Cursor) -> SortCriterion:
    reverse = cursor.match(_REVERSE) is not None
    name = cursor.atom().upper()
    if name not in set(SortKey):
        raise cursor.fail("unknown sort criterion")
    return SortCriterion(SortKey(name), reverse)
