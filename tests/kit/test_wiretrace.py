"""What each trace level shows, and that nothing secret appears above its own level."""

import logging
from collections.abc import Iterator

import pytest

from moxkit.wiretrace import TRACE, TRACEAUTH, TRACEDATA, Kind, WireTrace


class Records(logging.Handler):
    """Keeps what a handler would have written."""

    def __init__(self) -> None:
        super().__init__(level=0)
        self.shown: list[tuple[int, str, str, int]] = []

    def emit(self, record: logging.LogRecord) -> None:
        fields = record.__dict__
        self.shown.append((record.levelno, record.getMessage(), fields["octets"], fields["size_octets"]))


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    made = logging.getLogger("moxkit.test.wiretrace")
    made.propagate = False
    yield made
    made.handlers.clear()


def collect(logger: logging.Logger, level: int) -> list[tuple[int, str, str, int]]:
    records = Records()
    logger.handlers[:] = [records]
    logger.setLevel(level)
    trace = WireTrace(logger)
    trace.received(b"a LOGIN ")
    trace.received(b"joe s3cret", Kind.AUTH)
    trace.sent(b"Subject: x\xff\r\n", Kind.DATA)
    return records.shown


def test_levels_are_named_and_below_debug() -> None:
    assert logging.DEBUG > TRACE > TRACEAUTH > TRACEDATA > 0
    assert [logging.getLevelName(n) for n in (TRACE, TRACEAUTH, TRACEDATA)] == [
        "TRACE",
        "TRACEAUTH",
        "TRACEDATA",
    ]


def test_debug_shows_nothing(logger: logging.Logger) -> None:
    assert collect(logger, logging.DEBUG) == []


def test_trace_masks_credentials_and_content(logger: logging.Logger) -> None:
    assert collect(logger, TRACE) == [
        (TRACE, "octets received", "a LOGIN ", 8),
        (TRACE, "octets received", "***", 10),
        (TRACE, "octets sent", "...", 13),
    ]


def test_traceauth_shows_credentials_but_not_content(logger: logging.Logger) -> None:
    shown = [(level, text) for level, _, text, _ in collect(logger, TRACEAUTH)]
    assert shown == [(TRACE, "a LOGIN "), (TRACEAUTH, "joe s3cret"), (TRACE, "...")]


def test_tracedata_shows_everything(logger: logging.Logger) -> None:
    shown = [(level, text) for level, _, text, _ in collect(logger, TRACEDATA)]
    assert shown == [(TRACE, "a LOGIN "), (TRACEAUTH, "joe s3cret"), (TRACEDATA, "Subject: x\\xff\r\n")]


def test_handler_at_trace_level_never_sees_credentials(logger: logging.Logger) -> None:
    records = Records()
    records.setLevel(TRACE)
    logger.handlers[:] = [records]
    logger.setLevel(TRACEDATA)
    WireTrace(logger).received(b"s3cret", Kind.AUTH)
    assert records.shown == []
