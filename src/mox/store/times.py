"""How IMAP writes a date and time (RFC 9051 §9 date-time); the server's are always in UTC."""

from datetime import UTC, datetime

__all__ = ["imap_datetime"]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def imap_datetime(unix_s: int) -> str:
    """Write Unix seconds as ` 1-Jan-2026 12:00:00 +0000`, without quotes."""
    at = datetime.fromtimestamp(unix_s, UTC)
    # strftime would use the locale's month names.
    return f"{at.day:2}-{_MONTHS[at.month - 1]}-{at.year:04} {at.hour:02}:{at.minute:02}:{at.second:02} +0000"
