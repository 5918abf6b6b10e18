"""Results of SEARCH and SORT as values: written by servers, read by clients.

RFC 3501 §7.2.5, RFC 4731, RFC 5256 §4, RFC 5267, RFC 7377, RFC 9051 §7.3.4, RFC 9394.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from moxkit.imap.encode import encode_mailbox, encode_string
from moxkit.imap.lexer import MAX_NUMBER64, Cursor
from moxkit.imap.partialrange import PartialRange, take_partial_range
from moxkit.imap.readmailboxes import skip_value, take_mailbox_name
from moxkit.imap.sequenceset import SequenceSet

__all__ = [
    "EsearchData",
    "ResultUpdate",
    "SearchData",
    "SortData",
    "encode_search",
    "ordered_set",
    "take_esearch",
    "take_search_data",
    "take_sort_data",
]

# A line of numbers stays readable for clients with small buffers.
_SEARCH_NUMBERS = 100
_MAX_POSITION = 2**32 - 1
_CORRELATORS = re.compile(rb" \((?=TAG|MAILBOX|UIDVALIDITY)", re.IGNORECASE)
_SEARCH_UID = re.compile(rb" UID(?![^ ])", re.IGNORECASE)
_SEARCH_MODSEQ = re.compile(rb" \(MODSEQ ([0-9]{1,19})\)", re.IGNORECASE)
_NUMBERS = re.compile(rb"(?: [0-9]{1,10})*")


@dataclass(frozen=True, slots=True)
class SearchData:
    """SEARCH, the old form (RFC 3501 §7.2.5, RFC 7162 §3.1.5)."""

    numbers: tuple[int, ...]
    modseq: int | None = None

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return one line; `encode_search` splits long results."""
        numbers = "".join([f" {number}" for number in self.numbers])
        modseq = "" if self.modseq is None else f" (MODSEQ {self.modseq})"
        return f"* SEARCH{numbers}{modseq}\r\n".encode("ascii")


@dataclass(frozen=True, slots=True)
class SortData:
    """SORT (RFC 5256 §4): numbers in the order asked for, on one line, since it has no other form.

    Attributes:
        modseq: Highest of the messages, if the search was for MODSEQ (RFC 7162 §3.1.6).
    """

    numbers: tuple[int, ...]
    modseq: int | None = None

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return the line."""
        numbers = "".join([f" {number}" for number in self.numbers])
        modseq = "" if self.modseq is None else f" (MODSEQ {self.modseq})"
        return f"* SORT{numbers}{modseq}\r\n".encode("ascii")


@dataclass(frozen=True, slots=True)
class ResultUpdate:
    """Numbers that came into a result, or left it.

    Attributes:
        adds: Whether they came.
        position: Of the first of them in the result, from 1; 0 where mailbox order says it (RFC 5267 §4.3.3).
        numbers: In the order of the result.
    """

    adds: bool
    position: int
    numbers: SequenceSet

    def __bytes__(self) -> bytes:
        """Return position and set as written on the wire."""
        return b"%d %b" % (self.position, bytes(self.numbers))


@dataclass(frozen=True, slots=True)
class EsearchData:
    """ESEARCH (RFC 4731 §3.1, RFC 9051 §7.3.4); what was not asked for or not found is `None`.

    Attributes:
        all: In the order asked for, if SORT did.
        mailbox: Where, in answer to the ESEARCH command, with its UIDVALIDITY (RFC 7377 §2.1).
        partial: Which part was asked for, and what is there; `None` in it for nothing (RFC 9394 §3.1).
        updates: What has become of an earlier result, to be applied in this order (RFC 5267 §4.3).
    """

    tag: str | None = None
    uid: bool = False
    lowest: int | None = None
    highest: int | None = None
    count: int | None = None
    all: SequenceSet | None = None
    modseq: int | None = None
    mailbox: str | None = None
    uidvalidity: int | None = None
    partial: tuple[PartialRange, SequenceSet | None] | None = None
    updates: tuple[ResultUpdate, ...] = ()

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return the line."""
        pieces = [b"* ESEARCH"]
        if self.tag is not None:
            pieces.append(b"(TAG %b%b)" % (encode_string(self.tag.encode("ascii")), self._place(utf8=utf8)))
        if self.uid:
            pieces.append(b"UID")
        for name, number in (("MIN", self.lowest), ("MAX", self.highest), ("COUNT", self.count)):
            if number is not None:
                pieces.append(f"{name} {number}".encode("ascii"))
        # An empty set cannot be written: ALL is left out when nothing was found.
        if self.all is not None and self.all.ranges:
            pieces.append(b"ALL " + bytes(self.all))
        if self.partial is not None:
            part, numbers = self.partial
            pieces.append(b"PARTIAL (%b %b)" % (bytes(part), b"NIL" if numbers is None else bytes(numbers)))
        for adds, group in groupby(self.updates, key=attrgetter("adds")):
            pieces.append(b"%b (%b)" % (b"ADDTO" if adds else b"REMOVEFROM", b" ".join(map(bytes, group))))
        if self.modseq is not None:
            pieces.append(b"MODSEQ %d" % self.modseq)
        return b" ".join(pieces) + b"\r\n"

    def _place(self, *, utf8: bool) -> bytes:
        if self.mailbox is None:
            return b""
        return b" MAILBOX %b UIDVALIDITY %d" % (
            encode_mailbox(self.mailbox, utf8=utf8),
            self.uidvalidity or 0,
        )


def ordered_set(numbers: Iterable[int]) -> SequenceSet:
    """Return a set that keeps an order: only what ascends by one becomes a range (RFC 5267 §3.2)."""
    ranges: list[tuple[int, int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] + 1 == number:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return SequenceSet(tuple(ranges))


def encode_search(numbers: Sequence[int], modseq: int | None = None) -> bytes:
    """Return SEARCH lines of up to 100 numbers each, at least one line."""
    return b"".join(
        SearchData(tuple(numbers[start : start + _SEARCH_NUMBERS]), modseq).encode()
        for start in range(0, max(1, len(numbers)), _SEARCH_NUMBERS)
    )


def take_search_data(cursor: Cursor) -> SearchData:
    """Take what follows SEARCH.

    Raises:
        ImapSyntaxError: Malformed.
    """
    return SearchData(*_take_numbers(cursor))


def take_sort_data(cursor: Cursor) -> SortData:
    """Take what follows SORT.

    Raises:
        ImapSyntaxError: Malformed.
    """
    return SortData(*_take_numbers(cursor))


def _take_numbers(cursor: Cursor) -> tuple[tuple[int, ...], int | None]:
    numbers = tuple(map(int, cursor.expect(_NUMBERS, "numbers")[0].split()))
    modseq = cursor.match(_SEARCH_MODSEQ)
    return numbers, None if modseq is None else int(modseq[1])


def take_esearch(cursor: Cursor) -> EsearchData:
    """Take what follows ESEARCH; data of extensions that are not known is passed over.

    Raises:
        ImapSyntaxError: Malformed.
    """
    tag, mailbox, uidvalidity = _take_correlators(cursor)
    uid = cursor.match(_SEARCH_UID) is not None
    numbers: dict[str, int] = {}
    found = partial = None
    updates: list[ResultUpdate] = []
    while cursor.take(b" "):
        name = cursor.word()
        cursor.space()
        match name:
            case "ALL":
                found = cursor.sequence_set()
            case "MIN" | "MAX" | "COUNT" | "MODSEQ":
                numbers[name] = cursor.number(MAX_NUMBER64)
            case "PARTIAL":
                partial = _take_partial(cursor)
            case "ADDTO" | "REMOVEFROM":
                updates += _take_updates(cursor, adds=name == "ADDTO")
            case _:
                skip_value(cursor)
    return EsearchData(
        tag=tag,
        uid=uid,
        lowest=numbers.get("MIN"),
        highest=numbers.get("MAX"),
        count=numbers.get("COUNT"),
        all=found,
        modseq=numbers.get("MODSEQ"),
        mailbox=mailbox,
        uidvalidity=uidvalidity,
        partial=partial,
        updates=tuple(updates),
    )


def _take_partial(cursor: Cursor) -> tuple[PartialRange, SequenceSet | None]:
    cursor.require(b"(")
    part = take_partial_range(cursor)
    cursor.space()
    numbers = None if cursor.nil() else cursor.sequence_set()
    cursor.require(b")")
    return part, numbers


def _take_updates(cursor: Cursor, *, adds: bool) -> list[ResultUpdate]:
    cursor.require(b"(")
    updates: list[ResultUpdate] = []
    while not updates or cursor.take(b" "):
        position = cursor.number(_MAX_POSITION)
        cursor.space()
        updates.append(ResultUpdate(adds, position, cursor.sequence_set()))
    cursor.require(b")")
    return updates


def _take_correlators(cursor: Cursor) -> tuple[str | None, str | None, int | None]:
    """Take which search it was, and where (RFC 7377 §4, search-correlator)."""
    tag: str | None = None
    mailbox: str | None = None
    uidvalidity: int | None = None
    if cursor.match(_CORRELATORS) is not None:
        while True:
            match cursor.word():
                case "TAG":
                    cursor.space()
                    tag = cursor.text(cursor.astring())
                case "MAILBOX":
                    cursor.space()
                    mailbox = take_mailbox_name(cursor)
                case "UIDVALIDITY":
                    cursor.space()
                    uidvalidity = cursor.nz_number()
                case _:
                    raise cursor.fail("unknown correlator")
            if not cursor.take(b" "):
                break
        cursor.require(b")")
    return tag, mailbox, uidvalidity
