"""Search criteria to the wire, for clients (RFC 9051 §6.4.4)."""

from collections.abc import Callable

from moxkit.imap.dates import encode_date
from moxkit.imap.searchkeys import (
    AgeKey,
    AllKey,
    And,
    BodyKey,
    DateKey,
    EmailIdKey,
    FilterKey,
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
    ThreadIdKey,
)

__all__ = ["encode_search_key"]

_FIELDS = {"Bcc", "Cc", "From", "Subject", "To"}


def encode_search_key(
    key: SearchKey, *, raw: Callable[[bytes], None], astring: Callable[[str], None], outermost: bool = False
) -> None:
    """Write a key through the two functions: octets as they are, and strings.

    Args:
        key: The key.
        raw: Takes octets of the grammar.
        astring: Takes strings, which may need literals.
        outermost: Whether a conjunction can stand without parentheses.
    """

    def inner(part: SearchKey) -> None:
        encode_search_key(part, raw=raw, astring=astring)

    match key:
        case And(keys):
            raw(b"" if outermost else b"(")
            for index, part in enumerate(keys):
                raw(b" " if index else b"")
                inner(part)
            raw(b"" if outermost else b")")
        case Or(left, right):
            raw(b"OR ")
            inner(left)
            raw(b" ")
            inner(right)
        case Not(part):
            raw(b"NOT ")
            inner(part)
        case HeaderKey(field, value):
            if field in _FIELDS:
                raw(field.upper().encode("ascii") + b" ")
            else:
                raw(b"HEADER ")
                astring(field)
                raw(b" ")
            astring(value)
        case BodyKey(value):
            raw(b"BODY ")
            astring(value)
        case TextKey(value):
            raw(b"TEXT ")
            astring(value)
        case FilterKey(name):
            raw(f"FILTER {name}".encode("ascii"))
        case _:
            raw(_plain(key))


def _plain(
    key: AllKey
    | FlagKey
    | RecentKey
    | DateKey
    | AgeKey
    | SizeKey
    | NumberKey
    | ModSeqKey
    | SaveDateSupportedKey
    | EmailIdKey
    | ThreadIdKey,
) -> bytes:
    """A key without strings and without keys in it."""
    octets: bytes
    match key:
        case AllKey():
            octets = b"ALL"
        case RecentKey():
            octets = b"RECENT"
        case SaveDateSupportedKey():
            octets = b"SAVEDATESUPPORTED"
        case FlagKey(flag, present):
            name = flag[1:].upper() if flag.startswith("\\") else f"KEYWORD {flag}"
            octets = f"{'' if present else 'UN'}{name}".encode("ascii")
        case DateKey(field, relation, day):
            octets = f"{field.value}{relation.value} ".encode("ascii") + encode_date(day)
        case AgeKey(older, seconds):
            octets = b"%b %d" % (b"OLDER" if older else b"YOUNGER", seconds)
        case SizeKey(larger, size):
            octets = b"%b %d" % (b"LARGER" if larger else b"SMALLER", size)
        case NumberKey(numbers, uid):
            octets = (b"UID " if uid else b"") + bytes(numbers)
        case EmailIdKey(object_id):
            octets = f"EMAILID {object_id}".encode("ascii")
        case ThreadIdKey(object_id):
            octets = f"THREADID {object_id}".encode("ascii")
        case ModSeqKey(modseq):
            octets = b"MODSEQ %d" % modseq
    return octets
