"""INPROGRESS: how far a command is (RFC 9585 §6)."""

from dataclasses import dataclass

from moxkit.imap.encode import encode_quoted
from moxkit.imap.lexer import Cursor

__all__ = ["InProgressCode", "take_in_progress_code"]


@dataclass(frozen=True, slots=True)
class InProgressCode:
    """INPROGRESS; what is not known is `None`.

    Attributes:
        tag: Of the command; never one with ``]``, which would end the code.
        done: How far it is, in units of the command.
        goal: Where it ends.
    """

    tag: str | None = None
    done: int | None = None
    goal: int | None = None

    def __bytes__(self) -> bytes:
        """Return the code without brackets."""
        if self.tag is None and self.done is None and self.goal is None:
            return b"INPROGRESS"
        tag = b"NIL" if self.tag is None else encode_quoted(self.tag)
        numbers = ("NIL" if number is None else str(number) for number in (self.done, self.goal))
        return b"INPROGRESS (%b %b)" % (tag, " ".join(numbers).encode("ascii"))


def take_in_progress_code(cursor: Cursor) -> InProgressCode:
    """Take what stands behind INPROGRESS.

    Raises:
        ResponseSyntaxError: Malformed.
    """
    if not cursor.take(b" ("):
        return InProgressCode()
    tag = cursor.nstring()
    numbers: list[int | None] = []
    for _ in range(2):
        cursor.space()
        numbers.append(None if cursor.nil() else cursor.number())
    cursor.require(b")")
    return InProgressCode(None if tag is None else cursor.text(tag), *numbers)
