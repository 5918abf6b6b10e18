"""Arguments of COMPRESS, LANGUAGE and SETQUOTA."""

import re

from moxkit.imap.lexer import Cursor
from moxkit.imap.sessioncommands import Compress, Language, SetQuota

__all__ = ["take_compress", "take_language", "take_setquota"]

# language-range = (1*8ALPHA *("-" 1*8alphanum)) / "*" (RFC 4647 §2.1); basic and extended ones alike.
_RANGE = re.compile(r"(?:[A-Za-z]{1,8}|\*)(?:-(?:[A-Za-z0-9]{1,8}|\*)){0,10}")
_MOST_RANGES = 100


def take_compress(cursor: Cursor) -> Compress:
    """Take the argument of COMPRESS: an atom (RFC 4978 §5)."""
    cursor.space()
    return Compress(cursor.atom().upper())


def take_language(cursor: Cursor) -> Language:
    """Take the arguments of LANGUAGE (RFC 5255 §3.5)."""
    ranges: list[str] = []
    while cursor.take(b" "):
        wanted = cursor.text(cursor.astring())
        if _RANGE.fullmatch(wanted) is None:
            raise cursor.fail("malformed language range")
        if len(ranges) == _MOST_RANGES:
            raise cursor.fail("too many language ranges")
        ranges.append(wanted)
    return Language(tuple(ranges))


def take_setquota(cursor: Cursor) -> SetQuota:
    """Take ``SETQUOTA root "(" [resource SP limit ...] ")"`` (RFC 9208 §7)."""
    cursor.space()
    root = cursor.text(cursor.astring())
    cursor.require(b" (")
    limits: list[tuple[str, int]] = []
    while not cursor.take(b")"):
        if limits:
            cursor.space()
        name = cursor.atom().upper()
        cursor.space()
        limits.append((name, cursor.number()))
    return SetQuota(root, tuple(limits))
