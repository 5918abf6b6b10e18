"""Connections that stay open for a moment after a delivery, for the next one to the same place.

A new connection costs three handshakes; a queue with much for one host would spend its time on them. Only
deliveries that would have connected in exactly the same way share one: that is the caller's key.
"""

import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from mox.runtime import Clock, Tasks
from moxkit.smtpclient import HostConnection

__all__ = ["Connections", "Lease"]

logger = logging.getLogger(__name__)

# Longer than a goodbye takes.
_CLOSING_S = 10.0


@dataclass(slots=True)
class Lease:
    """A connection in use.

    Attributes:
        key: What it is good for.
        opened_at: On the clock that never goes backwards; so is `idle_since`.
    """

    connection: HostConnection
    key: Hashable
    opened_at: float
    idle_since: float = 0.0


class Connections:
    """Connections in use, and those that wait for the next use."""

    def __init__(
        self,
        clock: Clock,
        *,
        idle_s: float = 5.0,
        longest_s: float = 300.0,
        most_letters: int = 100,
        most_idle: int = 100,
        most_idle_of_key: int = 20,
    ) -> None:
        """Begin without any.

        Args:
            clock: For ages.
            idle_s: How long a connection waits; hosts pay for each.
            longest_s: No connection is used again when it is older, so that what DNS says counts.
            most_letters: Nor after so many; some hosts refuse more.
            most_idle: At most so many wait; 0 keeps none.
            most_idle_of_key: And so many that are good for the same.
        """
        self._clock = clock
        self._idle_s = idle_s
        self._longest_s = longest_s
        self._most_letters = most_letters
        self._most_idle = most_idle
        self._most_idle_of_key = most_idle_of_key
        self._idle: dict[Hashable, list[Lease]] = {}
        self._count = 0
        self._is_sweeping = False
        self._is_closed = False
        self._sweeper = Tasks()
        self._closing = Tasks()

    def opened(self, key: Hashable, connection: HostConnection) -> Lease:
        """Take note of a new connection, which is in use."""
        return Lease(connection, key, self._clock.monotonic())

    def take(self, key: Hashable, fits: Callable[[HostConnection], bool]) -> Lease | None:
        """Return a connection that waits, the one that did so for the shortest time; None without."""
        waiting = self._idle.get(key, [])
        for lease in reversed(waiting):
            if not lease.connection.is_over and fits(lease.connection):
                self._forget(lease)
                return lease
        return None

    def give_back(self, lease: Lease) -> None:
        """Let a connection wait for the next use, or close it if it has done enough."""
        now = self._clock.monotonic()
        waiting = len(self._idle.get(lease.key, []))
        if (
            self._is_closed
            or lease.connection.is_over
            or lease.connection.letters >= self._most_letters
            or now - lease.opened_at >= self._longest_s
            or waiting >= self._most_idle_of_key
            or self._count >= self._most_idle
        ):
            self.discard(lease)
            return
        lease.idle_since = now
        self._idle.setdefault(lease.key, []).append(lease)
        self._count += 1
        if not self._is_sweeping:
            self._is_sweeping = True
            self._sweeper.spawn(self._sweep(), "idle smtp connections")

    def discard(self, lease: Lease) -> None:
        """Close a connection, without waiting for it."""
        self._closing.spawn(lease.connection.close(), "closing smtp connection")

    async def _sweep(self) -> None:
        try:
            while self._count:
                oldest = min(lease.idle_since for waiting in self._idle.values() for lease in waiting)
                await self._clock.sleep(max(0.0, oldest + self._idle_s - self._clock.monotonic()))
                self._close_old()
        finally:
            self._is_sweeping = False

    def _close_old(self) -> None:
        now = self._clock.monotonic()
        every = [lease for waiting in self._idle.values() for lease in waiting]
        for lease in every:
            if now - lease.idle_since >= self._idle_s or lease.connection.is_over:
                self._forget(lease)
                self.discard(lease)

    def _forget(self, lease: Lease) -> None:
        waiting = self._idle[lease.key]
        waiting.remove(lease)
        self._count -= 1
        if not waiting:
            del self._idle[lease.key]

    async def close(self) -> None:
        """Close all that wait, politely, and wait for that."""
        self._is_closed = True
        await self._sweeper.close()
        every = [lease for waiting in self._idle.values() for lease in waiting]
        self._idle.clear()
        self._count = 0
        for lease in every:
            self.discard(lease)
        await self._closing.wait(_CLOSING_S)
        await self._closing.close()
