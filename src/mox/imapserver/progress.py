"""Telling a client that a long command goes on (RFC 9585), so that it neither waits in doubt nor gives up."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from mox.imapserver.session import Session
from moxkit.imap import Condition, ConditionKind, InProgressCode

__all__ = ["LONG", "Progress"]

T = TypeVar("T")

# Commands on fewer messages are through before there is anything to tell.
LONG = 1000
_EVERY_S = 10.0


class Progress:
    """How far one command is.

    Attributes:
        done: How many messages were looked at; None as long as nobody counts.
    """

    __slots__ = ("_goal", "_session", "_tag", "done")

    def __init__(self, session: Session, tag: str, goal: int) -> None:
        """Begin.

        Args:
            session: Whose command it is.
            tag: Of the command.
            goal: How many messages it is about.
        """
        self._session = session
        self._tag = tag
        self._goal = goal
        self.done: int | None = None

    def count(self) -> None:
        """Count a message that was looked at."""
        self.done = (self.done or 0) + 1

    async def watch(self, work: Coroutine[object, object, T]) -> T:
        """Wait for work that writes nothing itself, and tell every ten seconds that it goes on."""
        if self._goal < LONG:
            return await work
        clock = self._session.services.clock
        working = asyncio.ensure_future(work)
        try:
            while True:
                timer = asyncio.ensure_future(clock.sleep(_EVERY_S))
                try:
                    await asyncio.wait((working, timer), return_when=asyncio.FIRST_COMPLETED)
                finally:
                    timer.cancel()
                if working.done():
                    return working.result()
                self._session.write(self._line())
                await self._session.flush()
        finally:
            working.cancel()

    def _line(self) -> bytes:
        # A tag can hold "]", which would end the code.
        tag = None if "]" in self._tag else self._tag
        # Both unknown, or a count on the way to a goal; candidates can be more than was expected.
        goal = None if self.done is None else max(self._goal, self.done)
        return Condition(ConditionKind.OK, "still working", InProgressCode(tag, self.done, goal)).encode()
