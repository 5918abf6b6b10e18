"""SEARCH, SORT and THREAD as values, and CANCELUPDATE (RFC 9051 §6.4.4, RFC 5256, RFC 5957, RFC 5267)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from moxkit.imap.commands import Command
from moxkit.imap.fetchitems import FetchItem
from moxkit.imap.partialrange import PartialRange
from moxkit.imap.searchkeys import SearchKey

__all__ = ["CancelUpdate", "Search", "Sort", "SortCriterion", "SortKey", "Thread", "ThreadAlgorithm"]


@dataclass(frozen=True, slots=True)
class Search(Command):
    """SEARCH.

    Attributes:
        key: What to look for.
        uid: Whether the result is UIDs.
        returns: Of MIN, MAX, ALL, COUNT, SAVE, PARTIAL, UPDATE, CONTEXT; `None` without RETURN; ``RETURN ()``
            is ALL (RFC 4731 §3.1).
        charset: As given, `None` without CHARSET.
        partial: With PARTIAL: which part of the result (RFC 9394 §3.1).
        update_items: With UPDATE: what to fetch of new messages that enter the result (RFC 5465 §7).
    """

    key: SearchKey
    uid: bool = False
    returns: frozenset[str] | None = None
    charset: str | None = None
    partial: PartialRange | None = None
    update_items: tuple[FetchItem, ...] = ()
    verb: ClassVar[str] = "SEARCH"


class SortKey(StrEnum):
    """What SORT can compare (RFC 5256 §3); the last two are of RFC 5957 §4."""

    ARRIVAL = "ARRIVAL"
    CC = "CC"
    DATE = "DATE"
    FROM = "FROM"
    SIZE = "SIZE"
    SUBJECT = "SUBJECT"
    TO = "TO"
    DISPLAYFROM = "DISPLAYFROM"
    DISPLAYTO = "DISPLAYTO"


@dataclass(frozen=True, slots=True)
class SortCriterion:
    """One thing to compare, in ascending order or in reverse."""

    key: SortKey
    reverse: bool = False

    def __bytes__(self) -> bytes:
        """Return the criterion as written on the wire."""
        return (b"REVERSE " if self.reverse else b"") + self.key.encode("ascii")


@dataclass(frozen=True, slots=True)
class Sort(Command):
    """SORT; `returns`, `partial` and `update_items` as for SEARCH (ESORT, RFC 5267 §3.1).

    Attributes:
        criteria: At least one; the first counts most.
        key: What to look for.
    """

    criteria: tuple[SortCriterion, ...]
    key: SearchKey
    charset: str = "UTF-8"
    uid: bool = False
    returns: frozenset[str] | None = None
    partial: PartialRange | None = None
    update_items: tuple[FetchItem, ...] = ()
    verb: ClassVar[str] = "SORT"


class ThreadAlgorithm(StrEnum):
    """How THREAD groups messages (RFC 5256 §3)."""

    ORDEREDSUBJECT = "ORDEREDSUBJECT"
    REFERENCES = "REFERENCES"


@dataclass(frozen=True, slots=True)
class Thread(Command):
    """THREAD."""

    algorithm: ThreadAlgorithm
    key: SearchKey
    charset: str = "UTF-8"
    uid: bool = False
    verb: ClassVar[str] = "THREAD"


@dataclass(frozen=True, slots=True)
class CancelUpdate(Command):
    """CANCELUPDATE: no more updates of these searches (RFC 5267 §4.3.5)."""

    tags: tuple[str, ...]
    verb: ClassVar[str] = "CANCELUPDATE"
