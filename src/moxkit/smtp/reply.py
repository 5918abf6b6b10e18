"""Replies as values: written by servers, read by clients (RFC 5321 §4.2, RFC 2034)."""

import re
from dataclasses import dataclass

__all__ = ["Reply", "read_reply_line"]

# RFC 5321 §4.5.3.1.5: 512 octets with CRLF.
_LINE_OCTETS = 510
_WRAP_AFTER = 400

_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
# status-code of RFC 2034 §4.
_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: |$)")
# Controls would end or forge lines; TAB is left alone.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Reply:
    r"""What a server answers to one command.

    Attributes:
        code: Three digits.
        enhanced: Enhanced status code; empty where none belongs (greeting, EHLO, 3xx).
        text: For people; lines are separated by ``\n``.
    """

    code: int
    enhanced: str
    text: str

    @property
    def is_positive(self) -> bool:
        """Whether the command succeeded (2xx)."""
        return self.code < 300

    def __bytes__(self) -> bytes:
        """Return the lines a server sends; long ones are wrapped."""
        prefix = f"{self.enhanced} " if self.enhanced else ""
        lines = [
            piece
            for line in self.text.split("\n")
            for piece in _wrap(prefix.encode() + _CONTROLS.sub(" ", line).encode())
        ]
        last = lines.pop()
        return b"".join(b"%d-%b\r\n" % (self.code, line) for line in lines) + b"%d %b\r\n" % (self.code, last)

    @classmethod
    def read(cls, code: int, lines: list[str]) -> "Reply":
        """Make a reply of the texts of its lines; the enhanced code is taken from the first."""
        found = _ENHANCED.match(lines[0])
        if found is None or int(found[1][0]) != code // 100:
            return cls(code, "", "\n".join(lines))
        prefix = found[1]
        return cls(code, prefix, "\n".join(line.removeprefix(prefix).lstrip(" ") for line in lines))


def _wrap(line: bytes) -> list[bytes]:
    pieces = []
    while len(line) + 4 > _LINE_OCTETS:
        at = line.find(b" ", _WRAP_AFTER, _LINE_OCTETS - 4)
        # Without a space the cut must not fall into a UTF-8 sequence.
        cut = at if at > 0 else _boundary(line, _LINE_OCTETS - 4)
        pieces.append(line[:cut])
        line = line[cut:].lstrip(b" ")
    return [*pieces, line]


def _boundary(line: bytes, at: int) -> int:
    while line[at] & 0xC0 == 0x80:
        at -= 1
    return at


def read_reply_line(line: bytes) -> tuple[int, bool, str] | None:
    """Read a line without its CRLF: the code, whether more lines follow, the text; None if it is none."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    return int(found[1]), found[2] == b"-", (found[3] or b"").decode("utf-8", "replace")
