"""Has the accounts' classifiers learn in the background: what came while the server was down, and what comes.

Who waits is a set of names, so the backlog is bounded however much changes; how far an account's classifier
is stands in its own database. At most half of one processor's time goes into it, where it is much, in a
process of its own.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable

from mox.filtering.classifier import Classifiers
from mox.runtime import Clock
from mox.store import AccountUnknownError

__all__ = ["JunkTraining"]

logger = logging.getLogger(__name__)

# Changes that come together are learned together; nobody waits for it.
_SETTLE_S = 1.0
# So many batches of one account, one after the other, are much.
_MANY_BATCHES = 10


class JunkTraining:
    """Runs in the background, one batch of one account after the other."""

    def __init__(
        self, *, classifiers: Classifiers, clock: Clock, account_names: Callable[[], Iterable[str]]
    ) -> None:
        self._classifiers = classifiers
        self._clock = clock
        self._account_names = account_names
        # In the order they asked; each once.
        self._waiting: dict[str, None] = {}
        self._called = asyncio.Event()

    def call(self, name: str) -> None:
        """Look at an account soon: messages came, went, or have other flags."""
        self._waiting[name] = None
        self._called.set()

    async def run(self) -> None:
        """Learn until cancelled."""
        for name in self._account_names():
            self.call(name)
        while True:
            await self._called.wait()
            await self._clock.sleep(_SETTLE_S)
            await self.catch_up()

    async def catch_up(self) -> None:
        """Learn until nobody waits, in turns."""
        self._called.clear()
        batches = Counter[str]()
        while self._waiting:
            name = next(iter(self._waiting))
            del self._waiting[name]
            began = self._clock.monotonic()
            is_much = batches[name] >= _MANY_BATCHES
            if await self._learn(name, apart=is_much):
                batches[name] += 1
                self.call(name)
            if not is_much:
                await self._clock.sleep(self._clock.monotonic() - began)

    async def _learn(self, name: str, *, apart: bool) -> bool:
        try:
            classifier = self._classifiers.of(name)
            return await (classifier.learn_apart() if apart else classifier.learn())
        except AccountUnknownError:
            # It was removed from the configuration meanwhile.
            return False
        except Exception:  # A message that crashes it must not keep the others from learning.
            logger.exception("learning junk crashed", extra={"account": name})
            return False
