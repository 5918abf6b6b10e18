"""Work in threads, one piece after the other: a database connection is used by one thread at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar

__all__ = ["Lane"]

T = TypeVar("T")


class Lane:
    """Runs functions one after the other, also those nobody waits for any more. On the loop's thread."""

    def __init__(self, pool: Executor) -> None:
        self._pool = pool
        self._running: asyncio.Future[Any] | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs."""
        return self._running is None or self._running.done()

    async def wait(self) -> None:
        """Wait for what runs."""
        while self._running is not None and not self._running.done():
            await asyncio.wait([self._running])

    async def run(self, function: Callable[[], T]) -> T:
        """Run a function when those before it are done."""
        await self.wait()
        running = asyncio.get_running_loop().run_in_executor(self._pool, function)
        self._running = running
        return await asyncio.shield(running)
