"""A part of a result by position: ``1:500``, or ``-1:-100`` from its end (RFC 9394 §4, RFC 5267 §4.4)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from moxkit.imap.lexer import Cursor

__all__ = ["PartialRange", "take_partial_range"]

# partial-range-first = nz-number ":" nz-number; partial-range-last = "-" nz-number ":" "-" nz-number
_RANGE = re.compile(rb"(-?)([1-9][0-9]{0,9}):(-?)([1-9][0-9]{0,9})(?![0-9])")


@dataclass(frozen=True, slots=True)
class PartialRange:
    """Positions from 1, or from -1 backwards; in the order given, which does not matter."""

    first: int
    last: int

    def __bytes__(self) -> bytes:
        """Return the range as written on the wire."""
        return b"%d:%d" % (self.first, self.last)

    def bounds(self, count: int) -> tuple[int, int]:
        """Return start and stop of these positions among so many, as indexes; equal if there is nothing."""
        low, high = sorted((abs(self.first), abs(self.last)))
        if self.first > 0:
            return min(low - 1, count), min(high, count)
        return max(0, count - high), max(0, count - low + 1)

    def select(self, numbers: Sequence[int]) -> list[int]:
        """Return what stands at these positions, in the order of the result; possibly nothing."""
        start, stop = self.bounds(len(numbers))
        return list(numbers[start:stop])


def take_partial_range(cursor: Cursor) -> PartialRange:
    """Take a range.

    Raises:
        ImapSyntaxError: None here, only one end counts from the end, or a number has more than 32 bits.
    """
    minus, first, other_minus, last = cursor.expect(_RANGE, "partial range").groups()
    if minus != other_minus:
        raise cursor.fail("both ends of a partial range count from the same side")
    sign = -1 if minus else 1
    if max(int(first), int(last)) >= 2**32:
        raise cursor.fail("number too large in partial range")
    return PartialRange(sign * int(first), sign * int(last))
