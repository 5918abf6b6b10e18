"""Arguments of the commands about messages (RFC 9051 §6.4)."""

import re

from moxkit.imap.commands import Copy, Fetch, Move, Store, StoreAction
from moxkit.imap.fetchitems import take_fetch_items
from moxkit.imap.flags import take_flag, take_flag_list
from moxkit.imap.lexer import MAX_NUMBER64, Cursor
from moxkit.imap.partialrange import PartialRange, take_partial_range
from moxkit.imap.takemailboxes import take_mailbox

__all__ = ["take_copy", "take_fetch", "take_move", "take_store"]

# store-att-flags = ["+" / "-"] "FLAGS" [".SILENT"] SP
_STORE = re.compile(rb"([+-]?FLAGS)(\.SILENT)? ", re.IGNORECASE)
_UNCHANGED_SINCE = re.compile(rb"\(UNCHANGEDSINCE ([0-9]{1,19})\) ", re.IGNORECASE)


def take_fetch(cursor: Cursor, *, uid: bool) -> Fetch:
    """Take the arguments of FETCH, with modifiers (RFC 4466 §2.4, RFC 7162 §7, RFC 9394 §4)."""
    cursor.space()
    numbers = cursor.sequence_set()
    cursor.space()
    items = take_fetch_items(cursor)
    changed_since: int | None = None
    vanished = False
    partial: PartialRange | None = None
    if cursor.take(b" ("):
        while True:
            match cursor.word():
                case "CHANGEDSINCE" if changed_since is None:
                    cursor.space()
                    changed_since = cursor.number(MAX_NUMBER64)
                case "VANISHED" if not vanished:
                    vanished = True
                case "PARTIAL" if partial is None and uid:
                    cursor.space()
                    partial = take_partial_range(cursor)
                case _:
                    raise cursor.fail("unknown or repeated fetch modifier")
            if not cursor.take(b" "):
                break
        cursor.require(b")")
    # RFC 7162 §3.2.6: VANISHED only for UID FETCH, and only with CHANGEDSINCE.
    if vanished and (changed_since is None or not uid):
        raise cursor.fail("VANISHED needs UID FETCH and CHANGEDSINCE")
    return Fetch(numbers, items, uid, changed_since, vanished, partial)


def take_store(cursor: Cursor, *, uid: bool) -> Store:
    """Take the arguments of STORE (RFC 4466 §2.5, RFC 7162 §7)."""
    cursor.space()
    numbers = cursor.sequence_set()
    cursor.space()
    unchanged_since: int | None = None
    if (modifier := cursor.match(_UNCHANGED_SINCE)) is not None:
        unchanged_since = int(modifier[1])
        if unchanged_since > MAX_NUMBER64:
            raise cursor.fail("number too large")
    found = cursor.expect(_STORE, "FLAGS")
    if cursor.at(b"("):
        flags = take_flag_list(cursor)
    else:
        listed = {take_flag(cursor): None}
        while cursor.take(b" "):
            listed[take_flag(cursor)] = None
        flags = tuple(listed)
    action = StoreAction(found[1].decode("ascii").upper())
    return Store(numbers, action, flags, found[2] is not None, uid, unchanged_since)


def take_copy(cursor: Cursor, *, uid: bool) -> Copy:
    """Take the arguments of COPY."""
    cursor.space()
    numbers = cursor.sequence_set()
    cursor.space()
    return Copy(numbers, take_mailbox(cursor), uid)


def take_move(cursor: Cursor, *, uid: bool) -> Move:
    """Take the arguments of MOVE."""
    cursor.space()
    numbers = cursor.sequence_set()
    cursor.space()
    return Move(numbers, take_mailbox(cursor), uid)
