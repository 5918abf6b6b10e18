"""Tells sessions of one account what was committed, in commit order. On the loop's thread only.

A listener's queue is bounded: one that does not read is told, once, that it missed changes, and must look
at the database again. So a slow session costs memory that is known beforehand and delays nobody.
"""

import asyncio
from collections import deque
from dataclasses import dataclass

from mox.store.changes import Change

__all__ = ["Batch", "Listener", "Switchboard"]

_LONGEST_QUEUE = 10_000


@dataclass(frozen=True, slots=True)
class Batch:
    """The changes of one transaction.

    Attributes:
        origin: Whoever made them, so that a session knows its own.
    """

    origin: object | None
    changes: tuple[Change, ...]


class Listener:
    """One session's ear."""

    __slots__ = ("_batches", "_queued", "_wakeup", "overflowed")

    def __init__(self) -> None:
        self._batches: deque[Batch] = deque()
        self._queued = 0
        self._wakeup: asyncio.Future[None] | None = None
        self.overflowed = False

    def __bool__(self) -> bool:
        """Say whether something waits to be taken."""
        return bool(self._batches) or self.overflowed

    def hear(self, batch: Batch) -> None:
        """Queue a batch, or note that it was lost."""
        self._queued += len(batch.changes)
        if self._queued > _LONGEST_QUEUE:
            self.miss()
        elif not self.overflowed:
            self._batches.append(batch)
        self._wake()

    def miss(self) -> None:
        """Note that something is not told."""
        self._batches.clear()
        self.overflowed = True
        self._wake()

    def _wake(self) -> None:
        if self._wakeup is not None and not self._wakeup.done():
            self._wakeup.set_result(None)

    def has_others(self, origin: object) -> bool:
        """Return whether changes wait that somebody else made."""
        return self.overflowed or any(batch.origin is not origin for batch in self._batches)

    def waiting(self) -> tuple[Batch, ...]:
        """Return what waits to be taken."""
        return tuple(self._batches)

    def take(self) -> list[Batch]:
        """Return all that was heard since the last call."""
        batches = list(self._batches)
        self._batches.clear()
        self._queued = 0
        return batches

    async def wait(self) -> None:
        """Return when there is something to take; for one waiter at a time."""
        if not self:
            self._wakeup = asyncio.get_running_loop().create_future()
            try:
                await self._wakeup
            finally:
                self._wakeup = None


class Switchboard:
    """The listeners of one account."""

    __slots__ = ("_listeners",)

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    def __len__(self) -> int:
        return len(self._listeners)

    def listen(self) -> Listener:
        """Add a listener; it hears what is committed from now on."""
        listener = Listener()
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Remove a listener."""
        self._listeners.discard(listener)

    def publish(self, batch: Batch) -> None:
        """Tell everybody, the origin included: its own changes keep their place in the order."""
        for listener in self._listeners:
            listener.hear(batch)

    def miss(self) -> None:
        """Have everybody look at the database again."""
        for listener in self._listeners:
            listener.miss()
