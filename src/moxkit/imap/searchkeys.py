"""Search criteria as a tree of values (RFC 9051 §6.4.4, RFC 3501 §6.4.4)."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from moxkit.imap.sequenceset import SequenceSet

__all__ = [
    "AgeKey",
    "AllKey",
    "And",
    "BodyKey",
    "DateField",
    "DateKey",
    "DateRelation",
    "EmailIdKey",
    "FilterKey",
    "FlagKey",
    "HeaderKey",
    "ModSeqKey",
    "Not",
    "NumberKey",
    "Or",
    "RecentKey",
    "SaveDateSupportedKey",
    "SearchKey",
    "SizeKey",
    "TextKey",
    "ThreadIdKey",
]


class DateField(StrEnum):
    """Which date is compared: calendar days, time and zone disregarded."""

    INTERNAL = ""
    SENT = "SENT"
    SAVED = "SAVED"  # RFC 8514 §4.3


class DateRelation(StrEnum):
    """How it is compared."""

    BEFORE = "BEFORE"
    ON = "ON"
    SINCE = "SINCE"


@dataclass(frozen=True, slots=True)
class AllKey:
    """Every message."""


@dataclass(frozen=True, slots=True)
class And:
    """Messages that match all of the keys."""

    keys: tuple["SearchKey", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Messages that match one of two keys."""

    left: "SearchKey"
    right: "SearchKey"


@dataclass(frozen=True, slots=True)
class Not:
    """Messages that do not match."""

    key: "SearchKey"


@dataclass(frozen=True, slots=True)
class FlagKey:
    """Messages with (or without) a flag or keyword."""

    flag: str
    present: bool


@dataclass(frozen=True, slots=True)
class RecentKey:
    r"""Messages with ``\Recent``, which IMAP4rev2 dropped: NEW and OLD are built on it."""


@dataclass(frozen=True, slots=True)
class HeaderKey:
    """Messages with `value` in a header field, in any case; an empty value asks for presence only."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class BodyKey:
    """Messages with a string in the body."""

    value: str


@dataclass(frozen=True, slots=True)
class TextKey:
    """Messages with a string in header or body."""

    value: str


@dataclass(frozen=True, slots=True)
class DateKey:
    """Messages by day."""

    field: DateField
    relation: DateRelation
    day: date


@dataclass(frozen=True, slots=True)
class AgeKey:
    """Messages by seconds since INTERNALDATE: OLDER and YOUNGER (RFC 5032 §3)."""

    older: bool
    seconds: int


@dataclass(frozen=True, slots=True)
class SizeKey:
    """Messages strictly larger, or strictly smaller, than a number of octets."""

    larger: bool
    octets: int


@dataclass(frozen=True, slots=True)
class NumberKey:
    """Messages by number or UID."""

    numbers: SequenceSet
    uid: bool


@dataclass(frozen=True, slots=True)
class ModSeqKey:
    """Messages changed at or after a modification sequence (RFC 7162 §3.1.5).

    The optional entry name and type are read and dropped: sequences are per message here.
    """

    modseq: int


@dataclass(frozen=True, slots=True)
class EmailIdKey:
    """Messages with a content, by its identifier (RFC 8474 §6)."""

    object_id: str


@dataclass(frozen=True, slots=True)
class ThreadIdKey:
    """Messages of a thread, by its identifier (RFC 8474 §6)."""

    object_id: str


@dataclass(frozen=True, slots=True)
class FilterKey:
    """What the filter of that name says (RFC 5466 §3.1)."""

    name: str


@dataclass(frozen=True, slots=True)
class SaveDateSupportedKey:
    """All messages if save dates are kept (RFC 8514 §4.3)."""


SearchKey = (
    AllKey
    | And
    | Or
    | Not
    | FilterKey
    | FlagKey
    | RecentKey
    | HeaderKey
    | BodyKey
    | TextKey
    | DateKey
    | AgeKey
    | SizeKey
    | NumberKey
    | ModSeqKey
    | SaveDateSupportedKey
    | EmailIdKey
    | ThreadIdKey
)
