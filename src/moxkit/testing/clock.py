"""A clock that stands still until a test moves it."""

import asyncio
import datetime as dt
import heapq
import itertools

__all__ = ["FakeClock"]

# Turns of the loop after each wake-up, for woken tasks to run until they sleep again.
_TURNS = 20


class FakeClock:
    """Time for tests: starts at a fixed moment, moves only by `advance` or `jump`."""

    __slots__ = ("_count", "_monotonic", "_now", "_sleepers")

    def __init__(self, now: dt.datetime = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)) -> None:
        self._now = now
        self._monotonic = 1000.0
        self._count = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> dt.datetime:
        """Return the time, in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Return seconds since some moment."""
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        """Sleep until the test has moved the clock this far."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._monotonic + seconds, next(self._count), waiter))
        await waiter

    async def advance(self, by: float | dt.timedelta) -> None:
        """Move the clock on, waking sleepers in order, each at its own time, and letting them run."""
        end = self._monotonic + _seconds(by)
        await _settle()
        while (due := self._next_due()) is not None and due <= end:
            self._move_to(due)
            await _settle()
        self._move_to(end)
        await _settle()

    def jump(self, by: float | dt.timedelta) -> None:
        """Move the clock at once; sleepers that are due run when the loop next turns."""
        self._move_to(self._monotonic + _seconds(by))

    @property
    def sleeping(self) -> int:
        """How many sleep."""
        return sum(not waiter.done() for _, _, waiter in self._sleepers)

    def _next_due(self) -> float | None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    def _move_to(self, at: float) -> None:
        self._now += dt.timedelta(seconds=at - self._monotonic)
        self._monotonic = at
        while self._sleepers and self._sleepers[0][0] <= at:
            waiter = heapq.heappop(self._sleepers)[2]
            if not waiter.done():
                waiter.set_result(None)


def _seconds(by: float | dt.timedelta) -> float:
    return by.total_seconds() if isinstance(by, dt.timedelta) else by


async def _settle() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)
