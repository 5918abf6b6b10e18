"""Flags and keywords of a message (RFC 9051 §2.3.2): system flags are bits, the rest is text.

`$Forwarded`, `$Junk`, `$NotJunk`, `$Phishing` and `$MDNSent` are keywords on the wire and bits here, because
the server acts on them. Other keywords are kept in lower case.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, IntFlag

from mox.store.errors import KeywordInvalidError

__all__ = ["NO_FLAGS", "SYSTEM_FLAGS", "Flag", "FlagChange", "Flags", "FlagsAction", "parse_flags"]


class Flag(IntFlag):
    """The flags with a meaning for the server; the bits are stored."""

    SEEN = 1
    ANSWERED = 2
    FLAGGED = 4
    DELETED = 8
    DRAFT = 16
    FORWARDED = 32
    JUNK = 64
    NOTJUNK = 128
    PHISHING = 256
    MDNSENT = 512


NONE = Flag(0)

# In the order in which they are written.
SYSTEM_FLAGS: dict[str, Flag] = {
    "\\Seen": Flag.SEEN,
    "\\Answered": Flag.ANSWERED,
    "\\Flagged": Flag.FLAGGED,
    "\\Deleted": Flag.DELETED,
    "\\Draft": Flag.DRAFT,
    "$Forwarded": Flag.FORWARDED,
    "$Junk": Flag.JUNK,
    "$NotJunk": Flag.NOTJUNK,
    "$Phishing": Flag.PHISHING,
    "$MDNSent": Flag.MDNSENT,
}
_BY_LOWER = {name.lower(): flag for name, flag in SYSTEM_FLAGS.items()}
# \Recent does not exist any more (RFC 9051 §2.3.2); a client that sends it gets no error.
_IGNORED = "\\recent"
_KEYWORD = re.compile(r"[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]+")
# Bounds what one message can be made to carry.
_LONGEST_KEYWORD = 128
_MOST_KEYWORDS = 100


@dataclass(frozen=True, slots=True)
class Flags:
    """Flags of one message.

    Attributes:
        bits: The flags with a meaning.
        keywords: The others: sorted, lower case, without repetition.
    """

    bits: Flag = NONE
    keywords: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """As IMAP writes them, without parentheses."""
        names = _names(int(self.bits))
        return " ".join((*names, *self.keywords)) if self.keywords else " ".join(names)

    def __contains__(self, flag: Flag) -> bool:
        return bool(self.bits & flag)


_NAMES: dict[int, tuple[str, ...]] = {}


def _names(bits: int) -> tuple[str, ...]:
    # At most 1,024 combinations exist.
    if (names := _NAMES.get(bits)) is None:
        names = _NAMES[bits] = tuple(name for name, flag in SYSTEM_FLAGS.items() if bits & flag)
    return names


NO_FLAGS = Flags()


def parse_flags(names: Iterable[str]) -> Flags:
    """Sort flag names as a client gave them into bits and keywords.

    Raises:
        KeywordInvalidError: Not an atom that can be a keyword, too long, or too many.
    """
    bits, keywords = 0, set[str]()
    for name in names:
        lower = name.lower()
        if (flag := _BY_LOWER.get(lower)) is not None:
            bits |= flag
        elif lower == _IGNORED:
            continue
        elif name.startswith("\\"):
            raise KeywordInvalidError(name, "is not a flag this server keeps")
        elif _KEYWORD.fullmatch(name) is None:
            raise KeywordInvalidError(name, "has characters that keywords cannot have")
        elif len(name) > _LONGEST_KEYWORD:
            raise KeywordInvalidError(name[:32] + "…", f"is longer than {_LONGEST_KEYWORD} characters")
        else:
            keywords.add(lower)
    _check_count(len(keywords))
    return Flags(Flag(bits), tuple(sorted(keywords)))


def _check_count(count: int) -> None:
    if count > _MOST_KEYWORDS:
        raise KeywordInvalidError("…", f"is one of {count}; a message can have {_MOST_KEYWORDS}")


class FlagsAction(Enum):
    """What STORE does with the flags it names (RFC 9051 §6.4.6)."""

    REPLACE = 0
    ADD = 1
    REMOVE = 2


@dataclass(frozen=True, slots=True)
class FlagChange:
    """One change of flags, to be applied to many messages."""

    action: FlagsAction
    flags: Flags

    def apply(self, bits: int, keywords: str) -> tuple[int, str]:
        """Return the new bits and keywords (as the columns hold them).

        Raises:
            KeywordInvalidError: The message would have too many.
        """
        wanted = self.flags
        match self.action:
            case FlagsAction.ADD:
                bits |= wanted.bits
                if wanted.keywords:
                    all_keywords = {*keywords.split(), *wanted.keywords}
                    _check_count(len(all_keywords))
                    keywords = " ".join(sorted(all_keywords))
            case FlagsAction.REMOVE:
                bits &= ~wanted.bits
                if wanted.keywords:
                    keywords = " ".join(sorted(set(keywords.split()) - set(wanted.keywords)))
            case _:
                bits, keywords = int(wanted.bits), " ".join(wanted.keywords)
        return int(bits), keywords
