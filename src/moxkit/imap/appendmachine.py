"""What a server's machine does within APPEND: messages in one literal, or put together of parts.

Literals are handed through in whatever pieces they come (RFC 3502, RFC 4469); `ServerMachine` is the rest.
"""

from collections import deque

from moxkit.imap.catenate import CatenateReader, PendingText, PendingUrl
from moxkit.imap.errors import CommandSyntaxError
from moxkit.imap.events import (
    AppendEnd,
    AppendMessage,
    BadCommand,
    CatenateBegin,
    CatenateEnd,
    CatenateText,
    CatenateUrl,
    Event,
    LiteralChunk,
)
from moxkit.imap.imapurl import MAX_URL_OCTETS
from moxkit.imap.inbox import ReceiveBuffer
from moxkit.imap.lexer import ANNOUNCEMENT, Cursor
from moxkit.imap.limits import BEFORE_LOGIN, Limits
from moxkit.imap.servermodes import Mode
from moxkit.imap.takeappend import MessageHead, take_message_head

__all__ = ["AppendMachine"]


class AppendMachine:
    """State of the parse, and the part of it that is about messages coming in.

    Attributes:
        limits: In force for the next literal or line; raise them after login.
        utf8_names: Whether mailbox names are UTF-8: after ENABLE of IMAP4rev2 or UTF8=ACCEPT.
    """

    __slots__ = (
        "_catenate",
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
        self._mode = Mode.COMMAND
        self._fresh = True
        self._text: list[bytes] = []
        self._text_octets = 0
        self._literals: list[bytes] = []
        self._literals_octets = 0
        self._left = 0
        self._tag = ""
        self._is_replace = False
        self._head: MessageHead | PendingText | None = None
        self._catenate: CatenateReader | None = None

    def accept_literal(self) -> None:
        """Take the announced message: `LiteralChunk` events follow.

        Raises:
            RuntimeError: None was announced.
        """
        head = self._decide()
        if head.sync:
            self._out.append(b"+ go on\r\n")
        self._left = head.size
        self._mode = Mode.MESSAGE

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
            self._mode = Mode.DISCARD

    def _decide(self) -> MessageHead | PendingText:
        if self._mode is not Mode.DECISION or self._head is None:
            raise RuntimeError("no message literal is announced")
        return self._head

    # APPEND.

    def _announce(self, head: MessageHead) -> None:
        if head.catenate is not None:
            self._catenate = CatenateReader()
            self._events.append(CatenateBegin(head.flags, head.date))
            self._on_catenate(head.catenate)
            return
        self._head = head
        self._mode = Mode.DECISION
        self._events.append(
            AppendMessage(head.flags, head.date, head.size, head.sync, head.binary, head.utf8)
        )

    def _on_message(self) -> bool:
        octets = self._input.take(self._left)
        if not octets and self._left:
            return False
        self._left -= len(octets)
        if not self._left:
            self._mode = Mode.APPEND_TAIL if self._catenate is None else Mode.CATENATE
        self._events.append(LiteralChunk(octets, last=not self._left))
        return True

    def _on_append_tail(self, line: bytes) -> None:
        cursor = Cursor(line, nesting=self.limits.nesting)
        try:
            if self._head is not None and self._head.utf8:
                cursor.require(b")")
            self._take_next_message(cursor)
        except CommandSyntaxError as problem:
            self._refuse(self._tag, problem, pending=line.endswith(b"+}"))

    def _take_next_message(self, cursor: Cursor) -> None:
        """Take the end of the command, or the head of another message (RFC 3502 §6.3.11)."""
        if cursor.at_end():
            self._events.append(AppendEnd(self._tag))
            self._reset()
            return
        if self._is_replace:
            # RFC 8508 §4.7: one message for one.
            raise cursor.fail("REPLACE takes one message")
        self._announce(take_message_head(cursor))

    def _on_catenate(self, line: bytes) -> None:
        """Take the parts of a message up to the next literal, or to its end (RFC 4469 §5)."""
        cursor = Cursor(line, nesting=self.limits.nesting)
        reader = self._catenate or CatenateReader()
        try:
            urls, pending = reader.take_line(cursor)
            self._events.extend(map(CatenateUrl, urls))
            if pending is None:
                self._catenate = None
                self._events.append(CatenateEnd())
                self._take_next_message(cursor)
        except CommandSyntaxError as problem:
            self._refuse(self._tag, problem, pending=line.endswith(b"+}"))
            return
        if isinstance(pending, PendingText):
            self._head = pending
            self._mode = Mode.DECISION
            self._events.append(CatenateText(pending.size, pending.sync))
        elif pending is not None:
            self._expect_url(pending)

    def _expect_url(self, pending: PendingUrl) -> None:
        if pending.size > MAX_URL_OCTETS and pending.sync:
            self._events.append(BadCommand(self._tag, "URL too long", "TOOBIG"))
            self._reset()
        elif pending.size > MAX_URL_OCTETS:
            self._stop(None, "URL too long", "ALERT")
        else:
            if pending.sync:
                self._out.append(b"+ go on\r\n")
            self._left = pending.size
            self._mode = Mode.URL

    def _on_discard(self) -> bool:
        skipped = self._input.skip(self._left)
        self._left -= skipped
        if not self._left:
            self._mode = Mode.DISCARD_TAIL
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
            self._mode = Mode.DISCARD

    # The ends.

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

    def _reset(self) -> None:
        self._mode = Mode.COMMAND
        self._text.clear()
        self._text_octets = 0
        self._literals = []
        self._literals_octets = 0
        self._head = None
        self._catenate = None

    def _stop(self, tag: str | None, text: str, code: str | None = None) -> None:
        self._reset()
        self._input.clear()
        self._mode = Mode.STOPPED
        self._events.append(BadCommand(tag, text, code, fatal=True))
