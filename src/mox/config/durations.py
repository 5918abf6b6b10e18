"""Durations as people write them: `72h`, `1h30m`, `15s`, `300ms`."""

import re
from datetime import timedelta

__all__ = ["format_duration", "parse_duration"]

_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


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
    return timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in parts))


def format_duration(duration: timedelta) -> str:
    """Write a duration in the largest units that fit."""
    seconds, text = duration.total_seconds(), ""
    if seconds == 0:
        return "0s"
    for unit in ("h", "m", "s"):
        count = int(seconds // _SECONDS[unit])
        if count:
            text += f"{count}{unit}"
            seconds -= count * _SECONDS[unit]
    return text + (f"{round(seconds * 1000)}ms" if seconds >= 0.001 else "")
