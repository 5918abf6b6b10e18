"""Changes of an account: what a commit announces to sessions, and writes to the change log.

One value for one operation, however many messages it touched.
"""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import overload

__all__ = [
    "AnnotationsChanged",
    "Change",
    "FlagsChanged",
    "KeywordsAdded",
    "MailboxAdded",
    "MailboxRemoved",
    "MailboxRenamed",
    "MessagesAdded",
    "MessagesInARow",
    "MessagesRemoved",
    "SpecialUseChanged",
    "SubscriptionAdded",
    "SubscriptionRemoved",
]


@dataclass(frozen=True, slots=True)
class MessagesAdded:
    """Messages are new in a mailbox.

    Attributes:
        messages: UID and flags (as IMAP writes them) of each, ascending.
    """

    mailbox_id: int
    modseq: int
    messages: Sequence[tuple[int, str]]


class MessagesInARow(Sequence[tuple[int, str]]):
    """UIDs without gaps and the flags of each, in a few octets each: an import may file a million at once."""

    __slots__ = ("_first_uid", "_kinds", "_texts")

    def __init__(self, first_uid: int, texts: Iterable[str]) -> None:
        """Take the flags of all messages, in the order of their UIDs; most have the same as others."""
        numbers: dict[str, int] = {}
        self._first_uid = first_uid
        self._kinds = array("L", (numbers.setdefault(text, len(numbers)) for text in texts))
        self._texts = tuple(numbers)

    def __len__(self) -> int:
        return len(self._kinds)

    @overload
    def __getitem__(self, at: int) -> tuple[int, str]: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[tuple[int, str]]: ...
    def __getitem__(self, at: int | slice) -> tuple[int, str] | Sequence[tuple[int, str]]:
        if isinstance(at, slice):
            return tuple(self[each] for each in range(*at.indices(len(self))))
        place = range(len(self))[at]
        return self._first_uid + place, self._texts[self._kinds[place]]


@dataclass(frozen=True, slots=True)
class FlagsChanged:
    """Flags of messages are other than before; UID and new flags of each, ascending."""

    mailbox_id: int
    modseq: int
    messages: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class MessagesRemoved:
    """Messages left a mailbox; their UIDs, ascending."""

    mailbox_id: int
    modseq: int
    uids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeywordsAdded:
    """A mailbox has keywords it did not have; all of them now."""

    mailbox_id: int
    modseq: int
    keywords: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MailboxAdded:
    """A mailbox was created, subscribed."""

    mailbox_id: int
    modseq: int
    name: str


@dataclass(frozen=True, slots=True)
class MailboxRemoved:
    """A mailbox is gone, with its messages."""

    mailbox_id: int
    modseq: int
    name: str


@dataclass(frozen=True, slots=True)
class MailboxRenamed:
    """A mailbox has another name; UIDs and UIDVALIDITY stay."""

    mailbox_id: int
    modseq: int
    old_name: str
    name: str


@dataclass(frozen=True, slots=True)
class SpecialUseChanged:
    """A mailbox has another special use, or none."""

    mailbox_id: int
    modseq: int
    name: str
    special_use: str | None


@dataclass(frozen=True, slots=True)
class SubscriptionAdded:
    """A name was subscribed."""

    modseq: int
    name: str
    mailbox_id: None = None


@dataclass(frozen=True, slots=True)
class SubscriptionRemoved:
    """A name was unsubscribed."""

    modseq: int
    name: str
    mailbox_id: None = None


@dataclass(frozen=True, slots=True)
class AnnotationsChanged:
    """Annotations have other values, or are gone; of the account if there is no mailbox.

    Attributes:
        mailbox: Name of the mailbox; empty for the account.
        names: Of the annotations.
    """

    mailbox_id: int | None
    modseq: int
    mailbox: str
    names: tuple[str, ...]


Change = (
    AnnotationsChanged
    | MessagesAdded
    | FlagsChanged
    | MessagesRemoved
    | KeywordsAdded
    | MailboxAdded
    | MailboxRemoved
    | MailboxRenamed
    | SpecialUseChanged
    | SubscriptionAdded
    | SubscriptionRemoved
)
