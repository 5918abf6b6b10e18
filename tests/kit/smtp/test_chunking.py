"""BDAT: what is counted is content, whatever it looks like; a refused chunk is never read as commands."""

import time
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from moxkit.smtp import (
    NEED_DATA,
    BadCommand,
    Bdat,
    ChunkEnd,
    DataChunk,
    DataEnd,
    Dialect,
    Event,
    NeedData,
    Noop,
    Quit,
    Reply,
    ServerMachine,
)

OK = Reply(250, "2.0.0", "ok")
START = b"EHLO a.example\r\nMAIL FROM:<>%b\r\nRCPT TO:<a@mox.example>\r\n"
BINARY = START % b" BODY=BINARYMIME"
LINES = START % b""


def machine(max_size: int = 1000) -> ServerMachine:
    made = ServerMachine(Dialect(allows_binary=True), max_size=max_size)
    made.reply(Reply(220, "", "mx.example ESMTP"))
    return made


def drive(made: ServerMachine, *pieces: bytes, refuse: bool = False) -> list[Event]:
    """Give octets, answer everything, join content; return the events from the first BDAT on."""
    events: list[Event] = []
    for piece in pieces:
        made.receive_data(piece)
        while not isinstance(event := made.next_event(), NeedData):
            match event:
                case DataChunk(octets) if events and isinstance(last := events[-1], DataChunk):
                    events[-1] = DataChunk(last.octets + octets)
                    continue
                case DataChunk() | Bdat():
                    pass
                case ChunkEnd() if refuse:
                    made.reply(Reply(452, "4.3.1", "no room"))
                case BadCommand():
                    made.reply(Reply(event.code, event.enhanced, event.text))
                case _:
                    made.reply(OK)
            events.append(event)
    at = next((n for n, event in enumerate(events) if isinstance(event, Bdat | BadCommand)), len(events))
    return events[at:]


def content(events: list[Event]) -> bytes:
    return b"".join(event.octets for event in events if isinstance(event, DataChunk))


def test_a_message_in_three_chunks() -> None:
    events = drive(machine(), BINARY, b"BDAT 6\r\nQUIT\r\nbdat 3 last\r\n\r\0\nNOOP\r\n")
    assert events == [
        Bdat(6, is_last=False),
        DataChunk(b"QUIT\r\n"),
        ChunkEnd(6),
        Bdat(3, is_last=True),
        DataChunk(b"\r\0\n"),
        DataEnd(9),
        Noop(),
    ]


@pytest.mark.parametrize(
    ("chunks", "expected", "has_bare_cr", "has_bare_lf"),
    [
        ([b"a\r\n"], b"a\r\n", False, False),
        # As if it had come by DATA.
        ([b"a"], b"a\r\n", False, False),
        ([b""], b"", False, False),
        ([b"a\r", b"\nb\r\n"], b"a\r\nb\r\n", False, False),
        ([b"a\r\n", b""], b"a\r\n", False, False),
        ([b"a\r", b"b"], b"a\rb\r\n", True, False),
        ([b"a\r", b""], b"a\r\r\n", True, False),
        ([b"a\nb\n"], b"a\r\nb\r\n", False, True),
        ([b"\n.\n", b"\n.\r\n"], b"\r\n.\r\n\r\n.\r\n", False, True),
        ([b"\r\n.\r\n", b"..\r\n"], b"\r\n.\r\n..\r\n", False, False),
    ],
)
def test_lines(chunks: list[bytes], expected: bytes, has_bare_cr: bool, has_bare_lf: bool) -> None:
    wire = [b"BDAT %d%b\r\n%b" % (len(c), b" LAST" * (c is chunks[-1]), c) for c in chunks]
    events = drive(machine(), LINES, *wire)
    assert content(events) == expected
    assert events[-1] == DataEnd(len(expected), has_bare_cr=has_bare_cr, has_bare_lf=has_bare_lf)


PIECES = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"a", b"QUIT\r\n", b"BDAT 9 LAST\r\n", b"\0"]), max_size=12
)


@given(st.lists(PIECES.map(b"".join), min_size=1, max_size=5), st.booleans(), st.lists(st.integers(0, 300)))
def test_any_split_gives_the_same_and_nothing_inside_is_a_command(
    chunks: list[bytes], is_binary: bool, cuts: list[int]
) -> None:
    wire = BINARY if is_binary else LINES
    for n, chunk in enumerate(chunks, 1):
        wire += b"BDAT %d%b\r\n%b" % (len(chunk), b" LAST" * (n == len(chunks)), chunk)
    wire += b"NOOP\r\n"
    edges = sorted({0, len(wire), *(cut for cut in cuts if cut < len(wire))})
    events = drive(machine(), *(wire[start:end] for start, end in pairwise(edges)))
    assert events == drive(machine(), wire)
    assert events[-1] == Noop()
    assert sum(isinstance(event, Bdat) for event in events) == len(chunks)
    assert not any(isinstance(event, Quit | BadCommand) for event in events)
    if is_binary:
        assert content(events) == b"".join(chunks)
    else:
        assert b"\n" not in content(events).replace(b"\r\n", b"")


def test_behind_a_chunk_that_the_server_refused_all_are_read_and_refused() -> None:
    made = machine()
    wire = LINES + b"BDAT 6\r\nQUIT\r\nBDAT 6\r\nQUIT\r\nBDAT 6 LAST\r\nQUIT\r\n"
    events = drive(made, wire, refuse=True)
    refused = BadCommand(503, "5.5.1", "a chunk before was refused, RSET first")
    assert events == [Bdat(6, is_last=False), DataChunk(b"QUIT\r\n"), ChunkEnd(6), refused, refused]
    again = LINES.partition(b"\r\n")[2] + b"BDAT 1 LAST\r\nx"
    assert drive(made, b"RSET\r\n" + again)[-1] == DataEnd(3)


def test_a_chunk_refused_by_the_order_leaves_no_trace() -> None:
    """Content before MAIL is not content of what follows."""
    events = drive(machine(), b"EHLO a.example\r\nBDAT 6\r\nQUIT\r\n", LINES, b"BDAT 1 LAST\r\nx")
    assert events[0] == BadCommand(503, "5.5.1", "MAIL first")
    assert content(events) == b"x\r\n"


def test_too_large_content_is_counted_and_not_handed_out() -> None:
    events = drive(machine(max_size=10), LINES, b"BDAT 9\r\n123456789BDAT 2\r\nxxBDAT 1 LAST\r\nyNOOP\r\n")
    assert events == [
        Bdat(9, is_last=False),
        DataChunk(b"123456789"),
        ChunkEnd(9),
        Bdat(2, is_last=False),
        ChunkEnd(2, too_large=True),
        Bdat(1, is_last=True),
        DataEnd(14, too_large=True),
        Noop(),
    ]


@pytest.mark.parametrize("start", [b"", LINES])
def test_nobody_waits_for_the_end_of_an_endless_chunk(start: bytes) -> None:
    made = machine(max_size=10)
    made.receive_data(start)
    [event] = drive(made, b"BDAT 999999999999999999\r\nQUIT\r\n")
    assert isinstance(event, BadCommand)
    assert (event.code, event.closes) == (552, True)
    made.receive_data(b"NOOP\r\n")
    assert made.next_event() is NEED_DATA


@pytest.mark.parametrize(
    "args", [b"", b" ", b" x", b" -1", b" 1 LASTLY", b" 1  LAST", b" 1LAST", b" " + b"1" * 19]
)
def test_a_size_that_cannot_be_read_ends_the_connection(args: bytes) -> None:
    [event] = drive(machine(), LINES, b"BDAT" + args + b"\r\nQUIT\r\n")
    assert isinstance(event, BadCommand)
    assert (event.code, event.closes) == (501, True)


def test_replies_of_a_pipeline_wait_for_its_end() -> None:
    """RFC 2920 §3.2."""
    made = machine()
    made.receive_data(LINES + b"BDAT 1\r\nxBDAT 1\r\nyBDAT 0 LAST\r\n")
    flushes = []
    while not isinstance(event := made.next_event(), NeedData):
        if not isinstance(event, DataChunk | Bdat):
            made.reply(OK)
            flushes.append((type(event).__name__, made.wants_flush))
    assert flushes[-3:] == [("ChunkEnd", False), ("ChunkEnd", False), ("DataEnd", True)]


@pytest.mark.parametrize("wire", [b"BDAT 1\r\nx", b"BDAT 1\r\n\n", b"BDAT 0\r\n"])
def test_a_hostile_megabyte_ends_in_time(wire: bytes) -> None:
    before = time.process_time()
    drive(machine(max_size=1 << 20), LINES, *[wire * 5000] * (1_000_000 // 5000 // len(wire)))
    drive(machine(max_size=1 << 20), *[wire * 5000] * (1_000_000 // 5000 // len(wire)))
    drive(machine(max_size=1 << 20), LINES, b"BDAT 1000000 LAST\r\n", *[b"\r"] * 100_000)
    assert time.process_time() - before < 10
