"""Copying and moving messages between mailboxes (RFC 9051 §6.4.7, RFC 6851).

A copy is a new message with a hard link to the same file. A moved message keeps its id, thus its file and
what hangs on it; a tombstone with the old UID stays behind and points to it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from mox.database import Row
from mox.store.changes import MessagesAdded, MessagesRemoved
from mox.store.counters import CounterChange
from mox.store.errors import UidsExhaustedError
from mox.store.flagging import add_keywords
from mox.store.mailboxes import get_mailbox
from mox.store.quota import check_quota
from mox.store.transaction import Tx

__all__ = ["Transferred", "copy_messages", "move_messages"]

_RANGE = """SELECT id, uid, flags, flags_text, size, keywords, create_seq, saved_at FROM message
  WHERE mailbox_id = :mailbox_id AND uid BETWEEN :first AND :last AND expunged_at IS NULL ORDER BY uid"""
_TAKE_UIDS = (
    "UPDATE mailbox SET uidnext = uidnext + :count WHERE id = :id RETURNING uidnext - :count, uidvalidity"
)
_USE = "UPDATE account SET used_octets = used_octets + :octets"
_COPY_MESSAGE = """INSERT INTO message(id, mailbox_id, uid, create_seq, modseq, flags, keywords, flags_text,
    received_at, saved_at, size, thread_id, message_id, base_subject, original_mailbox_id, email_id)
  SELECT :first_id + key, :mailbox_id, :first_uid + key, :modseq, :modseq, flags, keywords, flags_text,
    received_at, :now, size, thread_id, message_id, base_subject, original_mailbox_id,
    coalesce(email_id, message.id)
  FROM json_each(:from_ids) CROSS JOIN message ON message.id = value"""
_COPY_CONTENT = """INSERT INTO content(id, prefix, header, internaldate, envelope, bodystructure, body,
    render_version, needs_utf8, preview, problems, thread_parents, thread_missing_link,
    envelope_from, envelope_to, remote_ip, transport, decisions)
  SELECT :first_id + key, prefix, header, internaldate, envelope, bodystructure, body,
    render_version, needs_utf8, preview, problems, thread_parents, thread_missing_link,
    envelope_from, envelope_to, remote_ip, transport, decisions
  FROM json_each(:from_ids) CROSS JOIN content ON content.id = value"""
_TOMBSTONE = """INSERT INTO message(id, mailbox_id, uid, create_seq, modseq, expunged_at, moved_to, flags,
    keywords, flags_text, received_at, saved_at, size, thread_id, original_mailbox_id, email_id)
  SELECT :tombstone_id, :old_mailbox_id, :old_uid, :old_create_seq, :modseq, :now, id, flags, keywords,
    flags_text, received_at, :old_saved_at, size, thread_id, original_mailbox_id, email_id
  FROM message WHERE id = :id"""
_MOVE = """UPDATE message SET mailbox_id = :mailbox_id, uid = :uid, modseq = :modseq, create_seq = :modseq,
    saved_at = :now WHERE id = :id"""
_LAST_UID = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Transferred:
    """Which message became which: pairs of UIDs, ascending (COPYUID, RFC 4315 §3)."""

    uidvalidity: int
    from_uids: tuple[int, ...]
    uids: tuple[int, ...]
    modseq: int


def _select(tx: Tx, mailbox_id: int, uid_ranges: Sequence[tuple[int, int]]) -> list[Row]:
    return [
        row
        for first, last in uid_ranges
        for row in tx.connection.rows(_RANGE, mailbox_id=mailbox_id, first=first, last=last)
    ]


def copy_messages(
    tx: Tx, mailbox_id: int, uid_ranges: Sequence[tuple[int, int]], target: str
) -> Transferred | None:
    """Copy the live messages in the ranges of UIDs; None if there are none.

    Raises:
        MailboxUnknownError: No such target.
        OverQuotaError: No room for all of them; none is copied.
    """
    target_id = get_mailbox(tx.connection, target).id
    rows = _select(tx, mailbox_id, uid_ranges)
    if not rows:
        return None
    octets = sum(row[4] for row in rows)
    check_quota(tx, octets, len(rows))
    modseq = tx.modseq
    first_id = tx.take_message_ids(len(rows))
    first_uid, uidvalidity = _take_uids(tx, target_id, len(rows))
    from_ids = json.dumps([row[0] for row in rows])
    with tx.linking([row[0] for row in rows], first_id):
        tx.connection.run(
            _COPY_MESSAGE,
            first_id=first_id,
            mailbox_id=target_id,
            first_uid=first_uid,
            modseq=modseq,
            now=tx.now,
            from_ids=from_ids,
        )
        tx.connection.run(_COPY_CONTENT, first_id=first_id, from_ids=from_ids)
    tx.connection.run(_USE, octets=octets)
    return _arrived(tx, target_id, uidvalidity, first_uid, rows)


def move_messages(
    tx: Tx, mailbox_id: int, uid_ranges: Sequence[tuple[int, int]], target: str
) -> Transferred | None:
    """Move the live messages in the ranges of UIDs; None if there are none.

    Moving to the same mailbox gives them new UIDs there.

    Raises:
        MailboxUnknownError: No such target.
    """
    target_id = get_mailbox(tx.connection, target).id
    rows = _select(tx, mailbox_id, uid_ranges)
    if not rows:
        return None
    modseq = tx.modseq
    first_tombstone = tx.take_message_ids(len(rows))
    first_uid, uidvalidity = _take_uids(tx, target_id, len(rows))
    counters = CounterChange()
    for row in rows:
        counters.remove(row[2], row[4])
    counters.apply(tx.connection, mailbox_id, modseq)
    parameters = [
        {
            "id": row[0],
            "tombstone_id": first_tombstone + n,
            "old_mailbox_id": mailbox_id,
            "old_uid": row[1],
            "old_create_seq": row[6],
            "old_saved_at": row[7],
            "mailbox_id": target_id,
            "uid": first_uid + n,
            "modseq": modseq,
            "now": tx.now,
        }
        for n, row in enumerate(rows)
    ]
    # In this order: a UID of a mailbox belongs to one row.
    tx.connection.run_many(_MOVE, parameters)
    tx.connection.run_many(_TOMBSTONE, parameters)
    tx.announce(MessagesRemoved(mailbox_id, modseq, tuple(row[1] for row in rows)))
    return _arrived(tx, target_id, uidvalidity, first_uid, rows)


def _take_uids(tx: Tx, mailbox_id: int, count: int) -> tuple[int, int]:
    first, uidvalidity = tx.connection.row(_TAKE_UIDS, id=mailbox_id, count=count) or (0, 0)
    if first + count - 1 > _LAST_UID:
        raise UidsExhaustedError(mailbox_id)
    return first, uidvalidity


def _arrived(tx: Tx, mailbox_id: int, uidvalidity: int, first_uid: int, rows: Sequence[Row]) -> Transferred:
    counters, keywords = CounterChange(), set[str]()
    for row in rows:
        counters.add(row[2], row[4])
        keywords.update(row[5].split())
    counters.apply(tx.connection, mailbox_id, tx.modseq)
    add_keywords(tx, mailbox_id, sorted(keywords))
    uids = tuple(range(first_uid, first_uid + len(rows)))
    added = tuple(zip(uids, (row[3] for row in rows), strict=True))
    tx.announce(MessagesAdded(mailbox_id, tx.modseq, added))
    return Transferred(uidvalidity, tuple(row[1] for row in rows), uids, tx.modseq)
