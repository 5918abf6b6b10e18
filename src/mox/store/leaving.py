"""Accounts that are no longer in the configuration on purpose: their files go once nobody uses them.

A mark in the directory says that it may go, so that a crash before that is no matter; a directory without it
stays, whatever the configuration says.
"""

import asyncio
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from mox.runtime import Clock, sync_directory

__all__ = ["Leaving"]

logger = logging.getLogger(__name__)

_MARK = "removed"
# No account can have such a name.
_GONE = ".gone-"
_LOOK_EVERY_S = 1.0


class Closing(Protocol):
    """Closes accounts."""

    async def close_if_idle(self, name: str) -> bool:
        """Close an account unless somebody uses it; return whether it is closed."""
        ...


class Leaving:
    """The accounts of a directory that are to go."""

    def __init__(self, *, accounts: Path, clock: Clock, exists: Callable[[str], bool]) -> None:
        """Remember where they are.

        Args:
            accounts: Directory of all accounts.
            clock: For pauses.
            exists: Whether the configuration has an account of that name.
        """
        self._accounts = accounts
        self._exists = exists
        self._clock = clock
        self._called = asyncio.Event()
        self.names: set[str] = set()

    def mark(self, name: str) -> None:
        """Say that an account is to go.

        Raises:
            OSError: That cannot be written.
        """
        directory = self._accounts / name
        if directory.exists():
            (directory / _MARK).touch(mode=0o660)
            sync_directory(directory)
            self.names.add(name)
            self._called.set()

    async def run(self, closing: Closing) -> None:
        """Remove what is to go, as soon as it can, for ever."""
        await asyncio.to_thread(self._look)
        while True:
            if not self.names:
                self._called.clear()
                await self._called.wait()
            # First: other processes may hear a moment later that it left the configuration.
            await self._clock.sleep(_LOOK_EVERY_S)
            for name in sorted(self.names):
                try:
                    if await closing.close_if_idle(name):
                        await asyncio.to_thread(self._remove, name)
                        self.names.discard(name)
                except OSError as error:
                    logger.warning(
                        "files of a removed account cannot be removed, tried again at the next start",
                        extra={"account": name, "error": error},
                    )
                    self.names.discard(name)

    def _look(self) -> None:
        """Find what an earlier server left."""
        for path in self._accounts.glob(f"{_GONE}*"):
            shutil.rmtree(path, ignore_errors=True)
        for mark in self._accounts.glob(f"*/{_MARK}"):
            name = mark.parent.name
            if self._exists(name):
                # Somebody brought it back, with an older configuration.
                logger.warning(
                    "account was to be removed, and is configured: it stays", extra={"account": name}
                )
                mark.unlink()
            else:
                self.names.add(name)

    def _remove(self, name: str) -> None:
        gone = self._accounts / f"{_GONE}{name}"
        (self._accounts / name).rename(gone)
        sync_directory(self._accounts)
        shutil.rmtree(gone)
        logger.info("files of a removed account are gone", extra={"account": name})
