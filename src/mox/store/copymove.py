"""Copying and moving messages between mailboxes (RFC 9051 §6.4.7, RFC 6851).

A copy is a new message with a hard link to the same file. A moved message keeps its id, thus its file and
what hangs on it; a tombstone with the old UID stays behind and points to it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mox.database import Row
from mox.store.aside import copied_out, is_aside, moved_out
from mox.store.automaticflags import automatic_flags
from mox.store.changes import MessagesAdded, MessagesRemoved
from mox.store.counters import CounterChange
from mox.store.errors import UidsExhaustedError
from mox.store.flagging import add_keywords
from mox.store.flags import Flag, Flags
from mox.store.mailboxes import Mailbox, get_mailbox
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
    envelope_from, envelope_to, remote_ip, transport, decisions, identities)
  SELECT :first_id + key, prefix, header, internaldate, envelope, bodystructure, body,
    render_version, needs_utf8, preview, problems, thread_parents, thread_missing_link,
    envelope_from, envelope_to, remote_ip, transport, decisions, identities
  FROM json_each(:from_ids) CROSS JOIN content ON content.id = value"""
_TOMBSTONE = """INSERT INTO message(id, mailbox_id, uid, create_seq, modseq, expunged_at, moved_to, flags,
    keywords, flags_text, received_at, saved_at, size, thread_id, original_mailbox_id, email_id)
  SELECT :tombstone_id, :old_mailbox_id, :old_uid, :old_create_seq, :modseq, :now, id, flags, keywords,
    flags_text, received_at, :old_saved_at, size, thread_id, original_mailbox_id, email_id
  FROM message WHERE id = :id"""
_MOVE = """UPDATE message SET mailbox_id = :mailbox_id, uid = :uid, modseq = :modseq, create_seq = :modseq,
    saved_at = :now WHERE id = :id"""
# Of all that get the same at once, as in `flagging`.
_SET_FLAGS = """UPDATE message SET flags = :flags, flags_text = :flags_text
  WHERE id IN (SELECT value FROM json_each(:ids))"""
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
    mailbox = get_mailbox(tx.connection, target)
    target_id = mailbox.id
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
        if is_aside(tx.connection):
            copied_out(tx.connection, [row[0] for row in rows], first_id)
        there = _as_there(rows, _automatic(tx, mailbox, rows))
        _set_flags(tx, rows, there, [first_id + at for at in range(len(rows))])
    tx.connection.run(_USE, octets=octets)
    return _arrived(tx, target_id, uidvalidity, first_uid, there)


def move_messages(
    tx: Tx, mailbox_id: int, uid_ranges: Sequence[tuple[int, int]], target: str
) -> Transferred | None:
    """Move the live messages in the ranges of UIDs; None if there are none.

    Moving to the same mailbox gives them new UIDs there.

    Raises:
        MailboxUnknownError: No such target.
    """
    mailbox = get_mailbox(tx.connection, target)
    target_id = mailbox.id
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
    ids, bits = [row[0] for row in rows], _automatic(tx, mailbox, rows)
    if is_aside(tx.connection):
        moved_out(tx.connection, ids, target_id, bits)
    there = _as_there(rows, bits)
    _set_flags(tx, rows, there, ids)
    tx.announce(MessagesRemoved(mailbox_id, modseq, tuple(row[1] for row in rows)))
    return _arrived(tx, target_id, uidvalidity, first_uid, there)


def _automatic(tx: Tx, mailbox: Mailbox, rows: Sequence[Row]) -> dict[int, int]:
    """Return the flags, by id, that messages get by being put into a mailbox."""
    rules, name, use = tx.junk_flag_rules, mailbox.name, mailbox.special_use
    return {row[0]: automatic_flags(rules, name, use, row[2]) for row in rows}


def _as_there(rows: Sequence[Row], bits: Mapping[int, int]) -> list[Row]:
    """Return rows with other flags."""
    changed = []
    for row in rows:
        if (new := bits[row[0]]) != row[2]:
            text = Flags(Flag(new), tuple(row[5].split())).text
            row = (*row[:2], new, text, *row[4:])  # noqa: PLW2901  the same row, as it is there
        changed.append(row)
    return changed


def _set_flags(tx: Tx, rows: Sequence[Row], there: Sequence[Row], ids: Sequence[int]) -> None:
    """Write flags where they differ; `ids` are of the rows as they are there."""
    changed: dict[tuple[int, str], list[int]] = {}
    for id_, old, new in zip(ids, rows, there, strict=True):
        if new[2] != old[2]:
            changed.setdefault((new[2], new[3]), []).append(id_)
    for (flags, text), same in changed.items():
        tx.connection.run(_SET_FLAGS, flags=flags, flags_text=text, ids=json.dumps(same))


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
