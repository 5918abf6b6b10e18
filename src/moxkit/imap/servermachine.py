"""The server's side of a connection without I/O: octets in, events and octets out (RFC 9051 §2.2).

Everything that changes the state of the parse lives here. String literals are gathered by the machine,
which asks for them itself; messages of APPEND are handed through in whatever pieces they come.
"""

from collections import deque
from enum import Enum, auto

from moxkit.imap.errors import CommandSyntaxError
from moxkit.imap.events import (
    NEED_DATA,
    AppendBegin,
    AppendEnd,
    AppendMessage,
    BadCommand,
    ContinuationLine,
    Event,
    IdleDone,
    LiteralChunk,
    NeedData,
    Tagged,
)
from moxkit.imap.inbox import ReceiveBuffer
from moxkit.imap.lexer import ANNOUNCEMENT, Cursor, LiteralPendingError
from moxkit.imap.limits import BEFORE_LOGIN, Limits
from moxkit.imap.takeappend import MessageHead, take_message_head
from moxkit.imap.takecommand import AppendHead, find_tag, take_command

__all__ = ["ServerMachine"]


class _Mode(Enum):
    """What the next octets are."""

    COMMAND = auto()  # a line of a command
    STRING = auto()  # a string literal of a command
    DECISION = auto()  # unknown until the announced message is accepted or refused
    MESSAGE = auto()  # an accepted message
    APPEND_TAIL = auto()  # the line after a message
    DISCARD = auto()  # a refused message
    DISCARD_TAIL = auto()  # the line after a refused message
    CONTINUATION = auto()  # a line of an authentication exchange
    IDLE = auto()  # DONE
    STOPPED = auto()  # nothing is read any more


class ServerMachine:
    """Parses what a client sends.

    The connection calls `receive_data`, then `next_event` until it gives `NEED_DATA`, executing each
    command before it asks for the next event, and writes what `data_to_send` returns before it waits.

    Attributes:
        limits: In force for the next literal or line; raise them after login.
        utf8_names: Whether mailbox names are UTF-8: after ENABLE of IMAP4rev2 or UTF8=ACCEPT.
    """

    __slots__ = (
        "_events",
        "_fresh",
        "_head",
        "_input",
        "_is_replace",
        "_left",
        "_literals",
        "_literals_octets",
        "_mode",
        "_out",
        "_tag",
        "_text",
        "_text_octets",
        "limits",
        "utf8_names",
    )

    def __init__(self, limits: Limits = BEFORE_LOGIN) -> None:
        self.limits = limits
        self.utf8_names = False
        self._input = ReceiveBuffer()
        self._out: list[bytes] = []
        self._events: deque[Event] = deque()
        self._mode = _Mode.COMMAND
        self._fresh = True
        self._text: list[bytes] = []
        self._text_octets = 0
        self._literals: list[bytes] = []
        self._literals_octets = 0
        self._left = 0
        self._tag = ""
        self._is_replace = False
        self._head: MessageHead | None = None

    # What the connection calls all the time.

    def receive_data(self, octets: bytes) -> None:
        """Take octets that came from the client."""
        if self._mode is not _Mode.STOPPED:
            self._input.add(octets)

    def next_event(self) -> Event | NeedData:
        """Return what the client said next, or `NEED_DATA`.

        Raises:
            RuntimeError: An announced message was neither accepted nor refused.
        """
        while not self._events:
            if not self._advance():
                return NEED_DATA
        return self._events.popleft()

    def data_to_send(self) -> bytes:
        """Return, once, the octets to write to the client."""
        octets = b"".join(self._out)
        self._out.clear()
        return octets

    def send(self, octets: bytes) -> None:
        """Put encoded responses behind what is already to be sent."""
        self._out.append(octets)

    @property
    def unread(self) -> bytes:
        """Octets behind the last event; there must be none at STARTTLS (RFC 9051 §6.2.1)."""
        return self._input.peek()

    def take_unread(self) -> bytes:
        """Return `unread` and forget it, to hand it to TLS or decompression."""
        octets = self._input.peek()
        self._input.clear()
        return octets

    # What the connection calls in answer to an event.

    def expect_continuation(self, challenge: bytes = b"") -> None:
        """Send ``+`` with a challenge (base64) and take the next line as its answer (RFC 9051 §6.2.2)."""
        self._out.append(b"+ %b\r\n" % challenge)
        self._mode = _Mode.CONTINUATION

    def expect_done(self, text: bytes = b"waiting") -> None:
        """Send ``+`` in answer to IDLE; only DONE may come now (RFC 2177 §3)."""
        self._out.append(b"+ %b\r\n" % text)
        self._mode = _Mode.IDLE

    def accept_literal(self) -> None:
        """Take the announced message: `LiteralChunk` events follow.

        Raises:
            RuntimeError: None was announced.
        """
        head = self._decide()
        if head.sync:
            self._out.append(b"+ go on\r\n")
        self._left = head.size
        self._mode = _Mode.MESSAGE

    def refuse_literal(self, text: str, code: str | None = None, *, status: str = "NO") -> None:
        """Answer the APPEND now, before the announced message was read.

        A synchronizing client will not send it. What another one has already sent is read and dropped if it
        is small; otherwise the next event is a fatal `BadCommand` (RFC 7888 §4).

        Raises:
            RuntimeError: None was announced.
        """
        head = self._decide()
        bracketed = "" if code is None else f"[{code}] "
        self._out.append(f"{self._tag} {status} {bracketed}{text}\r\n".encode())
        if head.sync:
            self._reset()
        elif head.size > self.limits.discard_octets:
            self._stop(None, "message literal too large to skip", "ALERT")
        else:
            self._left = head.size
            self._mode = _Mode.DISCARD

    def _decide(self) -> MessageHead:
        if self._mode is not _Mode.DECISION or self._head is None:
            raise RuntimeError("no message literal is announced")
        return self._head

    # The parse.

    def _advance(self) -> bool:
        """Do one step; return whether anything was there to do it with."""
        match self._mode:
            case _Mode.STOPPED:
                return False
            case _Mode.DECISION:
                if self._events:
                    return True
                raise RuntimeError("accept or refuse the announced message first")
            case _Mode.MESSAGE:
                return self._on_message()
            case _Mode.STRING:
                return self._on_string()
            case _Mode.DISCARD:
                return self._on_discard()
            case _:
                return self._on_line()

    def _on_line(self) -> bool:
        limits = self.limits
        room = min(limits.line_octets, max(0, limits.command_octets - self._text_octets))
        try:
            line = self._input.take_line(room)
        except OverflowError:
            self._stop(None, "line too long")
            return True
        if line is None:
            return False
        match self._mode:
            case _Mode.CONTINUATION:
                self._mode = _Mode.COMMAND
                self._events.append(ContinuationLine(line))
            case _Mode.IDLE:
                self._on_done(line)
            case _Mode.APPEND_TAIL:
                self._on_append_tail(line)
            case _Mode.DISCARD_TAIL:
                self._on_discard_tail(line)
            case _:
                self._on_command_line(line)
        return True

    def _on_command_line(self, line: bytes) -> None:
        # Only what ends in a brace can be an announcement; the rest of the line need not be looked at.
        found = ANNOUNCEMENT.search(line, max(0, len(line) - 24)) if line.endswith(b"}") else None
        first = not self._text
        if found is None:
            self._text.append(line)
            self._finish(pending=line.endswith(b"+}"))
            return
        self._text.append(line + b"\r\n")
        self._text_octets += len(line) + 2
        # The first line is tried before its literal is asked for: a wrong command is refused at once. APPEND
        # is tried at its next line too, since its message is not gathered.
        if (first or self._is_append()) and not self._finish(pending=bool(found[3])):
            return
        self._expect_string(int(found[2]), sync=not found[3])

    def _is_append(self) -> bool:
        verb = self._text[0].partition(b" ")[2][:12].upper()
        return len(self._literals) == 1 and verb.removeprefix(b"UID ").startswith((b"APPEND ", b"REPLACE "))

    def _finish(self, *, pending: bool) -> bool:
        """Parse the command as far as it is there; return whether it waits for a string literal."""
        octets = b"".join(self._text) if len(self._text) > 1 else self._text[0]
        cursor = Cursor(octets, self._literals, utf8_names=self.utf8_names, nesting=self.limits.nesting)
        try:
            command = take_command(cursor)
        except LiteralPendingError:
            return True
        except CommandSyntaxError as problem:
            self._refuse(find_tag(self._text[0]), problem, pending=pending)
            return False
        self._fresh = False
        tag = octets[: octets.index(b" ")].decode("ascii")
        self._reset()
        if isinstance(command, AppendHead):
            self._tag = tag
            self._is_replace = command.replaces is not None
            self._events.append(AppendBegin(tag, command.mailbox, command.replaces))
            self._announce(command.message)
        else:
            self._events.append(Tagged(tag, command))
        return False

    def _refuse(self, tag: str | None, problem: CommandSyntaxError, *, pending: bool) -> None:
        if self._fresh:
            # A first command that is no IMAP comes from something that speaks another protocol.
            self._stop(None, "not speaking IMAP")
        elif pending:
            # Octets of a non-synchronizing literal are on their way and would be read as commands.
            self._stop(tag, problem.text, problem.code)
        else:
            self._events.append(BadCommand(tag, problem.text, problem.code))
            self._reset()

    # String literals.

    def _expect_string(self, size: int, *, sync: bool) -> None:
        limits = self.limits
        if (
            size > limits.literal_octets
            or self._literals_octets + size > limits.literals_octets
            or len(self._literals) >= limits.literals
        ):
            if sync:
                # RFC 7888 §4 and RFC 9051 §7.1, TOOBIG: refused before a single octet is sent.
                self._events.append(BadCommand(find_tag(self._text[0]), "literal too large", "TOOBIG"))
                self._reset()
            else:
                self._stop(None, "literal too large", "ALERT")
            return
        if sync:
            self._out.append(b"+ go on\r\n")
        self._literals_octets += size
        self._left = size
        self._mode = _Mode.STRING

    def _on_string(self) -> bool:
        if len(self._input) < self._left:
            return False
        self._literals.append(self._input.take(self._left))
        self._mode = _Mode.COMMAND
        return True

    # APPEND.

    def _announce(self, head: MessageHead) -> None:
        self._head = head
        self._mode = _Mode.DECISION
        self._events.append(
            AppendMessage(head.flags, head.date, head.size, head.sync, head.binary, head.utf8)
        )

    def _on_message(self) -> bool:
        octets = self._input.take(self._left)
        if not octets and self._left:
            return False
        self._left -= len(octets)
        if not self._left:
            self._mode = _Mode.APPEND_TAIL
        self._events.append(LiteralChunk(octets, last=not self._left))
        return True

    def _on_append_tail(self, line: bytes) -> None:
        cursor = Cursor(line, nesting=self.limits.nesting)
        tag = self._tag
        try:
            if self._head is not None and self._head.utf8:
                cursor.require(b")")
            if cursor.at_end():
                self._events.append(AppendEnd(tag))
                self._reset()
                return
            if self._is_replace:
                # RFC 8508 §4.7: one message for one.
                raise cursor.fail("REPLACE takes one message")
            head = take_message_head(cursor)
        except CommandSyntaxError as problem:
            self._refuse(tag, problem, pending=line.endswith(b"+}"))
        else:
            self._announce(head)

    def _on_discard(self) -> bool:
        skipped = self._input.skip(self._left)
        self._left -= skipped
        if not self._left:
            self._mode = _Mode.DISCARD_TAIL
            return True
        return False

    def _on_discard_tail(self, line: bytes) -> None:
        """Drop the rest of a refused APPEND, which has been answered already."""
        found = ANNOUNCEMENT.search(line, max(0, len(line) - 24)) if line.endswith(b"}") else None
        if found is None or not found[3]:
            self._reset()
            return
        size = int(found[2])
        if size > self.limits.discard_octets:
            self._stop(None, "message literal too large to skip", "ALERT")
        else:
            self._left = size
            self._mode = _Mode.DISCARD

    # IDLE, and the ends.

    def _on_done(self, line: bytes) -> None:
        if line.upper() == b"DONE":
            self._mode = _Mode.COMMAND
            self._events.append(IdleDone())
        else:
            self._stop(None, "expected DONE")

    def _reset(self) -> None:
        self._mode = _Mode.COMMAND
        self._text.clear()
        self._text_octets = 0
        self._literals = []
        self._literals_octets = 0
        self._head = None

    def _stop(self, tag: str | None, text: str, code: str | None = None) -> None:
        self._reset()
        self._input.clear()
        self._mode = _Mode.STOPPED
        self._events.append(BadCommand(tag, text, code, fatal=True))
