"""FETCH (RFC 9051 §6.4.5): in blocks made by the database if it can, else message by message."""

import asyncio
from collections.abc import Iterator, Sequence

from mox.imapserver.commands.contentitems import ContentWriter, sets_seen
from mox.imapserver.commands.hello import enable_condstore
from mox.imapserver.commands.resync import vanished_of_set
from mox.imapserver.errors import RefusedError
from mox.imapserver.messagelimit import limited
from mox.imapserver.session import Done, Session
from mox.store import (
    FetchColumn,
    Flag,
    FlagChange,
    Flags,
    FlagsAction,
    change_flags,
    fetch_block,
    stored_messages,
)
from moxkit.imap import ConditionKind, Fetch, FetchAttribute, FetchItem, PartialRange

__all__ = ["fetch"]

# Enough of what was written to be sent before the next message is read.
_FLUSH_OCTETS = 256 << 10
# Messages in one turn of the loop: with the database's help, and one by one.
_BLOCK = 500
_STORED_BLOCK = 50

_COLUMNS = {
    FetchAttribute.UID: FetchColumn.UID,
    FetchAttribute.FLAGS: FetchColumn.FLAGS,
    FetchAttribute.MODSEQ: FetchColumn.MODSEQ,
    FetchAttribute.EMAILID: FetchColumn.EMAILID,
    FetchAttribute.THREADID: FetchColumn.THREADID,
    FetchAttribute.RFC822_SIZE: FetchColumn.SIZE,
    FetchAttribute.INTERNALDATE: FetchColumn.INTERNALDATE,
    FetchAttribute.ENVELOPE: FetchColumn.ENVELOPE,
    FetchAttribute.BODYSTRUCTURE: FetchColumn.BODYSTRUCTURE,
    FetchAttribute.BODY: FetchColumn.BODY,
}


async def fetch(session: Session, _tag: str, command: Fetch) -> Done:
    """Send what is asked for; messages that others removed are still there until the client was told."""
    if command.vanished and not session.qresync:
        raise RefusedError("VANISHED needs QRESYNC", kind=ConditionKind.BAD)
    items = _items(session, command)
    view = session.view
    if command.vanished and command.changed_since is not None:
        session.write(vanished_of_set(session, command.numbers, command.changed_since))
    spans = session.spans(command.numbers, by_uid=command.uid)
    if command.partial is not None:
        spans = _part_of(spans, command.partial)
    spans, limit_code = limited(view, spans, session.services.message_limit)
    fetched = Done("fetched the newest" if limit_code else "fetched", limit_code)
    columns = [column for item in items if (column := _column(item)) is not None]
    marks_seen = not view.read_only and any(map(sets_seen, items))
    if len(columns) == len(items) and command.changed_since is None:
        await _in_blocks(session, items, columns, spans)
        return fetched
    writer = _Writer(session, items, command.changed_since)
    seen: list[int] = []
    for numbers in _groups(spans):
        await writer.write(numbers, seen if marks_seen else None)
    if seen:
        await _mark_seen(session, seen)
    if writer.missed and not limit_code:
        return Done("some messages are removed", b"EXPUNGEISSUED")
    return fetched


def _items(session: Session, command: Fetch) -> tuple[FetchItem, ...]:
    items = list(command.items)
    if command.uid and not session.uid_only and FetchAttribute.UID not in items:
        # UID FETCH tells the UID, asked for or not (RFC 9051 §6.4.9).
        items.insert(0, FetchAttribute.UID)
    tells_modseq = command.changed_since is not None or (command.uid and session.qresync)
    if tells_modseq and FetchAttribute.MODSEQ not in items:
        items.append(FetchAttribute.MODSEQ)
    if FetchAttribute.MODSEQ in items:
        enable_condstore(session)
    return tuple(items)


def _column(item: FetchItem) -> FetchColumn | None:
    return _COLUMNS.get(item) if isinstance(item, FetchAttribute) else None


def _part_of(spans: Sequence[tuple[int, int]], partial: PartialRange) -> list[tuple[int, int]]:
    """Return the part of index ranges that stands at these positions (RFC 9394 §3.3)."""
    count = sum(stop - start for start, stop in spans)
    chosen = partial.bounds(count)
    found, before = [], 0
    for start, stop in spans:
        first = max(start, start + chosen[0] - before)
        last = min(stop, start + chosen[1] - before)
        if first < last:
            found.append((first, last))
        before += stop - start
    return found


def _blocks(spans: Sequence[tuple[int, int]], size: int) -> Iterator[tuple[int, int]]:
    for first, last in spans:
        for start in range(first, last, size):
            yield start, min(last, start + size)


def _groups(spans: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    """Gather message numbers: runs that are far apart share a query and a write."""
    group: list[int] = []
    for start, stop in _blocks(spans, _STORED_BLOCK):
        group.extend(range(start + 1, stop + 1))
        if len(group) >= _STORED_BLOCK:
            yield group
            group = []
    if group:
        yield group


async def _in_blocks(
    session: Session,
    items: tuple[FetchItem, ...],
    columns: Sequence[FetchColumn],
    spans: Sequence[tuple[int, int]],
) -> None:
    view, reader = session.view, session.mail.reader
    only_7bit = not session.utf8
    writer = _Writer(session, items, None)
    for start, stop in _blocks(spans, _BLOCK):
        uids = view.uids[start:stop]
        octets = fetch_block(
            reader,
            view.mailbox_id,
            columns,
            uids,
            start + 1,
            only_7bit=only_7bit,
            uid_only=session.uid_only,
        )
        if octets is None:
            # Something differs from the client's view, or needs another rendering.
            for numbers in _groups([(start, stop)]):
                await writer.write(numbers, None)
            continue
        session.write(octets)
        if stop - start == _BLOCK:
            await session.flush()
            await asyncio.sleep(0)


class _Writer:
    """Writes messages one by one."""

    def __init__(self, session: Session, items: tuple[FetchItem, ...], changed_since: int | None) -> None:
        self._session = session
        self._changed_since = changed_since
        self._content = ContentWriter(session, items)
        self._with_renderings = self._content.needs_renderings
        self._with_content = any(not isinstance(item, FetchAttribute) or sets_seen(item) for item in items)
        self.missed = False

    async def write(self, numbers: Sequence[int], seen: list[int] | None) -> None:
        """Write messages of the view; note in `seen` what is to be marked."""
        session, view = self._session, self._session.view
        wanted = {view.uids[number - 1]: number for number in numbers}
        stored = stored_messages(
            session.mail, view.mailbox_id, tuple(wanted), with_renderings=self._with_renderings
        )
        written = 0
        for row, content in stored:
            number = wanted.pop(row.uid)
            if self._changed_since is not None and row.modseq <= self._changed_since:
                continue
            if row.expunged_at is not None:
                self.missed = True
            await self._content.write(number, row, content)
            if self._with_content and (written := written + row.size) > _FLUSH_OCTETS:
                await session.flush()
                written = 0
            if seen is not None and not row.is_seen and row.expunged_at is None:
                seen.append(row.uid)
        # What is left was removed so long ago that its content is gone.
        self.missed |= bool(wanted)
        await session.flush()
        await asyncio.sleep(0)


async def _mark_seen(session: Session, uids: list[int]) -> None:
    """Set the Seen flag after all was sent, and tell (RFC 9051 §6.4.5: the flag changes should be told)."""
    view = session.view
    change = FlagChange(FlagsAction.ADD, Flags(Flag.SEEN))
    result = await session.mail.write(
        lambda tx: change_flags(tx, view.mailbox_id, [(uid, uid) for uid in uids], change), session
    )
    for uid, text in result.changed:
        if (number := view.number_of(uid)) is not None:
            session.write(session.dialect.flags(number, uid, text, result.modseq))
