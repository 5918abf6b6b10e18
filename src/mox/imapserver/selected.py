"""What one client believes of the selected mailbox: which UIDs, in which order (RFC 9051 §2.3.1.2).

The server keeps to this view until it told the client otherwise: a removed message keeps its number, a new
one has none.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mox.store import Change
from moxkit.imap import SequenceSet

if TYPE_CHECKING:
    from array import array

    from mox.imapserver.contexts import Context

__all__ = ["Selected"]

# One in so many is looked for by itself.
_FEW = 16


class Selected:
    """The view; everything that changes it is here.

    Attributes:
        uids: Known UIDs, ascending; a message's number is its index plus one.
        modseq: Changes up to here are known here; see `told_modseq` for what was told.
        contexts: Results whose changes are told, by the tag of their command (RFC 5267).
    """

    __slots__ = (
        "_seen_modseq",
        "_untold",
        "contexts",
        "keywords",
        "mailbox_id",
        "modseq",
        "name",
        "read_only",
        "uids",
    )

    def __init__(
        self,
        *,
        mailbox_id: int,
        name: str,
        uids: "array[int]",
        modseq: int,
        keywords: tuple[str, ...],
        read_only: bool,
    ) -> None:
        self.mailbox_id = mailbox_id
        self.name = name
        self.uids = uids
        self.modseq = modseq
        # Of the state of the database that the view began with: older changes are in it.
        self._seen_modseq = modseq
        self._untold: int | None = None
        self.keywords = keywords
        self.read_only = read_only
        self.contexts: dict[str, Context] = {}

    @property
    def told_modseq(self) -> int:
        """What may be given as HIGHESTMODSEQ: nothing up to here is still to be told (RFC 7162 §3.2)."""
        return self.modseq if self._untold is None else min(self.modseq, self._untold - 1)

    @property
    def is_behind(self) -> bool:
        """Whether the client does not want to hear of something that happened."""
        return self._untold is not None

    def leave_untold(self, modseq: int) -> None:
        """Note that a change is not told."""
        if self._untold is None:
            self._untold = modseq

    def is_as_of(self, modseq: int) -> None:
        """Note that everything up to a modseq has been told."""
        self._untold = None
        self._seen_modseq = max(self._seen_modseq, modseq)
        self.modseq = max(self.modseq, modseq)

    def is_about(self, change: Change) -> bool:
        """Return whether a change is of this mailbox, and not known yet."""
        return change.mailbox_id == self.mailbox_id and change.modseq > self._seen_modseq

    def number_of(self, uid: int) -> int | None:
        """Return a message's number, None if the client does not know it."""
        index = bisect_left(self.uids, uid)
        return index + 1 if index < len(self.uids) and self.uids[index] == uid else None

    def known(self, uids: list[int]) -> list[int]:
        """Return those of ascending UIDs of live messages that the client knows: all but new ones."""
        return uids[: bisect_right(uids, self.uids[-1])] if self.uids else []

    def numbers_of(self, uids: Sequence[int]) -> list[int]:
        """Return the numbers of messages that the client knows, in their order."""
        if len(uids) * _FEW < len(self.uids):
            return [bisect_left(self.uids, uid) + 1 for uid in uids]
        numbers = dict(zip(self.uids, range(1, len(self.uids) + 1), strict=True))
        return [numbers[uid] for uid in uids]

    def spans(self, numbers: SequenceSet, *, by_uid: bool, is_strict: bool = True) -> list[tuple[int, int]]:
        """Return index ranges (start, stop) of what a set means.

        Raises:
            ValueError: A message number that no message has (RFC 9051 §9, seq-number: an error).
        """
        if by_uid:
            return numbers.spans(self.uids)
        count = len(self.uids)
        ranges = numbers.resolved(count)
        if is_strict and any(high > count for _, high in ranges):
            raise ValueError("no message has that number")
        return [(low - 1, min(high, count)) for low, high in ranges if low <= count]

    def uid_ranges(self, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Return the lowest and highest UID of each index range."""
        return [(self.uids[start], self.uids[stop - 1]) for start, stop in spans if start < stop]

    def add(self, uid: int) -> bool:
        """Take note of a new message; return whether it was new to the client."""
        if self.uids and uid <= self.uids[-1]:
            return False
        self.uids.append(uid)
        return True

    def remove(self, uid: int) -> int | None:
        """Forget a message; return the number it had."""
        number = self.number_of(uid)
        if number is not None:
            del self.uids[number - 1]
        return number
