"""Work that follows the accounts' mail in the background, and catches up with it after a start.

Who waits is a set of names, so the backlog is bounded however much mail comes. It waits for a quiet
moment, but not for long, and takes at most half of one processor's time; for much, a process of its own.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable

from mox.runtime import Clock
from mox.store import AccountUnknownError

__all__ = ["CatchingUp"]

logger = logging.getLogger(__name__)

# Messages that come together are taken in together.
_QUIET_S = 0.5
_LONGEST_WAIT_S = 4.0
# While mail goes on coming in, what was much is much again at once.
_REMEMBERED_S = 30.0


class CatchingUp:
    """Runs in the background, one batch of one account after the other."""

    def __init__(
        self,
        *,
        what: str,
        work: Callable[[str, bool], Awaitable[bool]],
        clock: Clock,
        account_names: Callable[[], Iterable[str]],
        many_batches: int,
    ) -> None:
        """Remember what to do.

        Args:
            what: It is, for the log.
            work: Does a batch for an account, by name, apart or not; says whether more waits.
            clock: For pauses.
            account_names: Of all accounts.
            many_batches: So many of one account, one after the other, are much.
        """
        self._what = what
        self._work = work
        self._clock = clock
        self._account_names = account_names
        self._many_batches = many_batches
        # In the order they asked; each once.
        self._waiting: dict[str, None] = {}
        self._called = asyncio.Event()
        # Of accounts, since there was last nothing to do for a while.
        self._batches = Counter[str]()
        self._ended_at = float("-inf")

    def call(self, name: str) -> None:
        """Look at an account soon."""
        self._waiting[name] = None
        self._called.set()

    async def run(self) -> None:
        """Work until cancelled."""
        for name in self._account_names():
            self.call(name)
        while True:
            await self._called.wait()
            await self._settle()
            await self.catch_up()

    async def _settle(self) -> None:
        began = self._clock.monotonic()
        while self._called.is_set() and self._clock.monotonic() - began < _LONGEST_WAIT_S:
            self._called.clear()
            await self._clock.sleep(_QUIET_S)

    async def catch_up(self) -> None:
        """Work until nobody waits, in turns."""
        self._called.clear()
        if self._clock.monotonic() - self._ended_at > _REMEMBERED_S:
            self._batches.clear()
        while self._waiting:
            name = next(iter(self._waiting))
            del self._waiting[name]
            began = self._clock.monotonic()
            is_much = self._batches[name] >= self._many_batches
            if await self._do(name, apart=is_much):
                self._batches[name] += 1
                self.call(name)
            if not is_much:
                await self._clock.sleep(self._clock.monotonic() - began)
        self._ended_at = self._clock.monotonic()

    async def _do(self, name: str, *, apart: bool) -> bool:
        try:
            return await self._work(name, apart)
        except AccountUnknownError:
            # It was removed from the configuration meanwhile.
            return False
        except Exception:  # A message that crashes it, or a full disk, must not end it for the others.
            logger.exception("background work crashed", extra={"account": name, "work": self._what})
            return False
