"""What mbox files say of a message: in the `From ` line and in header fields that mail programs put there.

Rules: reference import-export.md §3.1 and §3.3. The fields stay in the message.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone

from mox.store import NO_FLAGS, Flag, Flags, KeywordInvalidError, parse_flags
from moxkit.message import Headers

__all__ = ["MOVING_FIELDS", "flags_of", "parse_from_line", "with_known_spelling"]

# They say how a message was kept, not what it is: two that differ in them only are one.
MOVING_FIELDS = ("status", "x-status", "x-keywords", "content-length")

_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1
    )
}
# Of North America, and what stands for UTC; others count as UTC.
_ZONES = {"EDT": -4, "EST": -5, "CDT": -5, "CST": -6, "MDT": -6, "MST": -7, "PDT": -7, "PST": -8}
# month day hour ":" minute ":" second [zone] year [zone], as ANSI C, date(1) and Ruby write them.
_DATE = re.compile(
    rb" ([A-Z][a-z]{2}) +(\d{1,2}) (\d{2}):(\d{2})(?::(\d{2}))?(?: ([A-Z]{1,5}|[+-]\d{4}))?"
    rb" (\d{4})(?: ([+-]\d{4}))?\s*\Z"
)
_LONGEST_TAIL = 80
_STATUS = {"R": Flag.SEEN}
_X_STATUS = {"A": Flag.ANSWERED, "F": Flag.FLAGGED, "T": Flag.DRAFT, "D": Flag.DELETED}
# Of one message, as the store has it.
_MOST_KEYWORDS = 100
_SEPARATORS = re.compile(r"[,\s]+")
# With and without the sign that makes them known keywords (RFC 5788).
_KNOWN = {
    "forwarded": "$Forwarded",
    "junk": "$Junk",
    "notjunk": "$NotJunk",
    "nonjunk": "$NotJunk",
    "phishing": "$Phishing",
    "mdnsent": "$MDNSent",
}


def parse_from_line(line: bytes) -> int | None:
    """Return the time in a `From ` line, Unix seconds; None if there is none that can be read."""
    found = _DATE.search(line[-_LONGEST_TAIL:])
    if found is None:
        return None
    month, day, hour, minute, second, zone, year, zone_after = found.groups(default=b"")
    try:
        at = datetime(
            int(year),
            _MONTHS[month.decode().lower()],
            int(day),
            int(hour),
            int(minute),
            min(int(second or 0), 59),
            tzinfo=_zone((zone_after or zone).decode()),
        )
    except (ValueError, KeyError):
        return None
    return int(at.timestamp())


def _zone(text: str) -> timezone:
    if text[:1] in {"+", "-"}:
        minutes = int(text[1:3]) * 60 + int(text[3:])
        return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))
    return timezone(timedelta(hours=_ZONES[text])) if text in _ZONES else UTC


def flags_of(headers: Headers) -> tuple[Flags, list[str]]:
    """Return what Status, X-Status and X-Keywords say, and keywords that nobody can keep."""
    bits = NO_FLAGS.bits
    for name, meanings in (("status", _STATUS), ("x-status", _X_STATUS)):
        for letter in (headers.first(name) or b"").decode("latin-1"):
            bits |= meanings.get(letter, NO_FLAGS.bits)
    text = (headers.first("x-keywords") or b"").decode("utf-8", "replace")
    keywords, refused = with_known_spelling(word for word in _SEPARATORS.split(text) if word)
    return Flags(bits | keywords.bits, keywords.keywords), refused


def with_known_spelling(words: Iterable[str]) -> tuple[Flags, list[str]]:
    """Return words as flags and keywords, and refused ones; those that are known may lack their `$`."""
    flags, refused = NO_FLAGS, list[str]()
    for word in words:
        try:
            each = parse_flags([_KNOWN.get(word.lower().removeprefix("$"), word)])
            flags = Flags(flags.bits | each.bits, tuple(sorted({*flags.keywords, *each.keywords})))
        except KeywordInvalidError:
            refused.append(word[:100])
    return (flags, refused) if len(flags.keywords) <= _MOST_KEYWORDS else (Flags(flags.bits), refused)
