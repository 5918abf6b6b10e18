"""The client's side of a conversation without I/O: replies in, commands and content out.

It reads replies of any split and bounds them; which command is due, and what a refusal means, is the
client's.
"""

from moxkit.smtp.lines import InputBuffer, LineTooLongError
from moxkit.smtp.reply import Reply, read_reply_line

__all__ = ["ClientMachine", "ReplySyntaxError"]

# RFC 5321 §4.5.3.1.5 asks for 512 octets; servers send more.
_LINE_OCTETS = 4096
# EHLO replies have some 20 lines; nobody needs so many.
_MOST_LINES = 200


class ReplySyntaxError(ValueError):
    """What the server sends is no reply."""


class ClientMachine:
    """Reads replies."""

    __slots__ = ("_code", "_input", "_lines")

    def __init__(self) -> None:
        self._input = InputBuffer()
        self._code = 0
        self._lines: list[str] = []

    def receive_data(self, octets: bytes) -> None:
        """Take octets that came from the server."""
        self._input.add(octets)

    def next_reply(self) -> Reply | None:
        """Return the next complete reply; None if more octets are needed.

        Raises:
            ReplySyntaxError: Not SMTP, or too much of it.
        """
        while True:
            try:
                line = self._input.take_line(_LINE_OCTETS)
            except LineTooLongError as error:
                raise ReplySyntaxError("line of a reply is too long") from error
            if line is None:
                return None
            found = read_reply_line(line)
            if found is None:
                raise ReplySyntaxError("not an SMTP reply")
            code, goes_on, text = found
            if self._lines and code != self._code:
                raise ReplySyntaxError("lines of one reply have different codes")
            self._code = code
            self._lines.append(text)
            if len(self._lines) > _MOST_LINES:
                raise ReplySyntaxError("reply has too many lines")
            if not goes_on:
                lines, self._lines = self._lines, []
                return Reply.read(code, lines)

    @property
    def unread(self) -> bytes:
        """Octets behind the last reply; there must be none at STARTTLS (RFC 3207 §4.2)."""
        return self._input.front(len(self._input))
