"""Graceful shutdown: first asked for, so that new work is refused and running work ends."""

import asyncio

__all__ = ["Shutdown"]


class Shutdown:
    """One process' wish to end; `code` becomes its exit status."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self.code = 0
        self.reason = ""

    @property
    def is_asked(self) -> bool:
        """Say whether no new work should begin."""
        return self._asked.is_set()

    def ask(self, reason: str, code: int = 0) -> None:
        """Ask for the end; the first reason stays."""
        if not self.is_asked:
            self.reason, self.code = reason, code
            self._asked.set()

    async def wait(self) -> None:
        """Return when the end was asked for."""
        await self._asked.wait()
