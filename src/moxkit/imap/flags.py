"""Flags and keywords of a message (RFC 9051 §2.3.2)."""

from collections.abc import Iterable

from moxkit.imap.errors import CommandSyntaxError
from moxkit.imap.lexer import Cursor

__all__ = [
    "ANSWERED",
    "DELETED",
    "DRAFT",
    "FLAGGED",
    "REGISTERED_KEYWORDS",
    "SEEN",
    "SYSTEM_FLAGS",
    "canonical_flag",
    "encode_flags",
    "take_flag",
    "take_flag_list",
]

SEEN = "\\Seen"
ANSWERED = "\\Answered"
FLAGGED = "\\Flagged"
DELETED = "\\Deleted"
DRAFT = "\\Draft"

SYSTEM_FLAGS = (SEEN, ANSWERED, FLAGGED, DELETED, DRAFT)
# Registered at IANA, RFC 9051 §2.3.2 and RFC 5788.
REGISTERED_KEYWORDS = ("$Forwarded", "$Junk", "$NotJunk", "$Phishing", "$MDNSent")

_CANONICAL = {flag.lower(): flag for flag in (*SYSTEM_FLAGS, *REGISTERED_KEYWORDS)}


def canonical_flag(flag: str) -> str:
    r"""Return a flag in its registered case; other keywords stay as they are.

    Raises:
        CommandSyntaxError: It begins with ``\`` and is no flag a client can set.
    """
    known = _CANONICAL.get(flag.lower())
    if known is not None:
        return known
    if flag.startswith("\\"):
        raise CommandSyntaxError("unknown system flag")
    return flag


def take_flag(cursor: Cursor) -> str:
    """Take one flag or keyword.

    Raises:
        CommandSyntaxError: None here, or a system flag that does not exist.
    """
    if cursor.take(b"\\"):
        return canonical_flag("\\" + cursor.atom())
    return canonical_flag(cursor.atom())


def take_flag_list(cursor: Cursor) -> tuple[str, ...]:
    """Take flags in parentheses; a repeated one counts once.

    Raises:
        CommandSyntaxError: Not a list of flags.
    """
    cursor.require(b"(")
    flags: dict[str, None] = {}
    if not cursor.take(b")"):
        flags[take_flag(cursor)] = None
        while cursor.take(b" "):
            flags[take_flag(cursor)] = None
        cursor.require(b")")
    return tuple(flags)


def encode_flags(flags: Iterable[str]) -> bytes:
    """Return flags in parentheses."""
    return f"({' '.join(flags)})".encode("ascii")
