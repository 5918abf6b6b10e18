"""The server's side of a connection without I/O: octets in, events and octets out.

What the next octets are is decided here, and when replies must be sent (RFC 2920 §3.2); in which order
commands may come, in `order`. What is allowed to whom is the server's.
"""

import base64
from collections import deque
from enum import Enum, auto

from moxkit.smtp.chunking import ChunkedContent
from moxkit.smtp.commands import (
    ChunkUnknownError,
    Dialect,
    UnknownCommandError,
    parse_auth_response,
    parse_command,
)
from moxkit.smtp.data import ContentReader
from moxkit.smtp.errors import CommandError
from moxkit.smtp.events import (
    NEED_DATA,
    Auth,
    AuthResponse,
    BadCommand,
    Bdat,
    ChunkEnd,
    Data,
    DataChunk,
    DataEnd,
    Ehlo,
    Event,
    NeedData,
    Quit,
    StartTls,
)
from moxkit.smtp.lines import InputBuffer, LineTooLongError
from moxkit.smtp.order import Order
from moxkit.smtp.reply import Reply

__all__ = ["ServerMachine"]

# RFC 5321 §4.5.3.1.4 asks for 512; extensions add to it. RFC 4954 §4.1 wants 12288 for AUTH.
_LINE_OCTETS = 2048
_AUTH_LINE_OCTETS = 12288


class _Mode(Enum):
    """What the next octets are."""

    COMMAND = auto()
    AUTH = auto()  # the answer to a challenge
    CONTENT = auto()
    CHUNK = auto()
    STOPPED = auto()  # nothing is read any more


class ServerMachine:
    """Parses what a client sends, and keeps the order of commands.

    The connection calls `receive_data`, then `next_event` until it gives `NEED_DATA`. It answers each event
    but `DataChunk` and `Bdat` with one `reply` (or `challenge`) before it asks for the next, and writes
    `data_to_send` when `wants_flush` says so and before it waits.

    Attributes:
        wants_flush: What there is to send should be sent now, even if there is more to read.
    """

    __slots__ = (
        "_content",
        "_dialect",
        "_events",
        "_input",
        "_is_first",
        "_max_size",
        "_mode",
        "_order",
        "_out",
        "_pending",
        "wants_flush",
    )

    def __init__(
        self,
        dialect: Dialect,
        *,
        max_size: int,
        is_tls: bool = False,
        offers_starttls: bool = False,
    ) -> None:
        """Begin a conversation; the greeting is the first `reply`.

        Args:
            dialect: Which grammar is spoken.
            max_size: Octets of a message.
            is_tls: The connection is encrypted from its beginning.
            offers_starttls: STARTTLS is there to be used.
        """
        self._dialect = dialect
        self._max_size = max_size
        self._order = Order(dialect, is_tls=is_tls, offers_starttls=offers_starttls)
        self._input = InputBuffer()
        self._out: list[bytes] = []
        self._events: deque[Event] = deque()
        self._mode = _Mode.COMMAND
        self._is_first = True
        self._pending: Event | None = None
        self._content: ContentReader | ChunkedContent = ContentReader()
        self.wants_flush = True

    # Input.

    def receive_data(self, octets: bytes) -> None:
        """Take octets that came from the client."""
        if self._mode is not _Mode.STOPPED:
            self._input.add(octets)

    def next_event(self) -> Event | NeedData:
        """Return what the client said next, or `NEED_DATA`."""
        if self._events:
            event: Event | None = self._events.popleft()
        elif self._mode is _Mode.CONTENT:
            event = self._on_content()
        elif self._mode is _Mode.CHUNK:
            event = self._on_chunk()
        elif self._mode is _Mode.STOPPED:
            event = None
        else:
            event = self._on_line()
        if event is None:
            return NEED_DATA
        self._pending = event
        return event

    @property
    def unread(self) -> bytes:
        """Octets behind the last event; there must be none at STARTTLS (RFC 3207 §4.2)."""
        return self._input.front(len(self._input))

    @property
    def is_in_chunk(self) -> bool:
        """Whether the next octets are content that BDAT announced."""
        return self._mode is _Mode.CHUNK

    # Output.

    def reply(self, reply: Reply) -> None:
        """Answer the last event; what it means for the conversation is taken from the code."""
        self._out.append(bytes(reply))
        event, self._pending = self._pending, None
        if reply.is_positive:
            self._order.succeeded(event, reply.code)
            if isinstance(event, Auth | AuthResponse):
                self._mode = _Mode.COMMAND
        elif reply.code == 354 and isinstance(event, Data):
            self._content = ContentReader()
            self._mode = _Mode.CONTENT
        elif isinstance(event, Auth | AuthResponse):
            self._mode = _Mode.COMMAND
        elif isinstance(event, ChunkEnd) and self._order.chunks is not None:
            self._order.chunks.is_failed = True
        if isinstance(event, DataEnd):
            self.end_transaction()
        # RFC 2920 §3.2: replies may wait as long as there is another command to answer, but for those that
        # a client waits for.
        self.wants_flush = (
            isinstance(event, Ehlo | Data | DataEnd | Auth | AuthResponse | StartTls | Quit)
            or reply.code == 421
            or not self._input.has_line
        )

    def challenge(self, octets: bytes) -> None:
        """Answer AUTH or its continuation with 334; the next line is taken as the response (RFC 4954 §4)."""
        self._out.append(b"334 %b\r\n" % base64.b64encode(octets))
        self._mode = _Mode.AUTH
        self.wants_flush = True

    def data_to_send(self) -> bytes:
        """Return, once, the octets to write to the client."""
        octets = b"".join(self._out)
        self._out.clear()
        return octets

    # State.

    @property
    def is_authenticated(self) -> bool:
        """Whether a 235 was given, or the connection proved who it is otherwise: by a client certificate.

        AUTH is possible after the latter, and only then (RFC 4954 §4).
        """
        return self._order.is_authenticated

    @is_authenticated.setter
    def is_authenticated(self, value: bool) -> None:
        self._order.is_authenticated = value

    def started_tls(self) -> None:
        """Begin anew after the handshake (RFC 3207 §4.2)."""
        self._order.started_tls()

    def end_transaction(self) -> None:
        """Forget sender and recipients."""
        self._order.end_transaction()

    # The parse.

    def _on_line(self) -> Event | None:
        is_auth = self._mode is _Mode.AUTH or self._input.front(5).upper() == b"AUTH "
        try:
            line = self._input.take_line(_AUTH_LINE_OCTETS if is_auth else _LINE_OCTETS)
        except LineTooLongError:
            return self._stop(500, "5.5.0", "line too long")
        return None if line is None else self._read(line)

    def _read(self, line: bytes) -> Event | None:
        is_first, self._is_first = self._is_first, False
        try:
            if self._mode is _Mode.AUTH:
                self._mode = _Mode.COMMAND
                return parse_auth_response(line)
            command = parse_command(line, self._dialect, smtputf8=self._order.has_smtputf8)
        except CommandError as error:
            if is_first and isinstance(error, UnknownCommandError):
                # Something that speaks another protocol, perhaps made to by an attacker.
                return self._stop(500, "5.5.2", error.text)
            if isinstance(error, ChunkUnknownError):
                return self._stop(error.code, error.enhanced, error.text)
            return BadCommand(error.code, error.enhanced, error.text)
        refusal = self._order.refusal(command)
        return self._begin_chunk(command, refusal) if isinstance(command, Bdat) else refusal or command

    def _stop(self, code: int, enhanced: str, text: str) -> BadCommand:
        self._input.take_all()
        self._mode = _Mode.STOPPED
        return BadCommand(code, enhanced, text, closes=True)

    def _begin_chunk(self, chunk: Bdat, refusal: BadCommand | None) -> Event | None:
        """Expect a chunk; one that is refused is read all the same, since it is on its way (RFC 3030 §2)."""
        if refusal is None:
            content = self._order.content_in_chunks(self._max_size)
        else:
            content = ChunkedContent(max_size=self._max_size, is_binary=True)
        if content.size + chunk.size > 2 * self._max_size + _LINE_OCTETS:
            return self._stop(552, "5.3.4", f"message too large, the limit is {self._max_size} octets")
        content.begin(chunk, refusal)
        self._content = content
        self._mode = _Mode.CHUNK
        return chunk if refusal is None else self._on_chunk()

    def _on_chunk(self) -> Event | None:
        content = self._content
        assert isinstance(content, ChunkedContent)  # noqa: S101  the mode says so
        octets = self._input.take(content.left)
        piece = content.take(octets)
        if content.left:
            return DataChunk(piece) if piece else None
        self._mode = _Mode.COMMAND
        end: Event
        if content.refusal is not None:
            end = content.refusal
        elif content.is_last:
            end = self._end(is_drained=True)
        else:
            end = ChunkEnd(content.expected, too_large=content.size > self._max_size)
        if not piece:
            return end
        self._events.append(end)
        return DataChunk(piece)

    def _on_content(self) -> Event | None:
        octets = self._input.take_all()
        if not octets:
            return None
        content = self._content
        assert isinstance(content, ContentReader)  # noqa: S101  the mode says so
        chunk, rest = content.take(octets)
        too_large = content.size > self._max_size
        if content.ended:
            if rest:
                self._input.add(rest)
            self._mode = _Mode.COMMAND
            end = self._end(is_drained=True)
            if too_large or not chunk:
                return end
            self._events.append(end)
        elif too_large:
            # Read on, so that the client comes to see the reply, but not for ever.
            if content.size <= 2 * self._max_size + _LINE_OCTETS:
                return None
            self._mode = _Mode.STOPPED
            return self._end(is_drained=False)
        return DataChunk(chunk) if chunk else None

    def _end(self, *, is_drained: bool) -> DataEnd:
        content = self._content
        return DataEnd(
            size=content.size,
            too_large=content.size > self._max_size,
            has_bare_cr=content.has_bare_cr,
            has_bare_lf=content.has_bare_lf,
            has_false_end=content.has_false_end,
            is_drained=is_drained,
        )
