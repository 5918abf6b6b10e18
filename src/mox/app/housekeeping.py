"""What has to be done now and then: removed messages lose their files when nobody can want them any more."""

import logging
from collections.abc import Callable, Iterable

from mox.runtime import Clock
from mox.store import Store, erase_due

__all__ = ["Housekeeping"]

logger = logging.getLogger(__name__)

_EVERY_S = 600.0


class Housekeeping:
    """Runs in the background, a little at a time."""

    def __init__(self, *, store: Store, clock: Clock, account_names: Callable[[], Iterable[str]]) -> None:
        self._store = store
        self._clock = clock
        self._account_names = account_names

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            await self._clock.sleep(_EVERY_S)
            for name in tuple(self._account_names()):
                try:
                    await self.erase(name)
                except Exception:  # One account's trouble, or a full disk, must not end it for good.
                    logger.exception("removed messages not erased", extra={"account": name})

    async def erase(self, name: str) -> None:
        """Erase what is due in one account."""
        account = self._store.account(name)
        while ids := await account.write(erase_due):
            for id_ in ids:
                account.files.remove(id_)
            logger.info("removed messages erased", extra={"account": name, "messages": len(ids)})
