"""Durations as people write them."""

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from mox.config.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("0", timedelta()),
        ("0s", timedelta()),
        ("72h", timedelta(days=3)),
        ("1h30m", timedelta(minutes=90)),
        ("15s", timedelta(seconds=15)),
        ("300ms", timedelta(milliseconds=300)),
        ("1.5h", timedelta(minutes=90)),
        ("5us", timedelta(microseconds=5)),
    ],
)
def test_reads(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text", ["", "1", "h", "-1h", "1 h", "1h ", "1d", "1.h", "1h30", "٣h", "9" * 20 + "h", "9" * 400 + "h"]
)
def test_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(), "0s"),
        (timedelta(days=30), "720h"),
        (timedelta(minutes=90, seconds=1), "1h30m1s"),
        (timedelta(milliseconds=300), "300ms"),
        (timedelta(seconds=59, microseconds=999_600), "59s999ms600us"),
    ],
)
def test_writes(duration: timedelta, text: str) -> None:
    assert format_duration(duration) == text


@given(st.timedeltas(timedelta(), timedelta(days=4000)))
def test_what_is_written_reads_as_the_same(duration: timedelta) -> None:
    assert parse_duration(format_duration(duration)) == duration
