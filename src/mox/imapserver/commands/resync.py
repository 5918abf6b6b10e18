"""What a client missed while it was away: QRESYNC and VANISHED (RFC 7162 §3.2.5, §3.2.6).

Sets a client gives are kept as ranges: whoever names four thousand million UIDs costs no more than he sent.
"""

import asyncio
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from mox.database import Connection
from mox.imapserver.errors import RefusedError
from mox.imapserver.session import Session
from mox.store import (
    ChangedMessage,
    Mailbox,
    changed_since,
    get_mailbox,
    is_history_complete,
    live_uids,
    removed_since,
)
from moxkit.imap import LAST, ConditionKind, QresyncParameters, SequenceSet, encode_vanished_ranges

__all__ = ["Missed", "missed_since", "vanished_of_set", "write_missed"]

# Changed messages told in one turn of the loop.
_BLOCK = 500

Ranges = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Missed:
    """What happened to the messages a client knows.

    Attributes:
        changed: Messages that changed, ascending; can be gone through once.
        wanted: Of which UIDs the client wants to know.
        removed: Ranges of UIDs that are gone.
    """

    changed: Iterator[ChangedMessage]
    wanted: Ranges
    removed: Ranges


def missed_since(reader: Connection, mailbox: Mailbox, known: QresyncParameters | None) -> Missed | None:
    """Return what a client missed; None if nothing it knows is of this mailbox.

    Raises:
        RefusedError: The two sets of the match data are not of one length, or do not ascend.
    """
    if known is None:
        return None
    segments = list(_segments(known.matches)) if known.matches is not None else []
    if known.uidvalidity != mailbox.uidvalidity:
        return None
    last_uid = mailbox.uidnext - 1
    named = ((1, last_uid),) if known.known_uids is None else known.known_uids.ranges
    wanted = _up_to(last_uid, named)
    uids = live_uids(reader, mailbox.id)
    wanted_removed = _above(wanted, _matched_uid(uids, segments))
    return Missed(
        changed=changed_since(reader, mailbox.id, known.modseq),
        wanted=wanted,
        removed=_removed(reader, mailbox.id, known.modseq, wanted=wanted_removed, live=uids),
    )


def vanished_of_set(session: Session, numbers: SequenceSet, modseq: int) -> bytes:
    """Write VANISHED (EARLIER) for UID FETCH: what is gone of a set (RFC 7162 §3.2.6).

    What the client still counts is not among it: that is told as gone later, when it may be.
    """
    view, reader = session.view, session.mail.reader
    if numbers.saved:
        numbers = SequenceSet.of(session.saved)
    # Here `*` reaches beyond the last message that is there: the last may be what is gone.
    last_uid = get_mailbox(reader, view.mailbox_id).uidnext - 1
    wanted = _up_to(last_uid, numbers.ranges)
    return encode_vanished_ranges(
        _removed(reader, view.mailbox_id, modseq, wanted=wanted, live=view.uids), earlier=True
    )


async def write_missed(session: Session, missed: Missed) -> None:
    """Tell what was missed: removals first, since numbers are those that count afterwards."""
    session.write(encode_vanished_ranges(missed.removed, earlier=True))
    view, dialect = session.view, session.dialect
    while block := list(islice(missed.changed, _BLOCK)):
        lines: list[bytes] = []
        for uid, modseq, text in block:
            if _is_in(uid, missed.wanted) and (number := view.number_of(uid)) is not None:
                lines.append(dialect.flags(number, uid, text, modseq))
        session.write(b"".join(lines))
        if len(block) == _BLOCK:
            await session.flush()
            await asyncio.sleep(0)


def _removed(
    reader: Connection, mailbox_id: int, modseq: int, *, wanted: Ranges, live: Sequence[int]
) -> Ranges:
    """Return what is gone of the wanted UIDs, except those that still count as live."""
    if not is_history_complete(reader, modseq):
        # RFC 7162 §3.2.6: as if all removals were asked for, which is all UIDs that are not there.
        return _without(wanted, live)
    gone = removed_since(reader, mailbox_id, modseq)
    found: array[int] = array("I")
    for low, high in wanted:
        found.extend(gone[bisect_left(gone, low) : bisect_right(gone, high)])
    counted = set(live) if found else set[int]()
    return list(SequenceSet.of([uid for uid in found if uid not in counted]).ranges)


def _up_to(last_uid: int, ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Return ranges without what no message ever had, ascending and disjoint."""
    cut = tuple((low, min(high, last_uid)) for low, high in ranges if low <= last_uid)
    return SequenceSet(cut).resolved(last_uid)


def _without(ranges: Ranges, uids: Sequence[int]) -> Ranges:
    """Return the ranges without some ascending UIDs."""
    left: Ranges = []
    for low, high in ranges:
        at = low
        for uid in uids[bisect_left(uids, low) : bisect_right(uids, high)]:
            if at < uid:
                left.append((at, uid - 1))
            at = uid + 1
        if at <= high:
            left.append((at, high))
    return left


def _is_in(uid: int, ranges: Ranges) -> bool:
    at = bisect_right(ranges, (uid, LAST)) - 1
    return at >= 0 and uid <= ranges[at][1]


def _above(ranges: Ranges, uid: int) -> Ranges:
    return [(max(low, uid + 1), high) for low, high in ranges if high > uid]


# The match data (RFC 7162 §3.2.5.2).

Segment = tuple[int, int, int]


def _segments(matches: tuple[SequenceSet, SequenceSet]) -> Iterator[Segment]:
    """Yield runs of pairs: first number, first UID, length.

    Raises:
        RefusedError: Not of one length, or not ascending.
    """
    numbers, uids = (list(_ascending(each.ranges)) for each in matches)
    if sum(high - low for low, high in numbers) + len(numbers) != sum(h - low for low, h in uids) + len(uids):
        raise RefusedError("message numbers and UIDs do not match", kind=ConditionKind.BAD)
    number_at, uid_at = 0, 0
    while number_at < len(numbers):
        (number, last_number), (uid, last_uid) = numbers[number_at], uids[uid_at]
        length = min(last_number - number, last_uid - uid) + 1
        yield number, uid, length
        numbers[number_at] = (number + length, last_number)
        uids[uid_at] = (uid + length, last_uid)
        number_at += number + length > last_number
        uid_at += uid + length > last_uid


def _ascending(ranges: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    last = 0
    for low, high in ranges:
        if low <= last:
            raise RefusedError("numbers have to ascend", kind=ConditionKind.BAD)
        yield low, high
        last = high


def _matched_uid(uids: Sequence[int], segments: Iterable[Segment]) -> int:
    """Return the highest UID up to which the client knows of all removals; 0 for none.

    A message has the number the client thinks only if nothing before it was removed, so pairs match up to
    some point and not behind it.
    """
    matched = 0
    for number, uid, length in segments:
        if number > len(uids) or uids[number - 1] != uid:
            break
        # Within a run the difference of UID and number can only grow: look for the end by halving.
        low, high = 0, min(length, len(uids) - number + 1) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if uids[number - 1 + middle] == uid + middle:
                low = middle
            else:
                high = middle - 1
        matched = uid + low
        if low < length - 1:
            break
    return matched
