"""Writing behind: statistics are written a moment later, many at once, so that nobody waits for them."""

import logging
from collections.abc import Awaitable, Callable

from mox.runtime import Clock, Tasks

__all__ = ["WriteBehind"]

logger = logging.getLogger(__name__)

_WRITE_AFTER_S = 5.0


class WriteBehind:
    """Has what is pending written: some seconds after it came, and at the end; on the loop's thread.

    A crash loses what came in the last seconds; so does a full disk, which has better things to lose.
    """

    def __init__(self, write: Callable[[], Awaitable[object]], *, clock: Clock, what: str) -> None:
        """Make one.

        Args:
            write: Writes all that is pending; may raise `OSError`.
            clock: For the pause.
            what: It is, in log lines: "tls results".
        """
        self._write = write
        self._clock = clock
        self._what = what
        self._is_waiting = False
        self._tasks = Tasks()

    def soon(self) -> None:
        """Have it written in some seconds, with what comes until then."""
        if not self._is_waiting:
            self._is_waiting = True
            self._tasks.spawn(self._write_later(), f"writing {self._what}")

    async def _write_later(self) -> None:
        try:
            await self._clock.sleep(_WRITE_AFTER_S)
        finally:
            self._is_waiting = False
        await self._try_to_write()

    async def _try_to_write(self) -> None:
        try:
            await self._write()
        except OSError as error:
            logger.warning("%s are lost", self._what, extra={"reason": str(error)})

    async def close(self) -> None:
        """Write what is left."""
        await self._tasks.close()
        await self._try_to_write()
