"""Dates: RFC 5322 and obsolete forms, writing, noise."""

import email.utils
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st

from moxkit.message import format_date, parse_date


def at(hours: int) -> timezone:
    return timezone(timedelta(hours=hours))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"Fri, 21 Nov 1997 09:55:06 -0600", datetime(1997, 11, 21, 9, 55, 6, tzinfo=at(-6))),
        (b"Thu,\r\n  13\r\n    Feb\r\n  1969\r\n  23:32\r\n   -0330 (Newfoundland Time)",
         datetime(1969, 2, 13, 23, 32, tzinfo=timezone(-timedelta(hours=3, minutes=30)))),
        (b"21 Nov 97 09:55:06 GMT", datetime(1997, 11, 21, 9, 55, 6, tzinfo=UTC)),
        (b"1 Jan 49 00:00 EST", datetime(2049, 1, 1, tzinfo=at(-5))),
        (b"1 Jan 121 00:00 Z", datetime(2021, 1, 1, tzinfo=UTC)),
        (b"Sat, 31 Dec 2016 23:59:60 +0000", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (b"Mon, 1 January 2024 1:02:03", datetime(2024, 1, 1, 1, 2, 3, tzinfo=UTC)),
        (b"1 Jan 2024 00:00:00 +9900", datetime(2024, 1, 1, tzinfo=UTC)),
        (b"1 Jan 2024 00:00:00 +02:00", datetime(2024, 1, 1, tzinfo=at(2))),
        (b"31 Feb 2024 00:00:00 +0000", None),
        (b"1 Foo 2024 00:00:00 +0000", None),
        (b"1 Jan 0 00:00:00 +0000", None),
        (b"1 Jan 2024 25:00:00 +0000", None),
        (b"tomorrow", None),
        (b"", None),
        (b"x" * 1000, None),
    ],
)  # fmt: skip
def test_reads_dates(raw: bytes, expected: datetime | None) -> None:
    found = parse_date(raw)
    assert found == expected
    assert found is None or found.utcoffset() == (expected and expected.utcoffset())


ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1000, 1, 1), timezones=ZONES).map(lambda when: when.replace(microsecond=0)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_what_is_written_can_be_read(when: datetime) -> None:
    assert parse_date(format_date(when).encode()) == when
    with suppress(OverflowError):  # the standard library cannot represent the ends of the range
        assert email.utils.parsedate_to_datetime(format_date(when)) == when


def test_a_date_without_zone_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="zone"):
        format_date(datetime(2024, 1, 1))  # noqa: DTZ001 - the refusal is what is tested


@given(st.binary(max_size=60) | st.from_regex(rb"[0-9]{1,2} (Jan|Feb) [0-9]{2,4} [0-9:]{4,8} [+-][0-9]{4}"))
def test_noise_gives_a_date_or_none(raw: bytes) -> None:
    found = parse_date(raw)
    assert found is None or found.utcoffset() is not None
