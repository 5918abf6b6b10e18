"""Content that comes in chunks (RFC 3030): counted, so nothing in it can be taken for its end.

Invariant: what follows a chunk's command is never read as commands, whether the chunk is taken or refused.
"""

import re

from moxkit.smtp.events import BadCommand, Bdat

__all__ = ["ChunkedContent"]

_BARE_LF = re.compile(rb"(?<!\r)\n")


class ChunkedContent:
    """The content of one transaction.

    Attributes:
        left: Octets of the current chunk that have not come yet.
        expected: Octets of the current chunk.
        is_last: It is the last one.
        is_failed: A chunk was refused: those that were sent behind it are only read.
        refusal: Why the current chunk is only read; None if it is taken.
        has_bare_cr: A CR without LF was seen; never in binary content.
        has_bare_lf: An LF without CR was seen; it is handed out as CRLF. Never in binary content.
        has_false_end: Never: an end is no matter of lines here.
        size: Octets handed out, and those that would have been beyond the limit.
    """

    __slots__ = (
        "_ends_line",
        "_held",
        "_is_binary",
        "_max_size",
        "expected",
        "has_bare_cr",
        "has_bare_lf",
        "has_false_end",
        "is_failed",
        "is_last",
        "left",
        "refusal",
        "size",
    )

    def __init__(self, *, max_size: int, is_binary: bool) -> None:
        """Begin.

        Args:
            max_size: Of the whole content; what is beyond is counted, and not handed out.
            is_binary: Octets are no lines: they are handed out as they are.
        """
        self._max_size = max_size
        self._is_binary = is_binary
        self._held = b""
        self._ends_line = True
        self.left = self.expected = self.size = 0
        self.is_last = self.is_failed = False
        self.refusal: BadCommand | None = None
        self.has_bare_cr = self.has_bare_lf = self.has_false_end = False

    def begin(self, chunk: Bdat, refusal: BadCommand | None) -> None:
        """Expect a chunk."""
        self.left = self.expected = chunk.size
        self.is_last, self.refusal = chunk.is_last, refusal

    def take(self, octets: bytes) -> bytes:
        """Return the content in octets of the current chunk; at most `left` of them."""
        self.left -= len(octets)
        if self.refusal is not None:
            return b""
        is_end = self.is_last and not self.left
        if not self._is_binary:
            octets = self._lines(octets, is_end=is_end)
        self.size += len(octets)
        return octets if self.size <= self._max_size else b""

    def _lines(self, octets: bytes, *, is_end: bool) -> bytes:
        # A CR at the edge waits for its LF, so that each piece can be looked at alone.
        octets, self._held = self._held + octets, b""
        if octets.endswith(b"\r") and not is_end:
            octets, self._held = octets[:-1], b"\r"
        pairs = octets.count(b"\r\n")
        if octets.count(b"\r") != pairs:
            self.has_bare_cr = True
        if octets.count(b"\n") != pairs:
            self.has_bare_lf = True
            octets = _BARE_LF.sub(b"\r\n", octets)
        if octets:
            self._ends_line = octets.endswith(b"\n")
        # As if it had come by DATA, whose content always ends a line.
        return octets + b"\r\n" if is_end and not self._ends_line else octets
