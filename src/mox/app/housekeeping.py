"""What has to be done now and then: removed messages lose their files, and what is old is forgotten."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import date, datetime

from mox.runtime import Clock
from mox.store import MessageFiles, Store, erase_due

__all__ = ["Housekeeping"]

logger = logging.getLogger(__name__)

_EVERY_S = 600.0


class Housekeeping:
    """Runs in the background, a little at a time."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        account_names: Callable[[], Iterable[str]],
        forget_old: Callable[[datetime], Awaitable[None]],
    ) -> None:
        """Remember what to look after.

        Args:
            store: Of the accounts.
            clock: Says when.
            account_names: Of all accounts.
            forget_old: Called with the time, once a day.
        """
        self._store = store
        self._clock = clock
        self._account_names = account_names
        self._forget_old = forget_old
        self._forgotten_on: date | None = None

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            await self._clock.sleep(_EVERY_S)
            for name in tuple(self._account_names()):
                try:
                    await self.erase(name)
                except Exception:  # One account's trouble, or a full disk, must not end it for good.
                    logger.exception("removed messages not erased", extra={"account": name})
            await self._forget()

    async def _forget(self) -> None:
        now = self._clock.now()
        if self._forgotten_on == now.date():
            return
        try:
            await self._forget_old(now)
        except Exception:  # Likewise; it is tried again in the next round.
            logger.exception("what is old not forgotten")
        else:
            self._forgotten_on = now.date()

    async def erase(self, name: str) -> None:
        """Erase what is due in one account."""
        account = self._store.account(name)
        while ids := await account.write(erase_due):
            await asyncio.get_running_loop().run_in_executor(self._store.pool, _remove, account.files, ids)
            logger.info("removed messages erased", extra={"account": name, "messages": len(ids)})


def _remove(files: MessageFiles, ids: Iterable[int]) -> None:
    for id_ in ids:
        files.remove(id_)
