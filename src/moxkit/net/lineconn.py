"""The connection that servers and clients of line protocols use, over plain TCP and TLS alike.

One task reads and one writes (they may be the same). What was read and not yet taken is bounded: reading
from the wire pauses at `_UNREAD_OCTETS`, and goes on when somebody waits for more.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from moxkit.net.contexts import TLSContext
from moxkit.net.deadlines import NEVER, Deadlines
from moxkit.net.errors import LineTooLong, TLSError
from moxkit.net.tlsinfo import TLSInfo
from moxkit.net.tlstransport import TLSTransport, Verdict

__all__ = ["LineConn"]

_UNREAD_OCTETS = 131072
_HIGH_WATER_OCTETS = 65536


class LineConn(asyncio.Protocol):
    """A connection to read lines, blocks or whatever is there from, and to write to.

    All waiting methods raise `TimeoutError` after `read_timeout` or `write_timeout` seconds (`None`: never)
    without progress, and `ConnectionError` when the connection broke (`TLSError` for a reason of TLS, which
    includes an end without close_notify). A timeout leaves the connection as it is, so a server can still say
    goodbye.
    """

    __slots__ = (
        "__weakref__",
        "_buffer",
        "_closed",
        "_deadlines",
        "_drainers",
        "_eof",
        "_error",
        "_is_lost",
        "_loop",
        "_opened",
        "_reader",
        "_reading_paused",
        "_scanned",
        "_skipping_line",
        "_transport",
        "_writing_paused",
        "read_timeout",
        "write_timeout",
    )

    def __init__(
        self, loop: asyncio.AbstractEventLoop, opened: Callable[["LineConn"], None] | None = None
    ) -> None:
        """Make a connection for `create_server`, `create_connection` or `TLSTransport`.

        Args:
            loop: The running loop.
            opened: Told once when there is a connection.
        """
        self._loop = loop
        self._opened = opened
        self._transport: Any = None
        # Immutable while it is one piece as it came, so that `read` hands it out without a copy.
        self._buffer: bytes | bytearray = b""
        self._scanned = 0
        self._skipping_line = self._reading_paused = self._writing_paused = False
        self._eof = self._is_lost = False
        self._error: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._drainers: list[asyncio.Future[None]] = []
        self._closed: asyncio.Future[None] | None = None
        self._deadlines = Deadlines(loop, self._expired)
        self.read_timeout: float | None = None
        self.write_timeout: float | None = None

    # What is known about the connection.

    @property
    def peername(self) -> Any:
        """Address of the other end as the socket gives it."""
        return self._transport.get_extra_info("peername")

    @property
    def sockname(self) -> Any:
        """Our address as the socket gives it."""
        return self._transport.get_extra_info("sockname")

    @property
    def tls(self) -> TLSInfo | None:
        """What TLS negotiated; `None` on a plain connection."""
        info: TLSInfo | None = self._transport.get_extra_info("tls")
        return info

    @property
    def transport(self) -> asyncio.Transport:
        """The transport below, for handing the connection to another protocol."""
        transport: asyncio.Transport = self._transport
        return transport

    @property
    def is_closing(self) -> bool:
        """Whether nothing can be written any more."""
        return self._is_lost or self._transport.is_closing()

    def channel_binding(self, name: str) -> bytes | None:
        """Return channel binding data of TLS for SASL (RFC 5929, RFC 9266); `None` if not available."""
        if isinstance(self._transport, TLSTransport):
            return self._transport.channel_binding(name)
        return None

    # Reading.

    async def read(self) -> bytes:
        """Return whatever is buffered, waiting if that is nothing; ``b""`` at the end."""
        while not self._buffer:
            if not await self._more():
                return b""
        return self._take(len(self._buffer))

    async def readline(self, limit: int) -> bytes:
        r"""Return a line with its ``\n``; without one, what was left at the end.

        Raises:
            LineTooLong: More than `limit` octets; the next call begins with the next line.
        """
        while True:
            end = self._buffer.find(b"\n", self._scanned) + 1
            if self._skipping_line:
                self._take(end or len(self._buffer))
                self._skipping_line = not end
                if end:
                    continue
            elif end > limit or (not end and len(self._buffer) > limit):
                self._take(end or len(self._buffer))
                self._skipping_line = not end
                raise LineTooLong(limit)
            elif end:
                return self._take(end)
            self._scanned = len(self._buffer)
            if not await self._more():
                return self._take(len(self._buffer))

    async def readn(self, n: int) -> bytes:
        """Return exactly `n` octets, which the caller has bounded.

        Raises:
            asyncio.IncompleteReadError: The connection ended before.
        """
        while len(self._buffer) < n:
            if not await self._more():
                raise asyncio.IncompleteReadError(self._take(len(self._buffer)), n)
        return self._take(n)

    def clear(self) -> bytes:
        """Drop what was received and not read, and return it; used before STARTTLS (RFC 3207 §4.2)."""
        self._skipping_line = False
        return self._take(len(self._buffer))

    async def _more(self) -> bool:
        """Wait until something was received; `False` at the end."""
        if self._reader is not None:
            raise RuntimeError("two tasks read one connection")
        if self._eof:
            if self._error is not None:
                raise self._error
            return False
        if self._reading_paused:
            self._reading_paused = False
            self._transport.resume_reading()
        self._reader = self._loop.create_future()
        if self.read_timeout is not None:
            self._deadlines.set_read(self.read_timeout)
        try:
            await self._reader
        finally:
            self._reader = None
            self._deadlines.read_at = NEVER
        # Woken by data, or by the end: the caller looks at the buffer and comes back.
        return True

    def _take(self, n: int) -> bytes:
        buffer = self._buffer
        self._scanned = 0
        if n >= len(buffer):
            self._buffer = b""
            return bytes(buffer)
        if isinstance(buffer, bytes):
            # From here a bytearray, which forgets its front without moving the rest.
            self._buffer = buffer = bytearray(buffer)
        taken = bytes(memoryview(buffer)[:n])
        del buffer[:n]
        return taken

    # Writing.

    def write(self, data: bytes) -> None:
        """Send `data`; call `drain` between larger pieces."""
        if not self._is_lost:
            self._transport.write(data)

    def writelines(self, pieces: Iterable[bytes]) -> None:
        """Send several pieces as one."""
        if not self._is_lost:
            self._transport.writelines(pieces)

    async def drain(self) -> None:
        """Wait while the peer takes less than we wrote."""
        if self._is_lost:
            raise self._error or ConnectionResetError("connection closed")
        if not self._writing_paused:
            return
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._drainers.append(waiter)
        if self.write_timeout is not None:
            self._deadlines.set_write(self.write_timeout)
        try:
            await waiter
        finally:
            if waiter in self._drainers:
                self._drainers.remove(waiter)
            if not self._drainers:
                self._deadlines.write_at = NEVER

    # The end.

    def close(self) -> None:
        """Close after sending what was written; `write_timeout` ends a peer that does not take it."""
        if self._transport is None or self._is_lost:
            return
        self._transport.close()
        if self.write_timeout is not None:
            self._deadlines.set_write(self.write_timeout)

    def abort(self) -> None:
        """Close at once, dropping what was not sent."""
        if self._transport is not None and not self._is_lost:
            self._transport.abort()

    async def wait_closed(self) -> None:
        """Wait until the connection is gone, for whatever reason."""
        if self._is_lost:
            return
        if self._closed is None:
            self._closed = self._loop.create_future()
        # Shielded: one waiter's cancellation is not another's.
        await asyncio.shield(self._closed)

    # TLS on a running connection.

    async def start_tls(
        self,
        ctx: TLSContext,
        *,
        server: bool,
        hostname: str | None = None,
        alpn: tuple[str, ...] = (),
        verdict: Verdict | None = None,
        handshake_timeout: float = 30,
        go_ahead: bytes = b"",
    ) -> TLSInfo:
        """Do the TLS handshake on this connection and go on encrypted.

        A server passes its last words in the clear as `go_ahead`: they are sent after the check for
        smuggled plaintext and with no chance for the client's hello to arrive in between.

        Raises:
            TLSError: Plaintext was received beyond the command (RFC 3207 §4.2, RFC 9051 §6.2.1; the
                connection is aborted), or the handshake failed (it is closing).
        """
        if self._is_lost:
            raise self._error or ConnectionResetError("connection closed")
        if self.clear():
            self.abort()
            raise TLSError("starttls", "plaintext received before the handshake")
        raw = self._transport
        if go_ahead:
            raw.write(go_ahead)
        if self._reading_paused:
            self._reading_paused = False
            raw.resume_reading()
        done: asyncio.Future[TLSError | None] = self._loop.create_future()

        def on_done(error: TLSError | None) -> None:
            if not done.done():
                done.set_result(error)
            if error is not None:
                # The raw transport belongs to TLS now, so nobody else tells us.
                self.connection_lost(error)

        tls = TLSTransport(
            self._loop,
            ctx,
            lambda _info: self,
            server=server,
            hostname=hostname,
            alpn=alpn,
            handshake_timeout=handshake_timeout,
            verdict=verdict,
            on_done=on_done,
        )
        raw.set_protocol(tls)
        tls.connection_made(raw)
        try:
            error = await done
        except BaseException:
            tls.abort()
            raise
        if error is not None:
            raise error
        if (info := self.tls) is None:
            raise TLSError("handshake", "connection lost")
        return info

    # asyncio.Protocol.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; or go on with another transport after STARTTLS."""
        self._transport = transport
        self._writing_paused = False
        self._transport.set_write_buffer_limits(high=_HIGH_WATER_OCTETS)
        opened, self._opened = self._opened, None
        if opened is not None:
            opened(self)

    def data_received(self, data: bytes) -> None:
        """Buffer, and wake the reader."""
        buffer = self._buffer
        if not buffer:
            self._buffer = data
        elif isinstance(buffer, bytearray):
            buffer += data
        else:
            self._buffer = bytearray(buffer)
            self._buffer += data
        self._wake_reader()
        if len(self._buffer) > _UNREAD_OCTETS and not self._reading_paused:
            self._reading_paused = True
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """Wake the reader; what it still wants to answer can be sent."""
        self._eof = True
        self._wake_reader()
        return True

    def pause_writing(self) -> None:
        """Make `drain` wait."""
        self._writing_paused = True

    def resume_writing(self) -> None:
        """Let `drain` go on."""
        self._writing_paused = False
        self._wake_drainers(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake everybody."""
        if self._is_lost:
            return
        self._eof = self._is_lost = True
        if exc is not None:
            self._error = exc if isinstance(exc, ConnectionError) else ConnectionResetError(str(exc))
        self._deadlines.cancel()
        self._wake_reader()
        self._wake_drainers(self._error or ConnectionResetError("connection closed"))
        if self._closed is not None and not self._closed.done():
            self._closed.set_result(None)

    def _wake_reader(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def _wake_drainers(self, error: Exception | None) -> None:
        for waiter in self._drainers:
            if waiter.done():
                continue
            if error is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(error)

    def _expired(self, reading: bool, writing: bool) -> None:
        if reading and self._reader is not None and not self._reader.done():
            self._reader.set_exception(TimeoutError("nothing received in time"))
        if writing:
            self._wake_drainers(TimeoutError("peer does not take what we send"))
            if self._transport.is_closing():
                self._transport.abort()
