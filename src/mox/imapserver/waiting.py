"""Waiting for a client that is told the news meanwhile: in IDLE (RFC 2177), and after NOTIFY (RFC 5465)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

from mox.imapserver.session import Done, Session
from mox.imapserver.telling import tell
from mox.imapserver.wire import Wire
from moxkit.imap import BadCommand, IdleDone, ServerMachine
from moxkit.wiretrace import Kind

__all__ = ["Waiting"]


class Waiting:
    """The waiting of one connection."""

    def __init__(
        self, *, session: Session, machine: ServerMachine, wire: Wire, flush: Callable[[], Awaitable[None]]
    ) -> None:
        self._session = session
        self._machine = machine
        self._wire = wire
        self._flush = flush

    async def read(self, kind: Kind) -> bytes:
        """Return what the client sends between commands; tell what NOTIFY asked for (RFC 5465 §3.1)."""
        news = self._session.news
        if news is None or not news.is_pushed:
            return await self._wire.read(kind)
        return await self._read_while_telling(may_remove=False)

    async def idle(self) -> Done:
        """Tell everything until DONE, which may come together with IDLE.

        Raises:
            ConnectionError: The client is gone, or said something else.
        """
        await tell(self._session)
        self._machine.expect_done()
        await self._flush()
        while (event := self._machine.next_event()) != IdleDone():
            if isinstance(event, BadCommand):
                await self.part_with(event)
            octets = await self._read_while_telling(may_remove=True)
            if not octets:
                raise ConnectionError("client went away while idle")
            self._machine.receive_data(octets)
        return Done("idle ended")

    async def part_with(self, event: BadCommand) -> NoReturn:
        """Tell why the conversation cannot go on, in the middle of a command.

        Raises:
            ConnectionError: Always.
        """
        self._machine.send(event.encode())
        await self._flush()
        raise ConnectionError(event.text)

    async def _read_while_telling(self, *, may_remove: bool) -> bytes:
        listener = self._session.listener
        reading = asyncio.ensure_future(self._wire.read())
        hearing = asyncio.ensure_future(listener.wait())
        try:
            while not reading.done():
                await asyncio.wait((reading, hearing), return_when=asyncio.FIRST_COMPLETED)
                if hearing.done():
                    await tell(self._session, may_remove=may_remove)
                    await self._flush()
                    hearing = asyncio.ensure_future(listener.wait())
            return reading.result()
        finally:
            for waiting in (reading, hearing):
                waiting.cancel()
