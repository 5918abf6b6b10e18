"""Which conversation a new message belongs to (reference store.md §9), with the message's place in it.

A parent is found by Message-ID through References, else by base subject among recent mail of the same
mailbox. A thread never has a cycle, because a parent is always there before its child.
"""

import json
from dataclasses import dataclass

from mox.database import Connection
from mox.store.prepared import Prepared

__all__ = ["ThreadPlace", "place_in_thread"]

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


def place_in_thread(
    connection: Connection, prepared: Prepared, *, mailbox_id: int, received_at: int
) -> ThreadPlace:
    """Find a message's conversation, before it is inserted."""
    if prepared.message_id:
        # A second copy of one message: its child, so that both are shown together.
        row = connection.row(_SAME_MESSAGE_ID, message_id=prepared.message_id)
        if row is not None:
            return _child_of(row, is_link_missing=True)
    if prepared.references:
        for skipped, message_id in enumerate(reversed(prepared.references[-_MOST_REFERENCES:])):
            row = connection.row(
                _REFERENCED,
                message_id=message_id,
                any_subject=prepared.is_dsn,
                base_subject=prepared.base_subject or None,  # As the column has it.
            )
            if row is not None:
                return _child_of(row, is_link_missing=skipped > 0)
        return ThreadPlace()
    if prepared.is_reply and prepared.base_subject:
        row = connection.row(
            _SAME_SUBJECT,
            base_subject=prepared.base_subject,
            mailbox_id=mailbox_id,
            earliest=received_at - 28 * _DAY,
            latest=received_at + _DAY,
        )
        if row is not None:
            return _child_of(row, is_link_missing=True)
    return ThreadPlace()


def _child_of(row: tuple[int, int, str], *, is_link_missing: bool) -> ThreadPlace:
    parent_id, thread_id, parents = row
    ancestors = (parent_id, *json.loads(parents))[:_MOST_PARENTS]
    return ThreadPlace(thread_id, ancestors, is_link_missing)
