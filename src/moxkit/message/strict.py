"""What a pedantic reader objects to: malformed MIME, line ends and line lengths (RFC 5322 §2.1.1, §2.3)."""

import re

from moxkit.message.octets import Source, take
from moxkit.message.part import Part

__all__ = ["check_strict"]

_BARE_LF = re.compile(rb"(?<!\r)\n")
_BARE_CR = re.compile(rb"\r(?!\n)")
_NUL = re.compile(rb"\0")
_LONGEST_LINE = 1000  # with CRLF, RFC 5322 §2.1.1
_MOST = 100


def check_strict(part: Part, source: Source) -> tuple[str, ...]:
    """Return what is wrong with a message, each problem once, at most 100; empty if nothing is."""
    found: dict[str, None] = {}
    if _BARE_LF.search(source) is not None:
        found["bare lf"] = None
    if _BARE_CR.search(source) is not None:
        found["bare cr"] = None
    if _NUL.search(source) is not None:
        found["nul octet"] = None
    if _has_long_line(source):
        found["line too long"] = None
    for each in part.walk():
        found.update(dict.fromkeys(each.problems))
        if len(found) >= _MOST:
            break
    return tuple(found)[:_MOST]


def _has_long_line(source: Source) -> bool:
    """Hop from window to window: each must hold the end of a line that began at its start or later."""
    at, end = 0, len(source)
    while end - at > _LONGEST_LINE:
        line_end = take(source, at, at + _LONGEST_LINE).rfind(b"\n")
        if line_end < 0:
            return True
        at += line_end + 1
    return False
