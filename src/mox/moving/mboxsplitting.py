"""An mbox file as messages, in pieces: memory does not grow with the file, nor with a message.

A message begins at a line `From ` that is the first or follows an empty line (RFC 4155 appendix A); that
empty line belongs to none. Quoting is undone as in mboxrd: a line of `>` and `From ` loses one `>`. Files in
mboxo quote less, and lose nothing by that but a `>` people wrote. Mutt does not quote at all: where the first
`From ` line has a time of day, a line without one is text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mox.moving.entries import PIECE_OCTETS, ByteStream
from mox.moving.errors import ArchiveError

__all__ = ["MboxMessage", "split_mbox"]

_BEGIN = b"\nFrom "
_CR, _LF = b"\r\n"
_TIME = re.compile(rb"[0-9]:[0-9]{2}")
_QUOTED = re.compile(rb"^>(>*+From )", re.MULTILINE)
_LONGEST_FROM_LINE = 8 << 10
# A line that is longer is handed on in parts; those after the first cannot be quoted.
_LONGEST_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class MboxMessage:
    """A message of an mbox file.

    Attributes:
        line: Number of its `From ` line, the first is 1.
        from_line: Without its end.
        pieces: The octets, unquoted; each piece ends at a line's end, or within a very long line. To be read
            before the next message is asked for; what was not is passed over.
    """

    line: int
    from_line: bytes
    pieces: Iterator[bytes]


class _Splitter:
    """The stream's buffer; it begins at a line's beginning unless `is_within_line`."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._buffer = b""
        self._at = 0
        self._has_ended = False
        self._is_within_line = False
        self._needs_time: bool | None = None
        self.line = 1

    @property
    def _left(self) -> int:
        return len(self._buffer) - self._at

    def fill(self) -> bool:
        """Read more; say whether there was any."""
        piece = b"" if self._has_ended else self._stream.read(PIECE_OCTETS)
        self._has_ended = not piece
        self._buffer = self._buffer[self._at :] + piece
        self._at = 0
        return bool(piece)

    def from_line(self) -> bytes | None:
        """Take a `From ` line; None at the end of the stream."""
        while self._buffer.find(b"\n", self._at) < 0 and self._left < _LONGEST_FROM_LINE:
            if not self.fill():
                break
        end = self._buffer.find(b"\n", self._at)
        rest = self._buffer[self._at : self._at + _LONGEST_FROM_LINE]
        if not rest:
            return None
        if not rest.startswith(b"From "):
            raise ArchiveError(f"line {self.line} does not begin with From, as messages in an mbox file do")
        if end < 0 and len(rest) >= _LONGEST_FROM_LINE:
            raise ArchiveError(f"line {self.line} is too long to begin a message")
        line = rest if end < 0 else self._buffer[self._at : end]
        self._at += len(line) + (end >= 0)
        self.line += end >= 0
        if self._needs_time is None:
            self._needs_time = _TIME.search(line, 0, _LONGEST_FROM_LINE) is not None
        return line.removesuffix(b"\r")[:_LONGEST_FROM_LINE]

    def pieces(self) -> Iterator[bytes]:
        """Yield what belongs to a message, until the next begins."""
        while True:
            found = self._boundary()
            if found is not None:
                yield from self._take(found[0])
                # The empty line.
                self._at = found[1]
                self.line += 1
                return
            if self._has_ended:
                yield from self._take(self._without_last_empty_line())
                self._at = len(self._buffer)
                return
            yield from self._take(self._complete_lines())
            self.fill()

    def _boundary(self) -> tuple[int, int] | None:
        """Return where the empty line before the next message begins and ends; None if it is not here.

        A search for fixed octets: expressions take ten times as long, and most of the time goes by here.
        """
        if self._is_within_line:
            return None
        buffer, at = self._buffer, self._at
        position = at
        while (end := buffer.find(_BEGIN, position)) >= 0:
            start = end - 1 if end > at and buffer[end - 1] == _CR else end
            # The buffer begins where a line does.
            if (start == at or buffer[start - 1] == _LF) and self._begins_message(end + 1):
                return start, end + 1
            position = end + 1
        return None

    def _begins_message(self, at: int) -> bool:
        """Say whether a line `From `, the last of the buffer may be incomplete, begins a message."""
        if not self._needs_time:
            return True
        end = self._buffer.find(b"\n", at, at + _LONGEST_FROM_LINE)
        if end < 0 and not self._has_ended:
            # More of it is to come, or it is too long.
            return False
        return _TIME.search(self._buffer, at, end if end >= 0 else at + _LONGEST_FROM_LINE) is not None

    def _take(self, end: int) -> Iterator[bytes]:
        piece = self._buffer[self._at : end]
        if not piece:
            return
        self._at = end
        self.line += piece.count(b"\n")
        quoted = 0
        if self._is_within_line:
            quoted = piece.find(b"\n") + 1 or len(piece)
        self._is_within_line = not piece.endswith(b"\n")
        yield piece[:quoted] + _QUOTED.sub(rb"\1", piece[quoted:]) if b">From " in piece else piece

    def _without_last_empty_line(self) -> int:
        end = len(self._buffer)
        for empty in (b"\r\n", b"\n"):
            start = end - len(empty)
            is_at_line_start = start == self._at and not self._is_within_line
            if (
                self._buffer.endswith(empty)
                and start >= self._at
                and (is_at_line_start or self._buffer[start - 1 : start] == b"\n")
            ):
                return start
        return end

    def _complete_lines(self) -> int:
        """Return up to where lines are complete, and surely no empty line before a boundary."""
        buffer = self._buffer
        end = buffer.rfind(b"\n", self._at) + 1
        if end <= self._at:
            if len(buffer) - self._at < _LONGEST_LINE:
                return self._at
            # Not at a CR, whose LF may follow.
            return len(buffer) - 1
        if self._is_within_line:
            return buffer.find(b"\n", self._at) + 1
        line = buffer.rfind(b"\n", self._at, end - 1) + 1 or self._at
        is_open = len(buffer) - end < _LONGEST_FROM_LINE and b"From ".startswith(buffer[end : end + 5])
        return line if is_open and buffer[line:end] in {b"\n", b"\r\n"} else end


def split_mbox(stream: ByteStream) -> Iterator[MboxMessage]:
    """Yield the messages of an mbox file.

    Raises:
        ArchiveError: It is none.
    """
    splitter = _Splitter(stream)
    while True:
        line = splitter.line
        from_line = splitter.from_line()
        if from_line is None:
            return
        pieces = splitter.pieces()
        yield MboxMessage(line, from_line, pieces)
        for _ in pieces:
            pass
