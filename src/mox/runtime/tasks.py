"""Owned tasks: a task has an owner that logs its crash and ends it at shutdown."""

import asyncio
import logging
from collections.abc import Coroutine

__all__ = ["Tasks"]

logger = logging.getLogger(__name__)


class Tasks:
    """The background tasks of one owner."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(self, coroutine: Coroutine[object, object, None], name: str) -> None:
        """Run a coroutine until it ends or the owner closes."""
        task = asyncio.create_task(coroutine, name=name)  # noqa: TID251  this is where tasks get their owner
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("background task crashed", extra={"task": task.get_name()}, exc_info=error)

    async def wait(self, timeout_s: float) -> bool:
        """Wait until all tasks ended by themselves; return whether they did."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout_s)
        return not self._tasks

    async def close(self) -> None:
        """Cancel what still runs and wait for it."""
        while running := [t for t in self._tasks if t is not asyncio.current_task()]:
            for task in running:
                task.cancel()
            await asyncio.wait(running)
