"""Search criteria from the wire (RFC 9051 §6.4.4 and §9, search-key)."""

import re
from collections.abc import Callable
from functools import partial

from moxkit.imap.dates import take_date
from moxkit.imap.errors import CommandSyntaxError
from moxkit.imap.flags import canonical_flag
from moxkit.imap.lexer import MAX_NUMBER64, Cursor, LiteralPendingError
from moxkit.imap.objectid import take_object_id
from moxkit.imap.searchkeys import (
    AgeKey,
    AllKey,
    And,
    BodyKey,
    DateField,
    DateKey,
    DateRelation,
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
from moxkit.imap.sequenceset import LAST, SequenceSet

__all__ = ["parse_search_keys", "take_search_keys"]

_KEY = re.compile(rb"[A-Za-z][A-Za-z0-9]*")
# entry-type-req of RFC 7162 §7: "priv", "shared" or "all"; the entry name is a quoted "/flags/..." string.
_ENTRY_TYPE = re.compile(rb"priv|shared|all", re.IGNORECASE)


class SearchReader:
    """Takes keys from a cursor; knows the charset that strings are in."""

    __slots__ = ("_cursor", "_foreign_charset")

    def __init__(self, cursor: Cursor, charset: str | None) -> None:
        self._cursor = cursor
        self._foreign_charset = charset is not None and charset.upper() not in {"US-ASCII", "UTF-8"}

    def take_all(self) -> SearchKey:
        """Take keys up to the end of the command; more than one is a conjunction."""
        keys = [self.take_key()]
        while self._cursor.take(b" "):
            keys.append(self.take_key())
        return keys[0] if len(keys) == 1 else And(tuple(keys))

    def take_key(self) -> SearchKey:
        """Take one key."""
        cursor = self._cursor
        cursor.descend()
        try:
            if cursor.take(b"("):
                key = self.take_all()
                cursor.require(b")")
                return key
            if cursor.at_set():
                return NumberKey(cursor.sequence_set(), uid=False)
            name = cursor.expect(_KEY, "search key")[0].decode("ascii").upper()
            constant = _CONSTANTS.get(name)
            if constant is not None:
                return constant
            take = _TAKERS.get(name)
            if take is None:
                raise cursor.fail("unknown search key")
            cursor.space()
            return take(self)
        finally:
            cursor.ascend()

    def string(self) -> str:
        """Take a string; in a charset that will be refused anyway its octets need not make sense."""
        octets = self._cursor.astring()
        if self._foreign_charset:
            return octets.decode(errors="replace")
        return self._cursor.text(octets)

    def header(self) -> HeaderKey:
        """Take field name and value of HEADER."""
        field = self.string()
        self._cursor.space()
        return HeaderKey(field, self.string())

    def filter(self) -> FilterKey:
        """Take the name of FILTER: an atom without a slash (RFC 5466 §4)."""
        name = self._cursor.atom()
        if "/" in name:
            raise self._cursor.fail("filter names hold no slash")
        return FilterKey(name)

    def disjunction(self) -> Or:
        """Take the two keys of OR."""
        left = self.take_key()
        self._cursor.space()
        return Or(left, self.take_key())

    def negation(self) -> Not:
        """Take the key of NOT."""
        return Not(self.take_key())

    def keyword(self, *, present: bool) -> FlagKey:
        """Take the keyword of KEYWORD and UNKEYWORD."""
        return FlagKey(canonical_flag(self._cursor.atom()), present)

    def date(self, field: DateField, relation: DateRelation) -> DateKey:
        """Take the day of a date key."""
        return DateKey(field, relation, take_date(self._cursor))

    def age(self, *, older: bool) -> AgeKey:
        """Take the seconds of OLDER and YOUNGER: an nz-number (RFC 5032 §4)."""
        return AgeKey(older, self._cursor.nz_number())

    def size(self, *, larger: bool) -> SizeKey:
        """Take the octets of LARGER and SMALLER: a number64 in IMAP4rev2."""
        return SizeKey(larger, self._cursor.number())

    def field(self, name: str) -> HeaderKey:
        """Take the value of FROM, TO and the like."""
        return HeaderKey(name, self.string())

    def body(self) -> BodyKey:
        """Take the value of BODY."""
        return BodyKey(self.string())

    def anywhere(self) -> TextKey:
        """Take the value of TEXT."""
        return TextKey(self.string())

    def uids(self) -> NumberKey:
        """Take the set of UID."""
        return NumberKey(self._cursor.sequence_set(), uid=True)

    def uids_on_one_side(self, *, after: bool) -> Not:
        """Take the UID of UIDAFTER and UIDBEFORE: all but those on its other side (RFC 9738 §4)."""
        uid = self._cursor.nz_number()
        return Not(NumberKey(SequenceSet(((1, uid) if after else (uid, LAST - 1),)), uid=True))

    def email_id(self) -> EmailIdKey:
        """Take the identifier of EMAILID."""
        return EmailIdKey(take_object_id(self._cursor))

    def thread_id(self) -> ThreadIdKey:
        """Take the identifier of THREADID."""
        return ThreadIdKey(take_object_id(self._cursor))

    def modseq(self) -> ModSeqKey:
        """Take ``[entry-name entry-type] mod-sequence`` (RFC 7162 §7)."""
        cursor = self._cursor
        if cursor.at(b'"'):
            cursor.string()
            cursor.space()
            cursor.expect(_ENTRY_TYPE, "entry type")
            cursor.space()
        return ModSeqKey(cursor.number(MAX_NUMBER64))


_SYSTEM = {
    "ANSWERED": "\\Answered",
    "DELETED": "\\Deleted",
    "DRAFT": "\\Draft",
    "FLAGGED": "\\Flagged",
    "SEEN": "\\Seen",
}

_CONSTANTS: dict[str, SearchKey] = {
    "ALL": AllKey(),
    "RECENT": RecentKey(),
    "NEW": And((RecentKey(), FlagKey("\\Seen", present=False))),
    "OLD": Not(RecentKey()),
    "SAVEDATESUPPORTED": SaveDateSupportedKey(),
    **{name: FlagKey(flag, present=True) for name, flag in _SYSTEM.items()},
    **{f"UN{name}": FlagKey(flag, present=False) for name, flag in _SYSTEM.items()},
}


def _date_taker(field: DateField, relation: DateRelation) -> Callable[[SearchReader], SearchKey]:
    return lambda reader: reader.date(field, relation)


def _field_taker(name: str) -> Callable[[SearchReader], SearchKey]:
    return lambda reader: reader.field(name)


_TAKERS: dict[str, Callable[[SearchReader], SearchKey]] = {
    "BODY": SearchReader.body,
    "EMAILID": SearchReader.email_id,
    "FILTER": SearchReader.filter,
    "HEADER": SearchReader.header,
    "KEYWORD": partial(SearchReader.keyword, present=True),
    "LARGER": partial(SearchReader.size, larger=True),
    "MODSEQ": SearchReader.modseq,
    "NOT": SearchReader.negation,
    "OLDER": partial(SearchReader.age, older=True),
    "OR": SearchReader.disjunction,
    "SMALLER": partial(SearchReader.size, larger=False),
    "TEXT": SearchReader.anywhere,
    "THREADID": SearchReader.thread_id,
    "UID": SearchReader.uids,
    "UIDAFTER": partial(SearchReader.uids_on_one_side, after=True),
    "UIDBEFORE": partial(SearchReader.uids_on_one_side, after=False),
    "UNKEYWORD": partial(SearchReader.keyword, present=False),
    "YOUNGER": partial(SearchReader.age, older=False),
    **{name.upper(): _field_taker(name) for name in ("Bcc", "Cc", "From", "Subject", "To")},
    **{
        field.value + relation.value: _date_taker(field, relation)
        for field in DateField
        for relation in DateRelation
    },
}


def take_search_keys(cursor: Cursor, charset: str | None) -> SearchKey:
    """Take the search program after options and charset; the server refuses charsets it does not know.

    Raises:
        CommandSyntaxError: Not known, malformed, or nested too deeply.
        LiteralPendingError: A literal was not received yet.
    """
    return SearchReader(cursor, charset).take_all()


def parse_search_keys(octets: bytes) -> SearchKey:
    """Parse a whole search program that stands alone, in UTF-8 and without literals (RFC 5466 §3.2).

    Raises:
        CommandSyntaxError: Not known, malformed, nested too deeply, or with a literal.
    """
    cursor = Cursor(octets)
    try:
        key = take_search_keys(cursor, None)
    except LiteralPendingError:
        raise CommandSyntaxError("a stored search has no literals") from None
    cursor.end()
    return key
