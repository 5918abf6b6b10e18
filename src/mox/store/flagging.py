"""Changing flags of messages (RFC 9051 §6.4.6, RFC 7162 §3.1.3)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from mox.store.changes import FlagsChanged, KeywordsAdded
from mox.store.counters import CounterChange
from mox.store.flags import Flag, FlagChange, Flags, FlagsAction
from mox.store.mailboxes import get_mailbox
from mox.store.transaction import Tx

__all__ = ["FlagsResult", "add_keywords", "change_flags"]

_RANGE = """SELECT id, uid, flags, keywords, modseq, size FROM message
  WHERE mailbox_id = :mailbox_id AND uid BETWEEN :first AND :last AND expunged_at IS NULL ORDER BY uid"""
# One statement for all that get the same flags: one each takes time by the square of their number, since
# the trigger has SQLite keep what each of them may have to undo.
_UPDATE = """UPDATE message
  SET flags = :flags, keywords = :keywords, flags_text = :flags_text, modseq = :modseq
  WHERE id IN (SELECT value FROM json_each(:ids))"""
_SET_KEYWORDS = "UPDATE mailbox SET keywords = :keywords, modseq = :modseq WHERE id = :id"


@dataclass(frozen=True, slots=True)
class FlagsResult:
    """What a change of flags did.

    Attributes:
        modseq: Of the change; None if nothing changed.
        changed: UIDs whose flags are other than before, ascending, with the new flags as IMAP writes them.
        unchanged: UIDs that had the wanted flags already, with them and the modseq they keep.
        conflicts: UIDs that were changed since the client's modseq, left alone (RFC 7162 §3.1.3).
    """

    modseq: int | None
    changed: tuple[tuple[int, str], ...]
    unchanged: tuple[tuple[int, str, int], ...]
    conflicts: tuple[int, ...]


def change_flags(
    tx: Tx,
    mailbox_id: int,
    uid_ranges: Sequence[tuple[int, int]],
    change: FlagChange,
    *,
    unchanged_since: int | None = None,
) -> FlagsResult:
    """Apply a change of flags to the live messages in the ranges of UIDs (inclusive, ascending).

    Messages that are gone are passed over. The modseq moves only where something changes.
    """
    groups: dict[tuple[int, str], _Group] = {}
    changed: list[tuple[int, str]] = []
    unchanged: list[tuple[int, str, int]] = []
    conflicts: list[int] = []
    for first, last in uid_ranges:
        rows = tx.connection.rows(_RANGE, mailbox_id=mailbox_id, first=first, last=last)
        for id_, uid, old_bits, old_keywords, modseq, size in rows:
            if unchanged_since is not None and modseq > unchanged_since:
                conflicts.append(uid)
                continue
            if (group := groups.get((old_bits, old_keywords))) is None:
                group = groups[old_bits, old_keywords] = _group(change, old_bits, old_keywords)
            if group.is_same:
                unchanged.append((uid, group.text, modseq))
                continue
            changed.append((uid, group.text))
            group.ids.append(id_)
            group.octets += size
    if changed:
        _write(tx, mailbox_id, [group for group in groups.values() if group.ids])
        if change.action is not FlagsAction.REMOVE:
            add_keywords(tx, mailbox_id, change.flags.keywords)
        tx.announce(FlagsChanged(mailbox_id, tx.modseq, tuple(changed)))
    return FlagsResult(tx.modseq if changed else None, tuple(changed), tuple(unchanged), tuple(conflicts))


@dataclass(slots=True)
class _Group:
    """Messages that had the same flags, and get the same."""

    old_bits: int
    bits: int
    keywords: str
    text: str
    is_same: bool
    ids: list[int] = field(default_factory=list)
    octets: int = 0


def _group(change: FlagChange, old_bits: int, old_keywords: str) -> _Group:
    bits, keywords = change.apply(old_bits, old_keywords)
    text = Flags(Flag(bits), tuple(keywords.split())).text
    return _Group(old_bits, bits, keywords, text, (bits, keywords) == (old_bits, old_keywords))


def _write(tx: Tx, mailbox_id: int, groups: Sequence[_Group]) -> None:
    counters = CounterChange()
    for group in groups:
        counters.replace(group.old_bits, group.bits, group.octets, count=len(group.ids))
        tx.connection.run(
            _UPDATE,
            flags=group.bits,
            keywords=group.keywords,
            flags_text=group.text,
            modseq=tx.modseq,
            ids=json.dumps(group.ids),
        )
    counters.apply(tx.connection, mailbox_id, tx.modseq)


def add_keywords(tx: Tx, mailbox_id: int, keywords: Sequence[str]) -> None:
    """Note that a mailbox's messages use these keywords; they are never taken back."""
    if not keywords:
        return
    known = get_mailbox(tx.connection, mailbox_id).keywords
    if new := set(keywords) - set(known):
        all_keywords = tuple(sorted({*known, *new}))
        tx.connection.run(_SET_KEYWORDS, id=mailbox_id, keywords=" ".join(all_keywords), modseq=tx.modseq)
        tx.announce(KeywordsAdded(mailbox_id, tx.modseq, all_keywords))
