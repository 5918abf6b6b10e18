"""Which conversation a new message belongs to (reference store.md §9), with the message's place in it.

A parent is found by Message-ID through References, else by base subject among recent mail of the same
mailbox. A thread never has a cycle, because a parent is always there before its child.
"""

import json
from dataclasses import dataclass
from typing import Protocol

from mox.database import Connection

__all__ = [
    "AccountAncestors",
    "Ancestor",
    "Ancestors",
    "ThreadFacts",
    "ThreadPlace",
    "find_place",
    "place_in_thread",
]

_SAME_MESSAGE_ID = """SELECT m.id, m.thread_id, c.thread_parents FROM message m JOIN content c USING (id)
  WHERE m.message_id = :message_id AND m.expunged_at IS NULL ORDER BY m.id LIMIT 1"""
_REFERENCED = """SELECT m.id, m.thread_id, c.thread_parents FROM message m JOIN content c USING (id)
  WHERE m.message_id = :message_id AND m.expunged_at IS NULL
    AND (:any_subject OR m.base_subject IS :base_subject)
  ORDER BY m.id LIMIT 1"""
_SAME_SUBJECT = """SELECT m.id, m.thread_id, c.thread_parents FROM message m JOIN content c USING (id)
  WHERE m.base_subject = :base_subject AND m.expunged_at IS NULL AND m.original_mailbox_id = :mailbox_id
    AND m.received_at BETWEEN :earliest AND :latest
  ORDER BY m.received_at DESC, m.id DESC LIMIT 1"""
_DAY = 24 * 3600
# Bounds the work of one hostile References header; the last ones are the closest ancestors.
_MOST_REFERENCES = 100
_MOST_PARENTS = 500


# Id, thread and parents (as JSON) of a message that is there.
Ancestor = tuple[int, int, str]


class ThreadFacts(Protocol):
    """What a message says of its conversation; `Prepared` does."""

    @property
    def message_id(self) -> str:
        """Normalised; empty if there is none."""
        ...

    @property
    def references(self) -> tuple[str, ...]:
        """Normalised ids of ancestors, oldest first."""
        ...

    @property
    def base_subject(self) -> str:
        """RFC 5256 §2.1, lower case."""
        ...

    @property
    def is_reply(self) -> bool:
        """The subject says so."""
        ...

    @property
    def is_dsn(self) -> bool:
        """A delivery status notification."""
        ...


class Ancestors(Protocol):
    """Where parents are looked for."""

    def same(self, message_id: str) -> Ancestor | None:
        """Return the first message of that Message-ID."""
        ...

    def referenced(self, message_id: str, base_subject: str, *, any_subject: bool) -> Ancestor | None:
        """Return the first message of that Message-ID and base subject, which may be of no weight."""
        ...

    def same_subject(self, base_subject: str, *, earliest: int, latest: int) -> Ancestor | None:
        """Return the latest message of that base subject, within times, in the mailbox."""
        ...


@dataclass(frozen=True, slots=True)
class ThreadPlace:
    """Where a message stands.

    Attributes:
        thread_id: None: it begins a thread of its own.
        parents: Ids of its ancestors, closest first.
        is_link_missing: A message between it and its parent is not here, or the link was guessed.
    """

    thread_id: int | None = None
    parents: tuple[int, ...] = ()
    is_link_missing: bool = False


class AccountAncestors:
    """Parents among an account's live messages."""

    __slots__ = ("_connection", "_mailbox_id")

    def __init__(self, connection: Connection, mailbox_id: int) -> None:
        self._connection = connection
        self._mailbox_id = mailbox_id

    def same(self, message_id: str) -> Ancestor | None:
        """Look for the Message-ID."""
        return self._connection.row(_SAME_MESSAGE_ID, message_id=message_id)

    def referenced(self, message_id: str, base_subject: str, *, any_subject: bool) -> Ancestor | None:
        """Look for the Message-ID and base subject."""
        return self._connection.row(
            _REFERENCED,
            message_id=message_id,
            any_subject=any_subject,
            base_subject=base_subject or None,  # As the column has it.
        )

    def same_subject(self, base_subject: str, *, earliest: int, latest: int) -> Ancestor | None:
        """Look for the base subject in the mailbox."""
        return self._connection.row(
            _SAME_SUBJECT,
            base_subject=base_subject,
            mailbox_id=self._mailbox_id,
            earliest=earliest,
            latest=latest,
        )


def place_in_thread(
    connection: Connection, facts: ThreadFacts, *, mailbox_id: int, received_at: int
) -> ThreadPlace:
    """Find a message's conversation in the account, before it is inserted."""
    return find_place(facts, AccountAncestors(connection, mailbox_id), received_at=received_at)


def find_place(facts: ThreadFacts, ancestors: Ancestors, *, received_at: int) -> ThreadPlace:
    """Find a message's conversation."""
    if facts.message_id:
        # A second copy of one message: its child, so that both are shown together.
        found = ancestors.same(facts.message_id)
        if found is not None:
            return _child_of(found, is_link_missing=True)
    if facts.references:
        for skipped, message_id in enumerate(reversed(facts.references[-_MOST_REFERENCES:])):
            found = ancestors.referenced(message_id, facts.base_subject, any_subject=facts.is_dsn)
            if found is not None:
                return _child_of(found, is_link_missing=skipped > 0)
        return ThreadPlace()
    if facts.is_reply and facts.base_subject:
        found = ancestors.same_subject(
            facts.base_subject, earliest=received_at - 28 * _DAY, latest=received_at + _DAY
        )
        if found is not None:
            return _child_of(found, is_link_missing=True)
    return ThreadPlace()


def _child_of(found: Ancestor, *, is_link_missing: bool) -> ThreadPlace:
    parent_id, thread_id, parents = found
    above = (parent_id, *json.loads(parents))[:_MOST_PARENTS]
    return ThreadPlace(thread_id, above, is_link_missing)
