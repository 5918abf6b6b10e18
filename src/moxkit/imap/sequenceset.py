"""Sets of message numbers and UIDs: `SequenceSet` from a client, compact sets to a client (RFC 9051 §9).

Everything here costs in proportion to the ranges written, not to the messages they cover.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from moxkit.imap.errors import CommandSyntaxError

__all__ = ["LAST", "SAVED_RESULT", "SET", "SequenceSet", "encode_numbers", "parse_sequence_set"]

# ``*``: larger than every number of 32 bits, so that comparisons just work.
LAST = 2**32

# sequence-set = (seq-number / seq-range) ["," sequence-set] / "$"
_ITEM = rb"(?:[1-9][0-9]{0,9}|\*)(?::(?:[1-9][0-9]{0,9}|\*))?"
SET = re.compile(rb"\$|" + _ITEM + rb"(?:," + _ITEM + rb")*")


@dataclass(frozen=True, slots=True)
class SequenceSet:
    """Numbers as a client wrote them, or the saved search result ``$`` (RFC 5182 §2.1).

    Attributes:
        ranges: Pairs (low, high), both inclusive, low <= high, in the order given; `LAST` stands for ``*``.
        saved: It is ``$``; `ranges` is empty then.
    """

    ranges: tuple[tuple[int, int], ...]
    saved: bool = False

    @classmethod
    def of(cls, numbers: Sequence[int]) -> Self:
        """Return the set of strictly ascending numbers."""
        return cls(tuple(runs(numbers)))

    def __bytes__(self) -> bytes:
        """Return the set as written on the wire."""
        if self.saved:
            return b"$"
        return b",".join(
            _number(low) if low == high else _number(low) + b":" + _number(high) for low, high in self.ranges
        )

    @property
    def has_star(self) -> bool:
        """Whether ``*`` occurs, which needs the mailbox to be known."""
        return any(high == LAST for _, high in self.ranges)

    def resolved(self, highest: int) -> list[tuple[int, int]]:
        """Return ascending, disjoint ranges with ``*`` replaced by the highest number in use.

        ``n:*`` holds the highest number even when n is above it (RFC 9051 §9, seq-range). Numbers
        above `highest` stay, since for message numbers they are the client's error.
        """
        if highest <= 0:
            return merged((low, high) for low, high in self.ranges if high != LAST)
        replaced = (
            (low, high)
            if high != LAST
            else (min(low, highest), max(low, highest) if low != LAST else highest)
            for low, high in self.ranges
        )
        return merged(replaced)

    def spans(self, numbers: Sequence[int]) -> list[tuple[int, int]]:
        """Return index pairs (start, stop) of those of the ascending numbers that are in the set."""
        if not numbers:
            return []
        found = []
        for low, high in self.resolved(numbers[-1]):
            start = bisect_left(numbers, low)
            stop = bisect_right(numbers, high, start)
            if start < stop:
                found.append((start, stop))
        return found

    def select(self, numbers: Sequence[int]) -> list[int]:
        """Return those of the ascending numbers that are in the set, ascending."""
        chosen: list[int] = []
        for start, stop in self.spans(numbers):
            chosen.extend(numbers[start:stop])
        return chosen

    def contains(self, number: int, highest: int) -> bool:
        """Return whether a number is in the set; for many questions use `spans`."""
        for start, high in self.ranges:
            low = start
            if high == LAST:
                if low == LAST:
                    low = highest
                if 0 < min(low, highest) <= number <= max(low, highest):
                    return True
            elif low <= number <= high:
                return True
        return False


SAVED_RESULT = SequenceSet((), saved=True)


def parse_sequence_set(octets: bytes) -> SequenceSet:
    """Parse a whole sequence set.

    Raises:
        CommandSyntaxError: It is not one, or a number has more than 32 bits.
    """
    if SET.fullmatch(octets) is None:
        raise CommandSyntaxError("malformed sequence set")
    if octets == b"$":
        return SAVED_RESULT
    ranges = []
    for item in octets.split(b","):
        first, colon, second = item.partition(b":")
        low = LAST if first == b"*" else int(first)
        high = low if not colon else LAST if second == b"*" else int(second)
        if (low >= LAST and first != b"*") or (high >= LAST and b"*" not in item):
            raise CommandSyntaxError("number too large in sequence set")
        ranges.append((low, high) if low <= high else (high, low))
    return SequenceSet(tuple(ranges))


def encode_numbers(numbers: Sequence[int]) -> bytes:
    """Return strictly ascending numbers as a set with runs joined, such as ``1:3,7``.

    An empty sequence gives no octets.
    """
    return ",".join([str(low) if low == high else f"{low}:{high}" for low, high in runs(numbers)]).encode(
        "ascii"
    )


def runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Return the runs of strictly ascending numbers, as pairs (first, last).

    The end of a run is found by doubling steps: in strictly ascending numbers,
    ``numbers[i + k] - numbers[i] == k`` says that all between are there.
    """
    found: list[tuple[int, int]] = []
    index, count = 0, len(numbers)
    while index < count:
        first = numbers[index]
        good, step = index, 1
        while step:
            ahead = good + step
            if ahead < count and numbers[ahead] - first == ahead - index:
                good = ahead
                step *= 2
            else:
                step //= 2
        found.append((first, numbers[good]))
        index = good + 1
    return found


def merged(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the ranges ascending, with overlapping and touching ones joined."""
    result: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if result and low <= result[-1][1] + 1:
            if high > result[-1][1]:
                result[-1] = (result[-1][0], high)
        else:
            result.append((low, high))
    return result


def _number(value: int) -> bytes:
    return b"*" if value == LAST else b"%d" % value
