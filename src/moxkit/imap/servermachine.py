"""The server's side of a connection without I/O: octets in, events and octets out (RFC 9051 §2.2).

Everything that changes the state of the parse lives here and, for APPEND, in `AppendMachine`. String literals
are gathered by the machine, which asks for them itself; messages are handed through in whatever pieces they
come.
"""

from moxkit.imap.appendmachine import AppendMachine
from moxkit.imap.errors import CommandSyntaxError
from moxkit.imap.events import (
    NEED_DATA,
    AppendBegin,
    BadCommand,
    CatenateUrl,
    ContinuationLine,
    Event,
    IdleDone,
    NeedData,
    Tagged,
)
from moxkit.imap.lexer import ANNOUNCEMENT, Cursor, LiteralPendingError
from moxkit.imap.servermodes import Mode
from moxkit.imap.takecommand import AppendHead, find_tag, take_command

__all__ = ["ServerMachine"]


class ServerMachine(AppendMachine):
    """Parses what a client sends.

    The connection calls `receive_data`, then `next_event` until it gives `NEED_DATA`, executing each
    command before it asks for the next event, and writes what `data_to_send` returns before it waits.

    Attributes:
        limits: In force for the next literal or line; raise them after login.
        utf8_names: Whether mailbox names are UTF-8: after ENABLE of IMAP4rev2 or UTF8=ACCEPT.
    """

    __slots__ = ()

    # What the connection calls all the time.

    def receive_data(self, octets: bytes) -> None:
        """Take octets that came from the client."""
        if self._mode is not Mode.STOPPED:
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
        self._mode = Mode.CONTINUATION

    def expect_done(self, text: bytes = b"waiting") -> None:
        """Send ``+`` in answer to IDLE; only DONE may come now (RFC 2177 §3)."""
        self._out.append(b"+ %b\r\n" % text)
        self._mode = Mode.IDLE

    # The parse.

    def _advance(self) -> bool:
        """Do one step; return whether anything was there to do it with."""
        match self._mode:
            case Mode.STOPPED:
                return False
            case Mode.DECISION:
                if self._events:
                    return True
                raise RuntimeError("accept or refuse the announced message first")
            case Mode.MESSAGE:
                return self._on_message()
            case Mode.STRING | Mode.URL:
                return self._on_string()
            case Mode.DISCARD:
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
            case Mode.CONTINUATION:
                self._mode = Mode.COMMAND
                self._events.append(ContinuationLine(line))
            case Mode.IDLE:
                self._on_done(line)
            case Mode.APPEND_TAIL:
                self._on_append_tail(line)
            case Mode.CATENATE:
                self._on_catenate(line)
            case Mode.DISCARD_TAIL:
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
        self._mode = Mode.STRING

    def _on_string(self) -> bool:
        if len(self._input) < self._left:
            return False
        octets = self._input.take(self._left)
        if self._mode is Mode.URL:
            self._events.append(CatenateUrl(octets.decode(errors="replace")))
            self._mode = Mode.CATENATE
        else:
            self._literals.append(octets)
            self._mode = Mode.COMMAND
        return True

    # IDLE.

    def _on_done(self, line: bytes) -> None:
        if line.upper() == b"DONE":
            self._mode = Mode.COMMAND
            self._events.append(IdleDone())
        else:
            self._stop(None, "expected DONE")
