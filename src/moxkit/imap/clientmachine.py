"""The client's side of a connection without I/O: commands and octets in, responses and octets out.

Everything that changes the state of the exchange lives here. Commands wait for one another only where
literals force them to (RFC 9051 §4.3, §5.5).
"""

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from moxkit.imap.commands import Command
from moxkit.imap.commandwriter import CommandWriter, Literal, Pieces
from moxkit.imap.dates import encode_date_time
from moxkit.imap.encode import encode_mailbox
from moxkit.imap.encodecommand import encode_command
from moxkit.imap.errors import ImapSyntaxError, ResponseSyntaxError
from moxkit.imap.events import NEED_DATA, NeedData, Replaces
from moxkit.imap.flags import encode_flags
from moxkit.imap.inbox import ReceiveBuffer
from moxkit.imap.lexer import ANNOUNCEMENT, Cursor
from moxkit.imap.limits import Limits
from moxkit.imap.readresponse import Response, take_response
from moxkit.imap.responses import Condition, ContinuationRequest
from moxkit.imap.sequenceset import LAST

__all__ = ["CLIENT_LIMITS", "BadResponse", "CatenatedMessage", "ClientMachine", "OutgoingMessage"]

# A server sends whole messages as literals, and long lines of flags and structures.
CLIENT_LIMITS = Limits(
    line_octets=4 << 20,
    command_octets=16 << 20,
    literal_octets=256 << 20,
    literals_octets=512 << 20,
    literals=100_000,
    nesting=100,
)

# The text of a status response may end like a literal announcement, and is none.
_TEXT_LINE = re.compile(rb"\+|[^ ]+ (?:OK|NO|BAD|BYE|PREAUTH)(?: |\Z)", re.IGNORECASE)
# LITERAL- allows literals of this size without waiting (RFC 7888 §5).
_SMALL_LITERAL = 4096


@dataclass(frozen=True, slots=True)
class BadResponse:
    """The server sent something that is not IMAP, or too much of it; the machine has stopped."""

    text: str


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A message to append.

    Attributes:
        octets: The message, with CRLF line ends.
        utf8: Whether its headers are UTF-8 (RFC 6855 §4).
    """

    octets: bytes = field(repr=False)
    flags: tuple[str, ...] = ()
    date: datetime | None = None
    utf8: bool = False


@dataclass(frozen=True, slots=True)
class CatenatedMessage:
    """A message to append that the server puts together (RFC 4469).

    Attributes:
        parts: Octets as they are, or (text) the URL of a message or part that the server has.
    """

    parts: tuple[bytes | str, ...] = field(repr=False)
    flags: tuple[str, ...] = ()
    date: datetime | None = None


class ClientMachine:
    """Writes commands and parses what a server sends.

    Attributes:
        utf8: Whether strings and names are UTF-8: after ENABLED said IMAP4rev2 or UTF8=ACCEPT.
        literal_plus: Whether the server has LITERAL+ (RFC 7888 §3).
        literal_minus: Whether it has LITERAL-, or IMAP4rev2, which includes it.
    """

    __slots__ = (
        "_count",
        "_input",
        "_left",
        "_limits",
        "_literals",
        "_literals_octets",
        "_out",
        "_pending",
        "_prefix",
        "_stopped",
        "_text",
        "_text_octets",
        "_waiting",
        "literal_minus",
        "literal_plus",
        "utf8",
    )

    def __init__(self, limits: Limits = CLIENT_LIMITS, *, tag_prefix: str = "a") -> None:
        self.utf8 = False
        self.literal_plus = False
        self.literal_minus = False
        self._limits = limits
        self._prefix = tag_prefix
        self._count = 0
        self._input = ReceiveBuffer()
        self._out: list[bytes] = []
        # Commands not sent completely, with their tags; the first one may wait for a continuation.
        self._pending: deque[tuple[str, deque[bytes | Literal]]] = deque()
        self._waiting = False
        self._text: list[bytes] = []
        self._text_octets = 0
        self._literals: list[bytes] = []
        self._literals_octets = 0
        self._left = -1
        self._stopped = False

    def send(self, command: Command) -> str:
        """Put a command on the way and return its tag."""
        return self.send_pieces(encode_command(command, utf8=self.utf8))

    def append(self, mailbox: str, messages: Sequence[OutgoingMessage | CatenatedMessage]) -> str:
        """Put APPEND of one or, with MULTIAPPEND, more messages on the way; return its tag."""
        return self._append(b"APPEND ", mailbox, messages)

    def replace(self, replaces: Replaces, mailbox: str, message: OutgoingMessage) -> str:
        """Put REPLACE or UID REPLACE on the way (RFC 8508 §3); return its tag."""
        number = b"*" if replaces.number == LAST else b"%d" % replaces.number
        verb = b"UID REPLACE " if replaces.uid else b"REPLACE "
        return self._append(verb + number + b" ", mailbox, (message,))

    def _append(
        self, verb: bytes, mailbox: str, messages: Sequence[OutgoingMessage | CatenatedMessage]
    ) -> str:
        writer = CommandWriter(utf8=self.utf8)
        writer.raw(verb)
        writer.encoded(encode_mailbox(mailbox, utf8=self.utf8))
        for message in messages:
            if message.flags:
                writer.argument(encode_flags(message.flags))
            if message.date is not None:
                writer.argument(encode_date_time(message.date))
            if isinstance(message, CatenatedMessage):
                _write_parts(writer, message.parts)
                continue
            writer.raw(b" UTF8 (" if message.utf8 else b" ")
            writer.literal(Literal(message.octets, binary=message.utf8 or b"\0" in message.octets))
            if message.utf8:
                writer.raw(b")")
        return self.send_pieces(writer.pieces())

    def send_pieces(self, pieces: Pieces) -> str:
        """Put a command of the caller's own making on the way, without tag and CRLF; return its tag."""
        self._count += 1
        tag = f"{self._prefix}{self._count}"
        self._pending.append((tag, deque([tag.encode("ascii") + b" ", *pieces, b"\r\n"])))
        self._flush()
        return tag

    def send_line(self, octets: bytes) -> None:
        """Send a line that is no command: DONE, or an answer in an authentication exchange."""
        self._out.append(octets + b"\r\n")

    def data_to_send(self) -> bytes:
        """Return, once, the octets to write to the server."""
        octets = b"".join(self._out)
        self._out.clear()
        return octets

    def receive_data(self, octets: bytes) -> None:
        """Take octets that came from the server."""
        if not self._stopped:
            self._input.add(octets)

    @property
    def unread(self) -> bytes:
        """Octets behind the last response; there must be none when TLS starts."""
        return self._input.peek()

    def take_unread(self) -> bytes:
        """Return `unread` and forget it, to hand it to decompression."""
        octets = self._input.peek()
        self._input.clear()
        return octets

    def next_event(self) -> Response | BadResponse | NeedData:
        """Return the next response, or `NEED_DATA`; continuations for literals are used up here."""
        while not self._stopped:
            if self._left >= 0:
                if len(self._input) < self._left:
                    return NEED_DATA
                self._literals.append(self._input.take(self._left))
                self._left = -1
            room = self._limits.command_octets - self._text_octets
            try:
                line = self._input.take_line(max(0, min(self._limits.line_octets, room)))
            except OverflowError:
                return self._stop("line too long")
            if line is None:
                return NEED_DATA
            event = self._on_line(line)
            if event is not None:
                return event
        return NEED_DATA

    def _on_line(self, line: bytes) -> Response | BadResponse | None:
        if line.endswith(b"}") and (self._text or _TEXT_LINE.match(line) is None):
            found = ANNOUNCEMENT.search(line, max(0, len(line) - 24))
            if found is not None:
                self._text.append(line + b"\r\n")
                self._text_octets += len(line) + 2
                return self._expect_literal(int(found[2]))
        self._text.append(line)
        cursor = Cursor(
            b"".join(self._text),
            self._literals,
            utf8_names=self.utf8,
            nesting=self._limits.nesting,
            error=ResponseSyntaxError,
        )
        self._text, self._text_octets = [], 0
        self._literals, self._literals_octets = [], 0
        try:
            response = take_response(cursor)
        except ImapSyntaxError as problem:
            return self._stop(problem.text)
        return self._notice(response)

    def _expect_literal(self, size: int) -> BadResponse | None:
        limits = self._limits
        self._literals_octets += size
        if (
            size > limits.literal_octets
            or self._literals_octets > limits.literals_octets
            or len(self._literals) >= limits.literals
        ):
            return self._stop("literal too large")
        self._left = size
        return None

    def _notice(self, response: Response) -> Response | None:
        """Let a response move the command that is being sent."""
        if not self._waiting:
            return response
        if isinstance(response, ContinuationRequest):
            self._waiting = False
            self._send_literal(self._pending[0][1])
            self._flush()
            return None
        if isinstance(response, Condition) and response.tag == self._pending[0][0]:
            # Refused before its literal: what is left of it must not be sent.
            self._waiting = False
            self._pending.popleft()
            self._flush()
        return response

    def _flush(self) -> None:
        """Send as far as the server lets us."""
        while self._pending and not self._waiting:
            pieces = self._pending[0][1]
            while pieces:
                piece = pieces[0]
                if isinstance(piece, bytes):
                    self._out.append(piece)
                    pieces.popleft()
                    continue
                size = len(piece.octets)
                at_once = self.literal_plus or (self.literal_minus and size <= _SMALL_LITERAL)
                announcement = f"{'~' if piece.binary else ''}{{{size}{'+' if at_once else ''}}}\r\n"
                self._out.append(announcement.encode("ascii"))
                if not at_once:
                    self._waiting = True
                    return
                self._send_literal(pieces)
            self._pending.popleft()

    def _send_literal(self, pieces: deque[bytes | Literal]) -> None:
        literal = pieces.popleft()
        self._out.append(literal.octets if isinstance(literal, Literal) else literal)

    def _stop(self, text: str) -> BadResponse:
        self._stopped = True
        self._input.clear()
        return BadResponse(text)


def _write_parts(writer: CommandWriter, parts: Sequence[bytes | str]) -> None:
    before = b" CATENATE ("
    for part in parts:
        writer.raw(before)
        if isinstance(part, str):
            writer.raw(b"URL ")
            writer.astring(part)
        else:
            writer.raw(b"TEXT ")
            writer.literal(Literal(part, binary=b"\0" in part))
        before = b" "
    writer.raw(b")")
