"""Waiting for what happens in other threads, of which no event tells."""

import asyncio
from collections.abc import Callable


async def reached(condition: Callable[[], bool], *, seconds: float = 20) -> None:
    """Return once something is so.

    Raises:
        TimeoutError: It did not become so.
    """
    async with asyncio.timeout(seconds):
        # Commits, connections and removed files take turns of other threads and of the system.
        while not condition():  # noqa: ASYNC110  what is waited for sets no event
            await asyncio.sleep(0.001)
