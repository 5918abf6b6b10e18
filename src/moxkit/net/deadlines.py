"""Read and write deadlines of one connection on a single lazy timer.

A deadline that moves later costs two assignments; the timer finds out when it fires and arms itself again.
"""

import asyncio
from collections.abc import Callable

__all__ = ["NEVER", "Deadlines"]

NEVER = float("inf")


class Deadlines:
    """When reading and writing must have got on; `NEVER` when nobody waits."""

    __slots__ = ("_expired", "_loop", "_timer", "read_at", "write_at")

    def __init__(self, loop: asyncio.AbstractEventLoop, expired: Callable[[bool, bool], None]) -> None:
        """Call `expired` with which of reading and writing is late; that deadline is then cleared."""
        self._loop = loop
        self._expired = expired
        self._timer: asyncio.TimerHandle | None = None
        self.read_at = NEVER
        self.write_at = NEVER

    def set_read(self, seconds: float) -> None:
        """Expect reading to get on within `seconds`."""
        self.read_at = self._loop.time() + seconds
        self._arm(self.read_at)

    def set_write(self, seconds: float) -> None:
        """Expect writing to get on within `seconds`."""
        self.write_at = self._loop.time() + seconds
        self._arm(self.write_at)

    def cancel(self) -> None:
        """Forget everything."""
        self.read_at = self.write_at = NEVER
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, at: float) -> None:
        if self._timer is not None:
            if self._timer.when() <= at:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(at, self._fire)

    def _fire(self) -> None:
        self._timer = None
        # Clocks of timers are coarse: what is due within a millisecond is due.
        now = self._loop.time() + 0.001
        late_read, late_write = self.read_at <= now, self.write_at <= now
        if late_read:
            self.read_at = NEVER
        if late_write:
            self.write_at = NEVER
        nearest = min(self.read_at, self.write_at)
        if nearest != NEVER:
            self._arm(nearest)
        if late_read or late_write:
            self._expired(late_read, late_write)
