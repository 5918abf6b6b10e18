"""A connection's octets: compressed on request (RFC 4978), slow for those who guess, traced on request."""

import asyncio
import logging
import re
import socket

from mox.listen import Pace
from mox.runtime import Clock
from moxkit.imap import Deflate, ImapSyntaxError, Inflate
from moxkit.net import LineConn
from moxkit.wiretrace import Kind, WireTrace

__all__ = ["Wire"]

logger = logging.getLogger(__name__)

# Longer writes are told in the trace as content.
_LONG_OCTETS = 2000
# So is what follows the announcement of a literal: most often a piece of a message.
_LITERAL = re.compile(rb"\{\d+\+?\}\r\n.", re.DOTALL)
# Compressed at once, and sent by itself: imaplib2 waits for more octets when 32 KiB come out of what it reads
# at once, and then also if there are none.
_SLICE_OCTETS = 16 << 10
# On Linux alone.
_QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)
# A tag begins with a printable character, the last block of a stream never does.
_FIRST_PRINTABLE = 0x21


class Wire:
    """Reads and writes octets of IMAP, whatever layer lies below.

    Attributes:
        pace: How fast the client is served.
    """

    __slots__ = ("_conn", "_deflate", "_inflate", "_is_ending", "_left", "_trace", "pace")

    def __init__(self, conn: LineConn, clock: Clock) -> None:
        self._conn = conn
        self.pace = Pace(conn, clock)
        self._trace = WireTrace(logger)
        self._deflate: Deflate | None = None
        self._inflate: Inflate | None = None
        # The client may still end its stream, though ours has ended.
        self._is_ending = False
        self._left = b""

    @property
    def is_compressed(self) -> bool:
        """Whether compression is on."""
        return self._deflate is not None

    async def read(self, kind: Kind = Kind.PLAIN) -> bytes:
        """Return what came, a bounded piece at a time; nothing at the end.

        Raises:
            ConnectionError: The connection broke, or what comes is not compressed as it should be.
        """
        octets = await self._read()
        self._trace.received(octets, _kind(octets, kind))
        return octets

    async def _read(self) -> bytes:
        while True:
            if self._left:
                left, self._left = self._left, b""
                return left
            if (inflate := self._inflate) is None:
                return await self.pace.read()
            if piece := _inflated(inflate):
                return piece
            if inflate.is_ended:
                self._inflate, self._left, self._is_ending = None, inflate.rest, False
                if self._deflate is not None:
                    # Nothing can be said in plain while we compress: it has nothing more to say.
                    return b""
                continue
            octets = await self.pace.read()
            if not octets:
                return b""
            if self._is_ending and octets[0] >= _FIRST_PRINTABLE:
                # It went back to plain octets without ending its stream.
                self._inflate, self._left, self._is_ending = None, octets, False
                continue
            inflate.receive_data(octets)

    async def write(self, octets: bytes) -> None:
        """Send octets; wait while the client is slow."""
        self._trace.sent(octets, _kind(octets, Kind.PLAIN))
        deflate = self._deflate
        if deflate is None:
            await self.pace.write(octets)
            return
        at = 0
        while len(octets) - at > _SLICE_OCTETS:
            await self.pace.write(deflate.compress(octets[at : at + _SLICE_OCTETS]))
            # Compressing takes its time, and others wait.
            await asyncio.sleep(0)
            at += _SLICE_OCTETS
        await self.pace.write(deflate.compress(octets[at:] if at else octets))

    def acknowledge(self) -> None:
        """Acknowledge at once what came, for a client that holds back its next octets until then.

        Python's imaplib sends a literal and the line end behind it apart: the line end waits for the literal
        to be acknowledged (RFC 896), and that waits 40 ms for an answer to travel with (RFC 1122 §4.2.3.2).
        """
        sock = self._conn.transport.get_extra_info("socket")
        if sock is not None and _QUICK_ACK is not None:
            sock.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)

    async def compress(self) -> None:
        """Expect compressed octets from here on, and send such."""
        self._deflate, self._inflate, self._is_ending = Deflate(), Inflate(), False

    async def stop_compressing(self) -> None:
        """End our stream, and take the client's octets as they are once it ended its own (RFC 8437 §4.1)."""
        if self._deflate is not None:
            deflate, self._deflate = self._deflate, None
            self._is_ending = True
            await self.pace.write(deflate.finish())

    async def finish(self) -> None:
        """End a compressed stream properly, before the connection is closed."""
        if self._deflate is not None:
            deflate, self._deflate = self._deflate, None
            await self.pace.write(deflate.finish())


def _kind(octets: bytes, kind: Kind) -> Kind:
    """Return what a trace may tell of octets: the content of messages only to who asked for it."""
    if kind is Kind.PLAIN and (len(octets) > _LONG_OCTETS or _LITERAL.search(octets)):
        return Kind.DATA
    return kind


def _inflated(inflate: Inflate) -> bytes:
    try:
        return inflate.next_piece()
    except ImapSyntaxError as error:
        raise ConnectionError(error.text) from error
