"""Durations as people write them: `72h`, `1h30m`, `15s`, `300ms`."""

import re
from datetime import timedelta

__all__ = ["format_duration", "parse_duration"]

_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ns|us|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}

_UNITS = (("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1000), ("us", 1))


def parse_duration(text: str) -> timedelta:
    """Read a duration.

    Raises:
        ValueError: Not a duration; the text says what is expected.
    """
    if text == "0":
        return timedelta()
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text!r} is not a duration; write it like 72h, 1h30m, 15s or 300ms")
    try:
        return timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in parts))
    except OverflowError as error:
        raise ValueError(f"{text!r} is too long a duration") from error


def format_duration(duration: timedelta) -> str:
    """Write a duration in the largest units that fit."""
    # Whole numbers, since fractions of seconds do not add up.
    rest, text = duration // timedelta(microseconds=1), ""
    for unit, size in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            text += f"{count}{unit}"
    return text or "0s"
