"""TLS as a transport: protocol towards the raw connection, transport towards the application, one object.

pyOpenSSL on memory BIOs. stdlib `ssl` is not used because it cannot accept unverified client certificates,
has no exporter, drops handshake alerts and keeps 256 KiB per connection. Invariants: everything OpenSSL has
to say is flushed on every way out, alerts included; `_connection` is `None` exactly when the connection is
over (it refers back to us, so dropping it breaks the cycle); at most one 64 KiB slice is in the input BIO
and one record in the output BIO, because these buffers never shrink.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from OpenSSL import SSL

from moxkit.net.clienthello import HelloIncompleteError, parse_client_hello
from moxkit.net.contexts import ClientJudge, HelloSelector, TLSContext
from moxkit.net.errors import Stage, TLSError
from moxkit.net.tlsinfo import TLSInfo, channel_binding, peer_chain, read_tls_info

__all__ = ["TLSTransport", "Verdict"]

logger = logging.getLogger(__name__)

Verdict = Callable[[tuple[bytes, ...]], str | None]
"""Judges the chain a server sent (DER, leaf first): `None` accepts, a short reason refuses."""

_ENCRYPT_OCTETS = 16384  # one record (RFC 8446 §5.1)
_FEED_OCTETS = 65536
_RECEIVE_OCTETS = 16384
_FLUSH_OCTETS = 18432  # one record with its overhead
_GATHER_OCTETS = 262144  # ciphertext handed to the raw transport at once

# Fatal unrecognized_name in the clear, as before a ServerHello (RFC 6066 §3, RFC 8446 §5.1).
_UNRECOGNIZED_NAME = b"\x15\x03\x03\x00\x02\x02\x70"
# OpenSSL's words for alerts that were received; ours say what we found ourselves.
_ALERT = re.compile(
    r"(?:ssl/tls|tls|sslv3|tlsv1|tlsv13) alert (.+)"
    r"|tlsv1 (unrecognized name|unsupported extension|bad certificate status response)"
)
_ADDRESS = re.compile(r"[0-9.]+|.*:.*")


class TLSTransport(asyncio.Transport, asyncio.Protocol):
    """One TLS connection over any asyncio transport.

    The application protocol is made by `app` when the handshake is done, knowing what was negotiated, so
    that ALPN can choose it. Before that nobody hears of the connection but `on_done`.
    """

    __slots__ = (
        "_app",
        "_app_paused",
        "_awaited",
        "_client_accepted",
        "_closing",
        "_connection",
        "_error",
        "_factory",
        "_first",
        "_hello",
        "_info",
        "_loop",
        "_name_refused",
        "_on_done",
        "_peer_is_done",
        "_raw",
        "_raw_paused",
        "_server",
        "_stash",
        "_timeout_s",
        "_timer",
        "_verdict",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        ctx: TLSContext,
        app: Callable[[TLSInfo], asyncio.BaseProtocol],
        *,
        server: bool,
        hostname: str | None = None,
        alpn: Sequence[str] = (),
        handshake_timeout: float = 30,
        verdict: Verdict | None = None,
        on_done: Callable[[TLSError | None], None] | None = None,
    ) -> None:
        """Prepare; the handshake begins with `connection_made`.

        Args:
            loop: The running loop.
            ctx: Made by `server_context` or `client_context`.
            app: Makes the protocol when the handshake is done.
            server: Which side we are.
            hostname: Client: server name to ask for (no SNI for addresses, RFC 6066 §3).
            alpn: Client: application protocols to offer.
            handshake_timeout: Seconds for the whole handshake.
            verdict: Client: judges the server's chain before we send our last flight.
            on_done: Told once how the handshake ended.
        """
        super().__init__()
        if ctx.server is not server:
            raise ValueError("context was made for the other side")
        self._loop = loop
        self._factory = app
        self._app: Any = None
        self._raw: Any = None
        self._server = server
        self._timeout_s = handshake_timeout
        self._timer: asyncio.TimerHandle | None = None
        self._verdict = verdict
        self._on_done = on_done
        self._info: TLSInfo | None = None
        self._error: TLSError | None = None
        self._stash: list[memoryview | bytes] = []
        self._client_accepted: bool | None = None
        self._raw_paused = False
        self._app_paused = self._closing = self._name_refused = self._peer_is_done = False
        # Decided now, so that usual connections have nothing to do with it.
        self._hello: HelloSelector | None = (
            ctx.hello if ctx.hello is not None and ctx.hello.is_active else None
        )
        self._first = b""
        self._awaited: asyncio.Future[None] | None = None
        connection = self._new_connection(ctx)
        if not server:
            if hostname is not None and not _ADDRESS.fullmatch(hostname):
                connection.set_tlsext_host_name(hostname.rstrip(".").encode("ascii"))
            if alpn:
                connection.set_alpn_protos([name.encode("ascii") for name in alpn])
        self._connection: SSL.Connection | None = connection

    def _new_connection(self, ctx: TLSContext) -> SSL.Connection:
        connection = SSL.Connection(ctx.openssl)
        connection.set_app_data(self)
        if self._server:
            connection.set_accept_state()
        else:
            connection.set_connect_state()
        return connection

    # Towards the raw connection.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the handshake."""
        self._raw = transport
        self._timer = self._loop.call_later(self._timeout_s, self._handshake_timed_out)
        self._advance_handshake()

    def data_received(self, data: bytes) -> None:
        """Take ciphertext."""
        if self._connection is None:
            return
        if len(data) <= _FEED_OCTETS and not self._stash and not self._app_paused:
            self._feed(data)
            return
        view = memoryview(data)
        self._stash.extend(view[i : i + _FEED_OCTETS] for i in range(0, len(data), _FEED_OCTETS))
        self._drain_stash()

    def eof_received(self) -> bool:
        """Treat an end without close_notify as truncation (RFC 8446 §6.1); nothing follows it."""
        if self._info is None:
            self._fail("handshake", "connection closed by peer")
        elif self._peer_is_done:
            return not self._closing
        elif self._connection is not None:
            self._error = self._error or TLSError("read", "connection closed without close_notify")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the application, or whoever waits for the handshake."""
        if self._on_done is not None or self._info is None:
            self._finish_handshake(
                TLSError("handshake", f"connection lost: {exc}" if exc else "connection lost")
            )
        self._drop()
        app, self._app = self._app, None
        if app is not None:
            app.connection_lost(exc or self._error)

    def pause_writing(self) -> None:
        """Pass the raw connection's back-pressure on."""
        self._raw_paused = True
        if self._app is not None:
            self._app.pause_writing()

    def resume_writing(self) -> None:
        """Pass the end of back-pressure on."""
        self._raw_paused = False
        if self._app is not None:
            self._app.resume_writing()

    # Towards the application.

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Encrypt and send."""
        self.writelines((data,))

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """Encrypt and send several pieces."""
        ciphertext: list[bytes] = []
        gathered = 0
        try:
            for data in list_of_data:
                for piece in _slices(data):
                    # Looked up each time: handing over ciphertext can end the connection.
                    if self._connection is None or self._closing:
                        return
                    self._connection.sendall(piece)
                    gathered += self._collect(ciphertext)
                    if gathered >= _GATHER_OCTETS:
                        self._hand_over(ciphertext)
                        gathered = 0
            self._hand_over(ciphertext)
        except Exception as error:  # noqa: BLE001 - callbacks raise through OpenSSL; all end the connection
            self._fail("write", *_reason(error))

    def close(self) -> None:
        """Send close_notify and close after what was written; does not wait for the peer's."""
        if self._closing:
            return
        self._closing = True
        if self._connection is not None and self._info is not None:
            self._shut_down()
        if self._raw is not None:
            self._raw.close()

    def abort(self) -> None:
        """Close at once, dropping what was not sent."""
        self._closing = True
        self._drop()
        if self._raw is not None:
            self._raw.abort()

    def is_closing(self) -> bool:
        """Return whether nothing can be written any more."""
        return self._closing or self._raw is None or self._raw.is_closing()

    def pause_reading(self) -> None:
        """Stop `data_received` calls, at once."""
        if not self._app_paused:
            self._app_paused = True
            if not self._raw.is_closing():
                self._raw.pause_reading()

    def resume_reading(self) -> None:
        """Go on with what is decrypted, then what is stashed, then the wire."""
        if self._app_paused:
            self._app_paused = False
            self._loop.call_soon(self._go_on_reading)

    def is_reading(self) -> bool:
        """Return whether the application wants data."""
        return not self._app_paused and not self._closing

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set the raw transport's limits; nothing is buffered here."""
        self._raw.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        """Return how much ciphertext waits in the raw transport."""
        size: int = self._raw.get_write_buffer_size()
        return size

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """Return the raw transport's low and high water marks."""
        limits: tuple[int, int] = self._raw.get_write_buffer_limits()
        return limits

    def can_write_eof(self) -> bool:
        """Return `False`: half-closed TLS connections are of no use to mail."""
        return False

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return the application protocol."""
        app: asyncio.BaseProtocol = self._app
        return app

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Replace the application protocol."""
        self._app = protocol

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Answer ``tls`` and ``ssl_object`` ourselves, the rest is the raw transport's."""
        if name == "tls":
            return self._info
        if name == "ssl_object":
            return _SSLObject(self._info) if self._info is not None else default
        return default if self._raw is None else self._raw.get_extra_info(name, default)

    def channel_binding(self, name: str) -> bytes | None:
        """Return channel binding data, `None` where not available; see `channel_binding` in `tlsinfo`."""
        if self._connection is None or self._info is None:
            return None
        return channel_binding(self._connection, name, server=self._server)

    def refuse_server_name(self) -> None:
        """Called by the context's selector, inside the handshake."""
        self._name_refused = True

    def judge_client(self, judge: ClientJudge, certificate: bytes) -> bool:
        """Called by the context's callback, inside the handshake, for each thing OpenSSL finds; asks once."""
        if self._client_accepted is None:
            peer = self._raw.get_extra_info("peername")
            self._client_accepted = judge(certificate, str(peer[0]) if peer else "")
        return self._client_accepted

    # Inside.

    def _advance_handshake(self) -> None:
        connection = self._connection
        if connection is None:
            return
        try:
            connection.do_handshake()
        except SSL.WantReadError:
            if self._name_refused:
                self._refuse()
            else:
                self._flush()
            return
        except Exception as error:  # noqa: BLE001 - callbacks raise through OpenSSL; all end the handshake
            if self._name_refused:
                self._refuse()
            else:
                self._fail("handshake", *_reason(error))
            return
        if self._verdict is not None and (refusal := self._verdict(peer_chain(connection))) is not None:
            # Our Finished stays unsent: the peer never sees this connection as established.
            self._fail("verify", refusal, flush=False)
            return
        self._info = read_tls_info(connection)
        self._flush()
        self._app = self._factory(self._info)
        self._finish_handshake(None)
        self._app.connection_made(self)
        if self._raw_paused:
            self._app.pause_writing()
        self._read()

    def _refuse(self) -> None:
        self._raw.write(_UNRECOGNIZED_NAME)
        self._fail("handshake", "unrecognized server name", flush=False)

    def _finish_handshake(self, error: TLSError | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if error is not None and self._error is None:
            self._error = error
            logger.debug("tls handshake failed", extra={"reason": error.reason, "alert": error.alert})
        on_done, self._on_done = self._on_done, None
        if on_done is not None:
            on_done(self._error)

    def _handshake_timed_out(self) -> None:
        self._timer = None
        self._finish_handshake(TLSError("handshake", "timeout"))
        self.abort()

    def _feed(self, data: bytes | memoryview) -> None:
        if self._connection is None or not data:
            return
        if self._hello is not None:
            self._first += data
            if self._awaited is not None or not self._has_chosen(self._hello):
                return
            data, self._first, self._hello = self._first, b"", None
        # A memory BIO takes all or fails for lack of memory.
        self._connection.bio_write(data)
        if self._info is None:
            self._advance_handshake()
        else:
            self._read()

    def _has_chosen(self, selector: HelloSelector) -> bool:
        """Look at what came first; return whether that was enough to know whose connection it is."""
        try:
            hello = parse_client_hello(self._first)
        except HelloIncompleteError:
            return False
        chosen = None if hello is None else selector.choose(hello)
        if isinstance(chosen, asyncio.Future):
            if chosen.done():
                return True
            # No more than what came with the hello is kept meanwhile.
            self._awaited = chosen
            self._raw.pause_reading()
            chosen.add_done_callback(self._choose_again)
            return False
        if chosen is not None:
            # OpenSSL has heard nothing yet: a new one begins as the old one did.
            self._connection = self._new_connection(chosen)
            self._advance_handshake()
        return True

    def _choose_again(self, _done: object) -> None:
        self._awaited = None
        if self._connection is None or self._raw.is_closing():
            return
        first, self._first = self._first, b""
        self._raw.resume_reading()
        self._feed(first)

    def _drain_stash(self) -> None:
        index = 0
        while index < len(self._stash) and not self._app_paused and self._connection is not None:
            index += 1
            self._feed(self._stash[index - 1])
        del self._stash[:index]

    def _go_on_reading(self) -> None:
        if self._app_paused or self._connection is None:
            return
        self._read()
        self._drain_stash()
        if self._wants_data() and not self._raw.is_closing():
            self._raw.resume_reading()

    def _read(self) -> None:
        # The app may write, pause, close or abort in each call; pyOpenSSL classifies a result before that.
        while self._connection is not None and self._wants_data():
            try:
                data = self._connection.recv(_RECEIVE_OCTETS)
            except SSL.WantReadError:
                return
            except SSL.ZeroReturnError:
                self._peer_closed()
                return
            except Exception as error:  # noqa: BLE001 - callbacks raise through OpenSSL; all end the connection
                self._fail("read", *_reason(error))
                return
            self._app.data_received(data)

    def _wants_data(self) -> bool:
        return not (self._app_paused or self._closing or self._peer_is_done)

    def _peer_closed(self) -> None:
        # close_notify: the other direction stays open while the application wants it (RFC 8446 §6.1).
        self._peer_is_done = True
        self._stash.clear()
        if not self._app.eof_received():
            self.close()

    def _collect(self, ciphertext: list[bytes]) -> int:
        """Move what OpenSSL wants to send to the list; return its size."""
        size = 0
        while self._connection is not None:
            try:
                octets = self._connection.bio_read(_FLUSH_OCTETS)
            except SSL.WantReadError:
                break
            ciphertext.append(octets)
            size += len(octets)
            if len(octets) < _FLUSH_OCTETS:
                break
        return size

    def _hand_over(self, ciphertext: list[bytes]) -> None:
        if ciphertext and not self._raw.is_closing():
            octets = ciphertext[0] if len(ciphertext) == 1 else b"".join(ciphertext)
            ciphertext.clear()
            self._raw.write(octets)

    def _flush(self) -> None:
        ciphertext: list[bytes] = []
        self._collect(ciphertext)
        self._hand_over(ciphertext)

    def _shut_down(self) -> None:
        """Send close_notify."""
        assert self._connection is not None  # noqa: S101 - for the type checker; callers have looked
        try:
            self._connection.shutdown()
            self._flush()
        except SSL.Error:
            logger.debug("tls close_notify not sent")
        self._drop()

    def _fail(self, stage: Stage, reason: str, alert: str | None = None, *, flush: bool = True) -> None:
        """End the connection for a reason; our alert, if OpenSSL made one, leaves first."""
        if self._connection is None:
            return
        if flush:
            self._flush()
        error = TLSError(stage, reason, alert)
        self._closing = True
        self._drop()
        if self._info is None:
            self._finish_handshake(error)
        else:
            self._error = error
            logger.debug("tls connection failed", extra={"stage": stage, "reason": reason})
        if self._raw.get_write_buffer_size():
            # A peer that does not read must not keep a failed connection.
            self._timer = self._loop.call_later(self._timeout_s, self._raw.abort)
        self._raw.close()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.set_app_data(None)
        self._stash.clear()
        if self._awaited is not None:
            # What is awaited may take hours: it must not keep everybody who ever came.
            self._awaited.remove_done_callback(self._choose_again)
            self._awaited = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _SSLObject:
    """The little HTTP servers ask of an `ssl.SSLObject`."""

    __slots__ = ("_info",)

    def __init__(self, info: TLSInfo) -> None:
        self._info = info

    def selected_alpn_protocol(self) -> str | None:
        return self._info.alpn or None

    def version(self) -> str:
        return self._info.version


def _slices(data: bytes | bytearray | memoryview) -> Iterable[bytes | bytearray | memoryview]:
    if not data:
        return ()
    if len(data) <= _ENCRYPT_OCTETS:
        return (data,)
    view = memoryview(data).cast("B")
    return (view[i : i + _ENCRYPT_OCTETS] for i in range(0, len(view), _ENCRYPT_OCTETS))


def _reason(error: Exception) -> tuple[str, str | None]:
    """Return a reason in words and the alert that was received, if the reason is one."""
    if isinstance(error, SSL.SysCallError):
        return "connection closed by peer", None
    if isinstance(error, SSL.Error):
        # A list of (library, function, reason), oldest first.
        queue = error.args[0] if error.args else []
        reason = str(queue[0][-1]) if queue else "unknown failure"
        found = _ALERT.fullmatch(reason)
        return reason, (found[1] or found[2]).replace(" ", "_") if found else None
    return str(error) or type(error).__name__, None
