"""Fills the accounts' search indexes in the background: what came while the server was down, then what comes.

Who waits is a set of names, so the backlog is bounded however much mail comes; how far an account's index is
stands in the index itself. At most half of one processor's time goes into it, where it is much, in a process
of its own.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable

from mox.runtime import Clock
from mox.store import AccountUnknownError, Store

__all__ = ["SearchIndexing"]

logger = logging.getLogger(__name__)

# Messages that come together are taken in together; until then searches look into their files.
_SETTLE_S = 0.5
# So many batches of one account, one after the other, are much.
_MANY_BATCHES = 3


class SearchIndexing:
    """Runs in the background, one batch of one account after the other."""

    def __init__(self, *, store: Store, clock: Clock, account_names: Callable[[], Iterable[str]]) -> None:
        self._store = store
        self._clock = clock
        self._account_names = account_names
        # In the order they asked; each once.
        self._waiting: dict[str, None] = {}
        self._called = asyncio.Event()
        store.call_indexer = self._call

    def _call(self, name: str) -> None:
        self._waiting[name] = None
        self._called.set()

    async def run(self) -> None:
        """Fill until cancelled."""
        for name in self._account_names():
            self._call(name)
        while True:
            await self._called.wait()
            await self._clock.sleep(_SETTLE_S)
            await self.catch_up()

    async def catch_up(self) -> None:
        """Fill until nobody waits, in turns."""
        self._called.clear()
        batches = Counter[str]()
        while self._waiting:
            name = next(iter(self._waiting))
            del self._waiting[name]
            began = self._clock.monotonic()
            is_much = batches[name] >= _MANY_BATCHES
            if await self._fill(name, apart=is_much):
                batches[name] += 1
                self._call(name)
            if not is_much:
                await self._clock.sleep(self._clock.monotonic() - began)

    async def _fill(self, name: str, *, apart: bool) -> bool:
        try:
            index = self._store.account(name).search_index
            return await (index.fill_apart() if apart else index.fill())
        except AccountUnknownError:
            # It was removed from the configuration meanwhile.
            return False
        except (
            Exception
        ):  # A message that crashes it, or a full disk, must not keep others' mail from the index.
            logger.exception("search indexing crashed", extra={"account": name})
            return False
