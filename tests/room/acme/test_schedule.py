"""When certificates are renewed, and asked for again after a failure."""

from datetime import UTC, datetime, timedelta

import pytest

from mox.acme.certificate import Issued
from mox.acme.schedule import renewal_time, retry_delay
from mox.certificates import KeyType

END = datetime(2030, 4, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def issued(days: float) -> Issued:
    return Issued("mox.example", KeyType.ECDSA, b"", b"", END - timedelta(days=days), END, "1")


@pytest.mark.parametrize(
    ("days", "wanted", "ahead"),
    [
        (90, 30, 30),
        # Never earlier than thirty days, or a third of its life.
        (90, 60, 30),
        (398, 300, 30),
        (45, 30, 15),
        (6, 30, 2),
        (90, 7, 7),
    ],
)
def test_it_is_renewed_in_time_and_not_too_early(days: int, wanted: int, ahead: int) -> None:
    assert renewal_time(issued(days), wanted * DAY) == END - ahead * DAY


def test_the_pause_doubles_to_half_a_day() -> None:
    minutes = [retry_delay(count) / timedelta(minutes=1) for count in range(1, 9)]
    assert minutes == [10, 20, 40, 80, 160, 320, 640, 720]
    assert retry_delay(10_000) == timedelta(hours=12)


def test_a_provider_that_wants_to_be_left_alone_is() -> None:
    assert retry_delay(1, timedelta(days=2)) == timedelta(days=2)
    assert retry_delay(3, timedelta(seconds=5)) == timedelta(minutes=40)
