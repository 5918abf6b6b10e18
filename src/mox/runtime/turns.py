"""Turns: few tasks at a time go on, in the order in which they came.

Work that shares one processor gains nothing from being begun all at once: each piece takes as long as all
together. In turns, the first is done while the last still waits, and nobody waits for those who came later.
"""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

__all__ = ["Turn", "Turns"]


class Turns:
    """Gives turns; on the loop's thread."""

    def __init__(self, at_once: int, *, longest_s: float = 0.25) -> None:
        """Make it.

        Args:
            at_once: How many have their turn at the same time.
            longest_s: Who needs longer waits for something else: the next has its turn as well then.
        """
        self._free = at_once
        self._longest_s = longest_s
        self._numbers = count()
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def turn(self) -> AsyncIterator["Turn"]:
        """Wait for a turn; it ends with the block."""
        turn = Turn(self, next(self._numbers))
        await turn.begin()
        try:
            yield turn
        finally:
            turn.end()

    async def take(self, number: int) -> None:
        """Wait until one is free; who has a lower number is first."""
        if self._free > 0:
            self._free -= 1
            return
        waiting = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (number, waiting))
        try:
            await waiting
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled():
                self.free()
            raise

    def free(self) -> None:
        """Let the next go on."""
        while self._waiting:
            _, waiting = heapq.heappop(self._waiting)
            if not waiting.done():
                waiting.set_result(None)
                return
        self._free += 1

    def limit(self, turn: "Turn") -> asyncio.TimerHandle:
        """Have a turn end when it takes too long."""
        return asyncio.get_running_loop().call_later(self._longest_s, turn.end)


class Turn:
    """The turn of one task."""

    __slots__ = ("_ends", "_is_had", "_lock", "_number", "_turns")

    def __init__(self, turns: Turns, number: int) -> None:
        self._turns = turns
        self._number = number
        self._is_had = False
        self._ends: asyncio.TimerHandle | None = None
        # A task may be made of several, which give it up side by side.
        self._lock = asyncio.Lock()

    async def begin(self) -> None:
        """Wait for it, unless it is there."""
        async with self._lock:
            if not self._is_had:
                await self._turns.take(self._number)
                self._is_had = True
                self._ends = self._turns.limit(self)

    def end(self) -> None:
        """Let the next go on; as often as wanted."""
        if self._ends is not None:
            self._ends.cancel()
            self._ends = None
        if self._is_had:
            self._is_had = False
            self._turns.free()

    @asynccontextmanager
    async def given_up(self) -> AsyncIterator[None]:
        """Let others go on while this task waits for somebody else; it is before later ones afterwards."""
        self.end()
        yield
        await self.begin()
