"""Dates of SEARCH and date-times of APPEND and INTERNALDATE (RFC 9051 §9)."""

import re
from datetime import date, datetime, timedelta, timezone

from moxkit.imap.lexer import Cursor

__all__ = ["encode_date", "encode_date_time", "take_date", "take_date_time"]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_NUMBER = {name.lower().encode("ascii"): number for number, name in enumerate(_MONTHS, 1)}

# date = date-text / DQUOTE date-text DQUOTE; date-text = 1*2DIGIT "-" month "-" 4DIGIT
_DATE = re.compile(rb'("?)([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4})\1')
# date-time = DQUOTE (SP DIGIT / 2DIGIT) "-" month "-" year SP time SP zone DQUOTE
_DATE_TIME = re.compile(
    rb'"([ 0-9]?[0-9])-([A-Za-z]{3})-([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2})([0-9]{2})"'
)


def take_date(cursor: Cursor) -> date:
    """Take a date, quoted or not.

    Raises:
        ImapSyntaxError: None here, or a day that does not exist.
    """
    found = cursor.expect(_DATE, "date")
    try:
        return date(int(found[4]), _MONTH_NUMBER[found[3].lower()], int(found[2]))
    except (KeyError, ValueError):
        raise cursor.fail("no such date") from None


def take_date_time(cursor: Cursor) -> datetime:
    """Take a quoted date-time; a leap second becomes the second before it.

    Raises:
        ImapSyntaxError: None here, or a moment that does not exist.
    """
    day, month, year, hour, minute, second, sign, zone_hours, zone_minutes = cursor.expect(
        _DATE_TIME, "date-time"
    ).groups()
    offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
    try:
        moment = datetime(
            int(year),
            _MONTH_NUMBER[month.lower()],
            int(day),
            int(hour),
            int(minute),
            min(int(second), 59) if second == b"60" else int(second),
            tzinfo=timezone(-offset if sign == b"-" else offset),
        )
        # Moments that leave the calendar in UTC cannot be stored or compared.
        moment.utctimetuple()
        _ = moment - datetime(1970, 1, 1, tzinfo=timezone.utc)  # noqa: UP017 - one name for all zones here
    except (KeyError, ValueError, OverflowError):
        raise cursor.fail("no such date-time") from None
    return moment


def encode_date(day: date) -> bytes:
    """Return a date as SEARCH takes it."""
    return f"{day.day}-{_MONTHS[day.month - 1]}-{day.year:04d}".encode("ascii")


def encode_date_time(moment: datetime) -> bytes:
    """Return an aware moment as a quoted date-time, in its own zone."""
    minutes = round((moment.utcoffset() or timedelta()).total_seconds() / 60)
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    zone = f"{sign}{minutes // 60:02d}{minutes % 60:02d}"
    clock = f"{moment.hour:02d}:{moment.minute:02d}:{moment.second:02d}"
    return f'"{moment.day:2d}-{_MONTHS[moment.month - 1]}-{moment.year:04d} {clock} {zone}"'.encode("ascii")
