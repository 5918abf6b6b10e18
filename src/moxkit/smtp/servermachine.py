"""The server's side of a connection without I/O: octets in, events and octets out.

Everything that changes the state of the conversation lives here: order of commands (RFC 5321 §4.1.4), limits,
and when replies must be sent (RFC 2920 §3.2). What is allowed to whom is the server's.
"""

import base64
from collections import deque
from enum import Enum, auto

from moxkit.smtp.commands import Command, Dialect, UnknownCommandError, parse_auth_response, parse_command
from moxkit.smtp.data import ContentReader
from moxkit.smtp.errors import CommandError
from moxkit.smtp.events import (
    NEED_DATA,
    Auth,
    AuthResponse,
    BadCommand,
    Data,
    DataChunk,
    DataEnd,
    Ehlo,
    Event,
    Helo,
    NeedData,
    Quit,
    Rset,
    StartTls,
)
from moxkit.smtp.lines import InputBuffer, LineTooLongError
from moxkit.smtp.mailfrom import MailFrom
from moxkit.smtp.rcptto import RcptTo
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
    STOPPED = auto()  # nothing is read any more


class ServerMachine:
    """Parses what a client sends, and keeps the order of commands.

    The connection calls `receive_data`, then `next_event` until it gives `NEED_DATA`. It answers each event
    but `DataChunk` with one `reply` (or `challenge`) before it asks for the next, and writes `data_to_send`
    when `wants_flush` says so and before it waits.

    Attributes:
        is_authenticated: A 235 was given, or the connection proved who it is otherwise: a client certificate.
            AUTH is possible after the latter, and only then (RFC 4954 §4).
    """

    __slots__ = (
        "_content",
        "_dialect",
        "_events",
        "_has_auth_succeeded",
        "_has_recipient",
        "_hello",
        "_input",
        "_is_first",
        "_is_tls",
        "_mail",
        "_max_size",
        "_mode",
        "_offers_starttls",
        "_out",
        "_pending",
        "is_authenticated",
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
        self._is_tls = is_tls
        self._offers_starttls = offers_starttls
        self.is_authenticated = False
        self._has_auth_succeeded = False
        self._input = InputBuffer()
        self._out: list[bytes] = []
        self._events: deque[Event] = deque()
        self._mode = _Mode.COMMAND
        self._is_first = True
        self._hello: Ehlo | Helo | None = None
        self._mail: MailFrom | None = None
        self._has_recipient = False
        self._pending: Event | None = None
        self._content = ContentReader()
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

    # Output.

    def reply(self, reply: Reply) -> None:
        """Answer the last event; what it means for the conversation is taken from the code."""
        self._out.append(bytes(reply))
        event, self._pending = self._pending, None
        if reply.is_positive:
            self._succeed(event, reply.code)
        elif reply.code == 354 and isinstance(event, Data):
            self._content = ContentReader()
            self._mode = _Mode.CONTENT
        elif isinstance(event, Auth | AuthResponse):
            self._mode = _Mode.COMMAND
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

    def started_tls(self) -> None:
        """Begin anew after the handshake (RFC 3207 §4.2)."""
        self._is_tls = True
        self._hello = None
        self.end_transaction()

    def end_transaction(self) -> None:
        """Forget sender and recipients."""
        self._mail = None
        self._has_recipient = False

    def _succeed(self, event: Event | None, code: int) -> None:
        match event:
            case Ehlo() | Helo():
                self._hello = event
                self.end_transaction()
            case MailFrom():
                self._mail = event
            case RcptTo():
                self._has_recipient = True
            case Rset():
                self.end_transaction()
            case Auth() | AuthResponse():
                self._mode = _Mode.COMMAND
                self._has_auth_succeeded = self._has_auth_succeeded or code == 235
                self.is_authenticated = self.is_authenticated or code == 235
            case _:
                pass

    # The parse.

    def _on_line(self) -> Event | None:
        is_auth = self._mode is _Mode.AUTH or self._input.front(5).upper() == b"AUTH "
        try:
            line = self._input.take_line(_AUTH_LINE_OCTETS if is_auth else _LINE_OCTETS)
        except LineTooLongError:
            return self._stop(500, "5.5.0", "line too long")
        return None if line is None else self._read(line)

    def _read(self, line: bytes) -> Event:
        is_first, self._is_first = self._is_first, False
        try:
            if self._mode is _Mode.AUTH:
                self._mode = _Mode.COMMAND
                return parse_auth_response(line)
            smtputf8 = self._mail is not None and self._mail.smtputf8
            command = parse_command(line, self._dialect, smtputf8=smtputf8)
        except CommandError as error:
            if is_first and isinstance(error, UnknownCommandError):
                # Something that speaks another protocol, perhaps made to by an attacker.
                return self._stop(500, "5.5.2", error.text)
            return BadCommand(error.code, error.enhanced, error.text)
        return self._out_of_order(command) or command

    def _out_of_order(self, command: Command) -> BadCommand | None:
        """Say what is wrong with the order of commands (RFC 5321 §4.1.4)."""
        match command:
            case MailFrom():
                return self._not_ready() or self._bad(self._mail is not None, "already in a transaction")
            case RcptTo():
                return self._not_ready() or self._bad(self._mail is None, "MAIL first")
            case Data():
                return (
                    self._not_ready()
                    or self._bad(self._mail is None, "MAIL first")
                    or self._bad(not self._has_recipient, "no recipients")
                )
            case Auth():
                return self._auth_out_of_order()
            case StartTls():
                return (
                    self._bad(self._is_tls, "already using TLS")
                    or self._bad(self.is_authenticated, "already authenticated")
                    or self._bad(not self._offers_starttls, "TLS is not offered")
                    or self._bad(self._hello is None, "EHLO first")
                )
            case _:
                return None

    def _not_ready(self) -> BadCommand | None:
        if self._hello is None:
            return BadCommand(503, "5.5.1", "EHLO first")
        if self._dialect.is_submission and not self.is_authenticated:
            # RFC 4954 §6.
            return BadCommand(530, "5.7.0", "authentication required")
        return None

    def _auth_out_of_order(self) -> BadCommand | None:
        return (
            self._bad(
                not self._dialect.is_submission, "authentication is for submission, see port 587 or 465"
            )
            or self._bad(self._has_auth_succeeded, "already authenticated")
            or self._bad(not isinstance(self._hello, Ehlo), "EHLO first")
            or self._bad(self._mail is not None, "not during a transaction")
        )

    def _bad(self, is_wrong: bool, text: str) -> BadCommand | None:
        return BadCommand(503, "5.5.1", text) if is_wrong else None

    def _stop(self, code: int, enhanced: str, text: str) -> BadCommand:
        self._input.take_all()
        self._mode = _Mode.STOPPED
        return BadCommand(code, enhanced, text, closes=True)

    def _on_content(self) -> Event | None:
        octets = self._input.take_all()
        if not octets:
            return None
        content = self._content
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
