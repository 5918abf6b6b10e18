"""A client's octets: compressed once that was agreed on (RFC 4978), traced on request."""

import logging

from moxkit.imap import Deflate, ImapSyntaxError, Inflate
from moxkit.net import LineConn
from moxkit.wiretrace import Kind, WireTrace

__all__ = ["ClientWire"]

logger = logging.getLogger(__name__)

_LONG_OCTETS = 2000


class ClientWire:
    """Reads and writes octets of IMAP, whatever layer lies below."""

    def __init__(self, conn: LineConn) -> None:
        self._conn = conn
        self._trace = WireTrace(logger)
        self._deflate: Deflate | None = None
        self._inflate: Inflate | None = None
        self._left = b""

    async def write(self, octets: bytes, kind: Kind) -> None:
        """Send octets; wait while the server is slow."""
        self._trace.sent(octets, kind)
        self._conn.write(octets if self._deflate is None else self._deflate.compress(octets))
        await self._conn.drain()

    async def read(self) -> bytes:
        """Return what came, a bounded piece at a time.

        Raises:
            ConnectionError: The server closed the connection, or what it sends is not compressed as agreed.
        """
        octets = await self._read()
        self._trace.received(octets, Kind.DATA if len(octets) > _LONG_OCTETS else Kind.PLAIN)
        return octets

    async def _read(self) -> bytes:
        while True:
            if self._left:
                left, self._left = self._left, b""
                return left
            inflate = self._inflate
            if inflate is not None:
                try:
                    piece = inflate.next_piece()
                except ImapSyntaxError as error:
                    raise ConnectionError(error.text) from error
                if piece:
                    return piece
                if inflate.is_ended:
                    # The server's stream ends after UNAUTHENTICATE (RFC 8437 §4.1), and before it closes.
                    self._inflate, self._left = None, inflate.rest
                    continue
            octets = await self._conn.read()
            if not octets:
                raise ConnectionError("the server closed the connection")
            if inflate is None:
                return octets
            inflate.receive_data(octets)

    def compress(self, received: bytes) -> None:
        """Compress from here on; `received` came behind the answer, compressed already."""
        self._deflate, self._inflate = Deflate(), Inflate()
        self._inflate.receive_data(received)

    async def stop_compressing(self) -> None:
        """End our stream; what follows goes out as it is, and the server's stream ends by itself."""
        if self._deflate is not None:
            deflate, self._deflate = self._deflate, None
            self._conn.write(deflate.finish())
            await self._conn.drain()
