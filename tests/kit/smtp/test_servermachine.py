"""The server's machine: order, limits, flushing, and independence of the split."""

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from moxkit.smtp import (
    NEED_DATA,
    Auth,
    AuthResponse,
    BadCommand,
    Bdat,
    Data,
    DataChunk,
    DataEnd,
    Dialect,
    Ehlo,
    NeedData,
    Noop,
    Reply,
    ServerMachine,
)

OK = Reply(250, "2.0.0", "ok")


def machine(*, is_submission: bool = False, max_size: int = 1000) -> ServerMachine:
    made = ServerMachine(Dialect(is_submission=is_submission), max_size=max_size)
    made.reply(Reply(220, "", "mx.example ESMTP"))
    made.data_to_send()
    return made


def drive(made: ServerMachine, pieces: list[bytes]) -> list[object]:
    """Give octets, answer everything, join chunks; return the events."""
    events: list[object] = []
    for piece in pieces:
        made.receive_data(piece)
        while not isinstance(event := made.next_event(), NeedData):
            if isinstance(event, DataChunk):
                last = events[-1]
                if isinstance(last, DataChunk):
                    events.pop()
                    event = DataChunk(last.octets + event.octets)
            elif isinstance(event, Auth | AuthResponse):
                made.challenge(b"x")
            elif isinstance(event, BadCommand):
                made.reply(Reply(event.code, event.enhanced, event.text))
            elif not isinstance(event, Bdat):
                made.reply(Reply(354, "", "go") if isinstance(event, Data) else OK)
            events.append(event)
    return events


CONVERSATION = (
    b"EHLO a.example\r\nMAIL FROM:<>\r\nRCPT TO:<a@mox.example>\r\nDATA\r\n"
    b"..x\r\ny\n.\r\nz\r\n.\r\nNOOP\r\nFOO\r\nRCPT TO:<x@y.example>\r\nQUIT\r\n"
)


@given(st.lists(st.integers(0, len(CONVERSATION)), max_size=12))
def test_any_split_gives_the_same_events(cuts: list[int]) -> None:
    edges = sorted({0, len(CONVERSATION), *cuts})
    pieces = [CONVERSATION[start:end] for start, end in pairwise(edges)]
    assert drive(machine(), pieces) == drive(machine(), [CONVERSATION])


def test_replies_wait_for_the_end_of_a_pipeline() -> None:
    made = machine()
    made.receive_data(b"EHLO a.example\r\n")
    assert isinstance(made.next_event(), Ehlo)
    made.reply(OK)
    made.data_to_send()
    made.receive_data(b"MAIL FROM:<>\r\nRCPT TO:<a@mox.example>\r\nDATA\r\n")
    flushes = []
    while (event := made.next_event()) is not NEED_DATA:
        made.reply(Reply(354, "", "go") if isinstance(event, Data) else OK)
        flushes.append(made.wants_flush)
    assert flushes == [False, False, True]
    assert made.data_to_send().count(b"\r\n") == 3


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (b"MAIL FROM:<>\r\n", 503),
        (b"EHLO a.example\r\nRCPT TO:<a@mox.example>\r\n", 503),
        (b"EHLO a.example\r\nDATA\r\n", 503),
        (b"EHLO a.example\r\nMAIL FROM:<>\r\nDATA\r\n", 503),
        (b"EHLO a.example\r\nMAIL FROM:<>\r\nMAIL FROM:<>\r\n", 503),
        (b"EHLO a.example\r\nMAIL FROM:<>\r\nRSET\r\nRCPT TO:<a@mox.example>\r\n", 503),
        (b"EHLO a.example\r\nSTARTTLS\r\n", 503),
        (b"EHLO a.example\r\nAUTH PLAIN\r\n", 503),
        (b"EHLO\r\n", 501),
        (b"HELO [192.0.2.1]\r\n", 501),
        (b"NOOP a b\r\n", 501),
        (b"VRFY\r\n", 501),
        (b"RSET x\r\n", 501),
        (b"NOOP\r\nFOO\r\n", 500),
    ],
)
def test_refuses_with_reply_code(lines: bytes, code: int) -> None:
    event = drive(machine(), [lines])[-1]
    assert isinstance(event, BadCommand)
    assert (event.code, event.closes) == (code, False)


@pytest.mark.parametrize("octets", [b"GET / HTTP/1.1\r\n", b"NOOP " + b"x" * 2100, b"\x16\x03\x01\r\n"])
def test_hopeless_clients_are_stopped(octets: bytes) -> None:
    made = machine()
    event = drive(made, [octets])[-1]
    assert isinstance(event, BadCommand)
    assert (event.code, event.closes) == (500, True)
    made.receive_data(b"NOOP\r\n")
    assert made.next_event() is NEED_DATA


def test_authentication_is_decoded_and_cancelled() -> None:
    made = machine(is_submission=True)
    events = drive(made, [b"EHLO x\r\nMAIL FROM:<>\r\nAUTH PLAIN =\r\nAGEAYg==\r\n*\r\n!\r\nNOOP\r\n"])
    assert events[1] == BadCommand(530, "5.7.0", "authentication required")
    assert events[2:5] == [Auth("PLAIN", b""), AuthResponse(b"\0a\0b"), AuthResponse(None)]
    assert events[5] == BadCommand(501, "5.5.2", "bad base64")
    assert events[6] == Noop()
    assert "AGE" not in repr(events)


def test_too_large_content_is_drained_without_chunks_beyond_the_limit() -> None:
    made = machine(max_size=10)
    start = b"EHLO a.example\r\nMAIL FROM:<>\r\nRCPT TO:<a@mox.example>\r\nDATA\r\n"
    events = drive(made, [start, b"x" * 50, b"\r\n.\r\nNOOP\r\n"])
    assert events[-2:] == [DataEnd(52, too_large=True), Noop()]
    made = machine(max_size=10)
    events = drive(made, [start, *[b"x" * 1000] * 9])
    assert isinstance(events[-1], DataEnd)
    assert not events[-1].is_drained


@given(st.lists(st.binary(max_size=40)), st.booleans())
def test_noise_gives_events_and_nothing_else(pieces: list[bytes], is_submission: bool) -> None:
    drive(machine(is_submission=is_submission), [b"NOOP\r\n", *pieces])
