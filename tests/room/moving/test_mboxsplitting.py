"""Mbox files: where messages begin (RFC 4155 appendix A), quoting, any pieces, any length of lines."""

import io
import mailbox
import time
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from mox.moving.entries import ByteStream
from mox.moving.errors import ArchiveError
from mox.moving.mboxsplitting import split_mbox


class Trickle:
    """Gives so many octets at a time, whatever is asked for."""

    def __init__(self, octets: bytes, size: int) -> None:
        self._file = io.BytesIO(octets)
        self._size = size

    def read(self, size: int, /) -> bytes:
        return self._file.read(min(size, self._size))


def split(stream: ByteStream | bytes) -> list[tuple[int, bytes, bytes]]:
    stream = io.BytesIO(stream) if isinstance(stream, bytes) else stream
    return [(each.line, each.from_line, b"".join(each.pieces)) for each in split_mbox(stream)]


FILES = [
    (b"", []),
    (b"From a\n", [(1, b"From a", b"")]),
    (b"From a", [(1, b"From a", b"")]),
    (b"From a\nx: y\n\nz\n", [(1, b"From a", b"x: y\n\nz\n")]),
    (b"From a\nx: y\n\nz", [(1, b"From a", b"x: y\n\nz")]),
    # The empty line before the next is nobody's; one more is the message's.
    (b"From a\nz\n\nFrom b\ny\n\n", [(1, b"From a", b"z\n"), (4, b"From b", b"y\n")]),
    (b"From a\nz\n\n\nFrom b\ny\n\n\n", [(1, b"From a", b"z\n\n"), (5, b"From b", b"y\n\n")]),
    (b"From a\r\nz\r\n\r\nFrom b\r\ny\r\n\r\n", [(1, b"From a", b"z\r\n"), (4, b"From b", b"y\r\n")]),
    (b"From a\n\nFrom b\n\n", [(1, b"From a", b""), (3, b"From b", b"")]),
    # Not after an empty line: text.
    (b"From a\nz\nFrom b\ny\n", [(1, b"From a", b"z\nFrom b\ny\n")]),
    # Where the first has a time, as all that programs write, those without are text: mutt does not quote.
    (
        b"From a 1:02\nz\n\nFrom b\n\nFrom c 1:03\ny\n",
        [(1, b"From a 1:02", b"z\n\nFrom b\n"), (6, b"From c 1:03", b"y\n")],
    ),
    (b"From a 1:02\nz\n\nFrom b", [(1, b"From a 1:02", b"z\n\nFrom b")]),
    (b"From a 1:02\nz\n\nFrom b 1:0", [(1, b"From a 1:02", b"z\n\nFrom b 1:0")]),
    (b"From a 1:02\nz\n\nFrom b 1:03", [(1, b"From a 1:02", b"z\n"), (4, b"From b 1:03", b"")]),
    (b"From a\n>From b\n>>From c\n> From\n>FromX\n", [(1, b"From a", b"From b\n>From c\n> From\n>FromX\n")]),
]


@pytest.mark.parametrize(("octets", "messages"), FILES)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1 << 20])
def test_messages_of_a_file(octets: bytes, messages: list[tuple[int, bytes, bytes]], size: int) -> None:
    assert split(Trickle(octets, size)) == messages


@pytest.mark.parametrize("octets", [b"x", b"\nFrom a\n", b">From a\n", b"From " + b"x" * 10_000])
def test_refuses_what_is_no_mbox_file(octets: bytes) -> None:
    with pytest.raises(ArchiveError, match="line 1"):
        split(octets)


LINES = st.lists(
    st.sampled_from([b"", b"From x", b">From y", b">>From z", b"text", b"\r", b"From", b"a\rb"]), max_size=12
)


@given(
    st.lists(LINES.map(lambda lines: b"".join(line + b"\n" for line in lines)), max_size=5),
    st.integers(1, 30),
)
def test_reads_what_is_quoted_as_mboxrd(messages: list[bytes], size: int) -> None:
    written = b""
    for message in messages:
        lines = message.split(b"\n")
        quoted = b"\n".join(b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in lines)
        written += b"From a b\n" + quoted + b"\n"
    assert [octets for _, _, octets in split(Trickle(written, size))] == messages


def test_messages_may_be_passed_over() -> None:
    octets = b"".join(b"From %d\n%s\n\n" % (n, b"x" * 300_000) for n in range(5))
    assert [each.from_line for each in split_mbox(io.BytesIO(octets))] == [b"From %d" % n for n in range(5)]


def test_long_lines_that_begin_as_messages_do() -> None:
    for length in (100, 8_187, 8_192, 300_000, 3_000_000):
        text = b"z\n\nFrom " + b"x" * length + b"\n"
        octets = b"From a 1:02\n" + text + b"\nFrom b 1:03\ny\n\n"
        assert [content for *_, content in split(octets)] == [text, b"y\n"]


def test_lines_longer_than_the_buffer() -> None:
    line = b">From " + b"x" * 3_000_000
    octets = b"From a\n" + b">" + line + b"\n>From b\n\nFrom c\nz\n\n"
    first, second = split(octets)
    assert first[2] == line + b"\nFrom b\n"
    assert second[2] == b"z\n"


def test_python_writes_what_we_read(tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "x.mbox")
    for n in range(3):
        box.add(b"Subject: %d\n\nFrom here\nto there\n" % n)
    box.close()
    found = split((tmp_path / "x.mbox").read_bytes())
    assert [octets for *_, octets in found] == [b"Subject: %d\n\nFrom here\nto there\n" % n for n in range(3)]


@pytest.mark.parametrize(
    "octets",
    [b"\n" * (1 << 20), b"x" * (1 << 20), b"\n\nFrom" * 170_000, b">" * (1 << 20), b"\nFrom x" * 150_000],
)
def test_hostile_input_ends_in_bounded_time(octets: bytes) -> None:
    began = time.monotonic()
    split(b"From a\n" + octets)
    split(b"From a 1:02\n" + octets)
    assert time.monotonic() - began < 5
