r"""The content of a message on the wire: dots, line ends and the end (RFC 5321 §4.5.2, §4.1.1.4).

Invariant: no decision depends on how the octets were split. What is held back between pieces is a beginning
of ``CRLF.CRLF``, so a piece that is let go never ends inside of it, and each piece can be looked at alone.
Only CRLF.CRLF ends content; what other software may take for an end is reported, never acted on: it is how
a second message is smuggled past a server that believes in the first (CVE-2023-51764 and its kin).
"""

import re

__all__ = ["ContentReader", "stuff_dots"]

_END = b"\r\n.\r\n"
_BEGINNINGS = (b"\r\n.\r", b"\r\n.", b"\r\n", b"\r")
_BARE_LF = re.compile(rb"(?<!\r)\n")
# Any of LF.LF, LF.CRLF and CRLF.LF: what stands for an end elsewhere. The true end never gets here.
_FALSE_END = re.compile(rb"\n\.\r?\n")


class ContentReader:
    """Takes octets after 354 until the end; undoes dot-stuffing.

    Attributes:
        has_bare_cr: A CR without LF was seen.
        has_bare_lf: An LF without CR was seen; it is handed out as CRLF.
        has_false_end: A line of one dot, ended or preceded by a bare LF, was seen.
        ended: The end was seen.
        size: Octets handed out, and those that would have been beyond the limit.
    """

    __slots__ = (
        "_held",
        "_is_first",
        "_tail",
        "ended",
        "has_bare_cr",
        "has_bare_lf",
        "has_false_end",
        "size",
    )

    def __init__(self) -> None:
        # Content begins at the beginning of a line, as if a CRLF stood before it.
        self._held = b"\r\n"
        self._is_first = True
        self._tail = b""
        self.has_bare_cr = self.has_bare_lf = self.has_false_end = self.ended = False
        self.size = 0

    def take(self, octets: bytes) -> tuple[bytes, bytes]:
        """Return the content in these octets, and what follows its end."""
        if self._held:
            octets = self._held + octets
        end = octets.find(_END)
        if end >= 0:
            self.ended = True
            self._held = b""
            return self._let_go(octets[: end + 2]), octets[end + 5 :]
        self._held = next((each for each in _BEGINNINGS if octets.endswith(each)), b"")
        return self._let_go(octets[: -len(self._held)] if self._held else octets), b""

    def _let_go(self, piece: bytes) -> bytes:
        if not piece:
            return b""
        pairs = piece.count(b"\r\n")
        # A CR or LF at the edge of a piece has no partner in the next (see above), so counting is exact.
        if piece.count(b"\r") != pairs:
            self.has_bare_cr = True
        has_bare_lf = piece.count(b"\n") != pairs
        if has_bare_lf:
            self.has_bare_lf = True
        if self.has_bare_lf and not self.has_false_end:
            self.has_false_end = _FALSE_END.search(self._tail + piece) is not None
        self._tail = piece[-3:] if len(piece) >= 3 else (self._tail + piece)[-3:]
        unstuffed = piece.replace(b"\r\n.", b"\r\n")
        if self._is_first:
            self._is_first = False
            unstuffed = unstuffed[2:]
        if has_bare_lf:
            unstuffed = _BARE_LF.sub(b"\r\n", unstuffed)
        self.size += len(unstuffed)
        return unstuffed


def stuff_dots(octets: bytes, *, at_line_start: bool) -> bytes:
    """Return content with a dot doubled wherever a line begins with one (RFC 5321 §4.5.2).

    Args:
        octets: A piece of content whose lines end in CRLF, not cut between CR and LF or after CRLF unless
            `at_line_start` is given for the next piece.
        at_line_start: The piece begins a line.
    """
    stuffed = octets.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if at_line_start and octets.startswith(b".") else stuffed
