"""The Date field (RFC 5322 §3.3) with its obsolete forms (§4.3), tolerantly read and strictly written."""

import re
from datetime import UTC, datetime, timedelta, timezone

from moxkit.message.parameters import without_comments
from moxkit.message.unfolding import unfold

__all__ = ["format_date", "parse_date"]

_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1
    )
}
_MONTH_NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_DAY_NAMES = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
# Obsolete zone names, in hours (RFC 5322 §4.3); every other name counts as -0000.
_ZONES = {"edt": -4, "est": -5, "cdt": -5, "cst": -6, "mdt": -6, "mst": -7, "pdt": -7, "pst": -8}
# [day-name ","] day month year hour ":" minute [":" second] [zone]; also "-" between the date's parts.
_DATE = re.compile(
    r"(?:[A-Za-z]{2,9}\.?,?\s*+)?(\d{1,2})[\s-]\s*+([A-Za-z]{3})[A-Za-z]*+\.?[\s-]\s*+(\d{2,4})[,\s]\s*+"
    r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:\.\d{1,9})?)?\s*+([+-]\d{4}|[+-]\d{2}:\d{2}|[A-Za-z]{1,5})?",
    re.ASCII,
)
_LONGEST = 200


def parse_date(raw: bytes) -> datetime | None:
    """Parse a date, or return `None`; the result is aware, and in UTC where the zone is unknown or absurd.

    A second of 60 becomes 59 (leap second), two- and three-digit years follow RFC 5322 §4.3.
    """
    if len(raw) > _LONGEST:
        return None
    text = unfold(without_comments(raw)).decode("ascii", "replace")
    if (match := _DATE.match(text)) is None:
        return None
    day, month_name, year_text, hour, minute, second, zone = match.groups()
    month = _MONTHS.get(month_name.lower())
    if month is None:
        return None
    year = int(year_text)
    if len(year_text) == 2:
        year += 2000 if year < 50 else 1900
    elif len(year_text) == 3:
        year += 1900
    try:
        return datetime(
            year, month, int(day), int(hour), int(minute), min(int(second or 0), 59), tzinfo=_zone(zone)
        )
    except ValueError:
        return None


def _zone(text: str | None) -> timezone:
    if text is None:
        return UTC
    if text[0] not in "+-":
        hours = _ZONES.get(text.lower(), 0)
        return timezone(timedelta(hours=hours)) if hours else UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if not offset or offset >= timedelta(hours=24):
        return UTC
    return timezone(-offset if text[0] == "-" else offset)


def format_date(when: datetime) -> str:
    """Write an aware datetime for a Date field (RFC 5322 §3.3), without depending on the locale.

    Raises:
        ValueError: ``when`` has no time zone.
    """
    offset = when.utcoffset()
    if offset is None:
        raise ValueError("a date needs its time zone")
    minutes = int(offset.total_seconds()) // 60
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return (
        f"{_DAY_NAMES[when.weekday()]}, {when.day} {_MONTH_NAMES[when.month - 1]} {when.year:04} "
        f"{when.hour:02}:{when.minute:02}:{when.second:02} {sign}{minutes // 60:02}{minutes % 60:02}"
    )
