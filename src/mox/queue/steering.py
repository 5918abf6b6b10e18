"""What people do to the queue while it works: look, hold, put off, fail, drop.

Invariant: an entry whose delivery is under way is neither failed nor dropped, since it may have been
delivered by now; whoever asked is told how many those are. Other changes concern its next attempt.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from mox.database import Connection, GroupWriter
from mox.queue.changes import (
    add_time,
    drop,
    matching_ids,
    set_due_at,
    set_hold,
    set_require_tls,
    set_transport,
)
from mox.queue.entries import find_content, list_entries
from mox.queue.filters import EntryFilter, EntrySort, RetiredFilter, RetiredSort
from mox.queue.holdrules import HoldRule, NewHoldRule, add_hold_rule, list_hold_rules, remove_hold_rule
from mox.queue.message import Attempted, QueuedMessage
from mox.queue.outcome import Failed
from mox.queue.retired import forget_retired, list_retired
from mox.queue.selection import groups_of
from mox.runtime import Clock
from mox.store import MessageFiles

__all__ = ["Steered", "Steering"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

# RFC 3463 §3.1: other or undefined status, since no server said no.
_FAILED = Failed(None, "5.0.0", "failed by the administrator")
# Entries that wait while senders are told of those before.
_FAILED_AT_ONCE = 100
_FORGOTTEN_AT_ONCE = 500
_FORGET_EVERY_S = 3600.0


@dataclass(frozen=True, slots=True)
class Steered:
    """How many entries were changed, and how many were left since they are being delivered just now."""

    changed: int
    under_way: int = 0


class Steering:
    """Sees and changes the entries of one queue; on the loop's thread."""

    def __init__(
        self,
        *,
        writer: GroupWriter,
        reader: Connection,
        files: MessageFiles,
        clock: Clock,
        under_way: set[int],
        conclude: Callable[[QueuedMessage, Sequence[Attempted]], Awaitable[bool]],
        wake: Callable[[], None],
        keep_retired: Callable[[str], timedelta],
    ) -> None:
        """Remember what belongs to the queue.

        Args:
            writer: Of its database.
            reader: Of its database.
            files: Of its messages.
            clock: For all times.
            under_way: The entries that are being delivered; shared, and kept true by both.
            conclude: Tells of final results and writes them; says whether all were told.
            wake: Has the queue look what is due.
            keep_retired: How long an account's entries are remembered.
        """
        self._writer = writer
        self._reader = reader
        self._files = files
        self._clock = clock
        self._under_way = under_way
        self._conclude = conclude
        self._wake = wake
        self._keep_retired = keep_retired

    def entries(
        self,
        wanted: EntryFilter = EntryFilter(),  # noqa: B008  frozen
        sort: EntrySort = EntrySort.NEXT_ATTEMPT,
        *,
        is_descending: bool = False,
    ) -> list[dict[str, object]]:
        """Return entries."""
        return list_entries(self._reader, wanted, sort, is_descending=is_descending)

    async def set_hold(self, wanted: EntryFilter, *, hold: bool) -> Steered:
        """Put entries on hold, or release them."""
        return await self._change("hold changed", lambda c: set_hold(c, wanted, hold=hold))

    async def add_time(self, wanted: EntryFilter, by: timedelta) -> Steered:
        """Put off the next attempts, or with a negative time bring them forward."""
        return await self._change("entries rescheduled", lambda c: add_time(c, wanted, by=by))

    async def set_due_at(self, wanted: EntryFilter, at: datetime) -> Steered:
        """Set when the next attempts are made."""
        return await self._change("entries rescheduled", lambda c: set_due_at(c, wanted, at=at))

    async def kick(self, wanted: EntryFilter) -> Steered:
        """Have entries attempted now."""
        return await self.set_due_at(wanted, self._clock.now())

    async def set_require_tls(self, wanted: EntryFilter, require_tls: bool | None) -> Steered:
        """Set whether TLS is required (RFC 8689); see `QueuedMessage.require_tls`."""
        return await self._change(
            "tls requirement changed", lambda c: set_require_tls(c, wanted, require_tls=require_tls)
        )

    async def set_transport(self, wanted: EntryFilter, transport: str) -> Steered:
        """Set the way out by the name of a transport; empty: routes decide. Names are not checked here."""
        return await self._change(
            "transport changed", lambda c: set_transport(c, wanted, transport=transport)
        )

    async def _change(self, what: str, change: Callable[[Connection], int]) -> Steered:
        changed = await self._writer.run(lambda tx: change(tx.connection))
        logger.info("queue: " + what, extra={"entries": changed})  # noqa: G003  one of four constants
        self._wake()
        return Steered(changed)

    async def fail(self, wanted: EntryFilter) -> Steered:
        """Give up on entries; their senders are told.

        Entries whose sender could not be told stay, and count as unchanged.
        """
        changed, under_way = 0, 0
        ids = matching_ids(self._reader, wanted)
        for n in range(0, len(ids), _FAILED_AT_ONCE):
            page = ids[n : n + _FAILED_AT_ONCE]
            free = [id_ for id_ in page if id_ not in self._under_way]
            under_way += len(page) - len(free)
            # From here on nobody attempts or drops them.
            self._under_way.update(free)
            try:
                changed += await self._fail(free)
            finally:
                self._under_way.difference_update(free)
                self._wake()
        logger.info("queue: entries failed", extra={"entries": changed, "underway": under_way})
        return Steered(changed, under_way)

    async def _fail(self, ids: Sequence[int]) -> int:
        # Read by the writer: what was asked for before is done by then.
        changed = 0
        for message in await self._writer.run(lambda tx: groups_of(tx.connection, ids)):
            attempted = [Attempted(entry, _FAILED) for entry in message.entries]
            if await self._conclude(message, attempted):
                changed += len(attempted)
        return changed

    async def drop(self, wanted: EntryFilter) -> Steered:
        """Remove entries; nobody is told."""
        now, under_way = int(self._clock.now().timestamp()), frozenset(self._under_way)
        dropped = await self._writer.run(
            lambda tx: drop(tx.connection, wanted, under_way=under_way, now=now, keep=self._keep_retired)
        )
        await asyncio.to_thread(self._remove_files, dropped.message_ids)
        logger.info("queue: entries dropped", extra={"entries": dropped.count, "underway": dropped.under_way})
        return Steered(dropped.count, dropped.under_way)

    def _remove_files(self, message_ids: Sequence[int]) -> None:
        # In one go: a change of threads for each takes longer than the removal.
        for id_ in message_ids:
            self._files.remove(id_)

    async def content(self, entry_id: int) -> bytes | None:
        """Return the octets of an entry's message as they are sent; None if there is no such entry."""
        if (found := find_content(self._reader, entry_id)) is None:
            return None
        message_id, prefix = found
        try:
            return prefix + await asyncio.to_thread(self._files.path(message_id).read_bytes)
        except FileNotFoundError:  # Delivered since.
            return None

    def hold_rules(self) -> list[HoldRule]:
        """Return all hold rules."""
        return list_hold_rules(self._reader)

    async def add_hold_rule(self, new: NewHoldRule) -> tuple[HoldRule, int]:
        """Hold new messages that match, and those that are there; return the rule and how many these are."""
        rule, held = await self._writer.run(lambda tx: add_hold_rule(tx.connection, new))
        logger.info("queue: hold rule added", extra={"rule": rule.id, "entries": held})
        return rule, held

    async def remove_hold_rule(self, rule_id: int) -> bool:
        """Remove a hold rule; return whether there was one. What it held stays held."""
        is_removed = await self._writer.run(lambda tx: remove_hold_rule(tx.connection, rule_id))
        logger.info("queue: hold rule removed", extra={"rule": rule_id, "found": is_removed})
        return is_removed

    def retired(
        self,
        wanted: RetiredFilter = RetiredFilter(),  # noqa: B008  frozen
        sort: RetiredSort = RetiredSort.LAST_ACTIVITY,
        *,
        is_descending: bool = True,
    ) -> list[dict[str, object]]:
        """Return entries that were done with, as long as they are remembered."""
        return list_retired(self._reader, wanted, sort, is_descending=is_descending)

    async def forget_retired(self) -> None:
        """Forget what was remembered for long enough."""
        now = int(self._clock.now().timestamp())
        total = 0
        while forgotten := await self._writer.run(
            lambda tx: forget_retired(tx.connection, now=now, limit=_FORGOTTEN_AT_ONCE)
        ):
            total += forgotten
        if total:
            logger.info("queue: retired entries forgotten", extra={"entries": total})

    async def run(self) -> None:
        """Forget retired entries every hour, until cancelled."""
        while True:
            try:
                await self.forget_retired()
            except Exception:  # A full disk must not end it for good.
                logger.exception("queue: retired entries not forgotten")
            await self._clock.sleep(_FORGET_EVERY_S)
