"""Commands and replies on one connection, in order, with their traces and the server's time to think."""

import asyncio
import logging

from moxkit.net import LineConn
from moxkit.smtp import ClientMachine, Reply, ReplySyntaxError
from moxkit.wiretrace import Kind, WireTrace

__all__ = ["Conversation"]

logger = logging.getLogger(__name__)

# How long servers may think (RFC 5321 §4.5.3.2): minutes, and ten for the end of the content.
_REPLY_S = 300.0
_CONTENT_REPLY_S = 600.0
_WRITE_S = 180.0
_QUIT_S = 5.0
_CLOSING = 421


class Conversation:
    """What client and server say to each other.

    Attributes:
        is_over: Nothing more can be said: the server is closing (RFC 5321 §3.8), the connection broke, or
            content was left without its end.
        needs_reset: A transaction may be open that nobody wants any more.
    """

    def __init__(self, conn: LineConn) -> None:
        self._conn = conn
        self._machine = ClientMachine()
        self._trace = WireTrace(logger)
        self.is_over = False
        self.needs_reset = False
        conn.read_timeout, conn.write_timeout = _REPLY_S, _WRITE_S

    @property
    def unread(self) -> bytes:
        """Octets behind the last reply; there must be none at STARTTLS (RFC 3207 §4.2)."""
        return self._machine.unread

    def forget(self) -> None:
        """Drop what was received, since TLS begins."""
        self._machine = ClientMachine()

    def write(self, octets: bytes, kind: Kind = Kind.PLAIN) -> None:
        """Send without waiting."""
        self._trace.sent(octets, kind)
        self._conn.write(octets)

    async def drain(self) -> None:
        """Wait while the server takes less than was written."""
        try:
            await self._conn.drain()
        except (ConnectionError, TimeoutError):
            self.is_over = True
            raise

    async def command(self, line: bytes, kind: Kind = Kind.PLAIN) -> Reply:
        """Send a line and return its reply.

        Raises:
            ConnectionError, TimeoutError: There is none.
        """
        self.write(line, kind)
        await self.drain()
        return await self.reply()

    async def reply(self) -> Reply:
        """Return the next reply.

        Raises:
            ConnectionError, TimeoutError: There is none.
        """
        try:
            while (reply := self._machine.next_reply()) is None:
                self._machine.receive_data(await self._read())
        except ReplySyntaxError as error:
            self.is_over = True
            raise ConnectionError(f"the server does not speak SMTP: {error}") from error
        except (ConnectionError, TimeoutError):
            self.is_over = True
            raise
        self.is_over = self.is_over or reply.code == _CLOSING
        return reply

    async def _read(self) -> bytes:
        octets = await self._conn.read()
        if not octets:
            raise ConnectionError("the server closed the connection")
        self._trace.received(octets)
        return octets

    async def reply_to_content(self) -> Reply:
        """Return the reply to the end of a message's content, which takes longer."""
        self._conn.read_timeout = _CONTENT_REPLY_S
        try:
            return await self.reply()
        finally:
            self._conn.read_timeout = _REPLY_S

    async def quit(self) -> None:
        """Say goodbye, without waiting long for the answer, and close."""
        try:
            if not self._conn.is_closing and not self.is_over:
                # All of it together: a server may send its answer octet by octet.
                async with asyncio.timeout(_QUIT_S):
                    await self.command(b"QUIT\r\n")
        except (ConnectionError, TimeoutError):
            pass
        finally:
            self.is_over = True
            self._conn.close()
