"""Changes of an account: what a commit announces to sessions, and writes to the change log.

One value for one operation, however many messages it touched. The log holds ids and not content: a reader
that was away asks for the current state of what changed.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

__all__ = [
    "AnnotationsChanged",
    "Change",
    "FlagsChanged",
    "KeywordsAdded",
    "MailboxAdded",
    "MailboxRemoved",
    "MailboxRenamed",
    "MessagesAdded",
    "MessagesRemoved",
    "SpecialUseChanged",
    "SubscriptionAdded",
    "SubscriptionRemoved",
    "log_entry",
]


@dataclass(frozen=True, slots=True)
class MessagesAdded:
    """Messages are new in a mailbox.

    Attributes:
        messages: UID and flags (as IMAP writes them) of each, ascending.
    """

    mailbox_id: int
    modseq: int
    messages: tuple[tuple[int, str], ...]


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


def log_entry(change: Change) -> tuple[str, str]:
    """Return kind and data of a change, as the log keeps them."""
    match change:
        case MessagesAdded(messages=messages) | FlagsChanged(messages=messages):
            data: Any = {"uids": _ranges([uid for uid, _ in messages])}
        case MessagesRemoved(uids=uids):
            data = {"uids": _ranges(uids)}
        case _:
            data = {k: v for k, v in asdict(change).items() if k not in ("mailbox_id", "modseq")}
    return type(change).__name__, json.dumps(data, separators=(",", ":"), ensure_ascii=False)


def _ranges(uids: "tuple[int, ...] | list[int]") -> str:
    """Write ascending numbers as `1:3,7`."""
    parts: list[str] = []
    first = last = -1
    for uid in (*uids, -1):
        if uid != last + 1 or first < 0:
            if first >= 0:
                parts.append(str(first) if first == last else f"{first}:{last}")
            first = uid
        last = uid
    return ",".join(parts)
