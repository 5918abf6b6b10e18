"""Framing of content: dots, the one end, smuggling, and no dependence on the split."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from moxkit.smtp import ContentReader, stuff_dots

PIECES = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"a", b".\r\n", b"\r\n."]), max_size=30)


def read(octets: bytes, cuts: list[int]) -> tuple[bytes, bytes, tuple[bool, ...]]:
    reader, content, rest = ContentReader(), b"", b""
    edges = sorted({min(cut, len(octets)) for cut in cuts} | {0, len(octets)})
    for start, end in pairwise(edges):
        if reader.ended:
            rest += octets[start:end]
            continue
        chunk, left = reader.take(octets[start:end])
        content += chunk
        rest += left
    assert reader.size == len(content)
    return (
        content,
        rest,
        (reader.ended, reader.has_bare_cr, reader.has_bare_lf, reader.has_false_end),
    )


@pytest.mark.parametrize(
    ("octets", "content", "rest"),
    [
        (b".\r\nQUIT\r\n", b"", b"QUIT\r\n"),
        (b"\r\n.\r\n", b"\r\n", b""),
        (b"..\r\n.x\r\n..y\r\n.\r\n", b".\r\nx\r\n.y\r\n", b""),
        (b"a\nb\r\n.\r\n", b"a\r\nb\r\n", b""),
    ],
)
def test_content_and_what_follows(octets: bytes, content: bytes, rest: bytes) -> None:
    assert read(octets, [])[:2] == (content, rest)


@pytest.mark.parametrize("false_end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n"])
@pytest.mark.parametrize("front", [b"", b"a"])
def test_false_end_is_reported_and_ends_nothing(false_end: bytes, front: bytes) -> None:
    content, rest, flags = read(front + false_end + b"MAIL FROM:<>\r\n.\r\nQUIT\r\n", [])
    assert rest == b"QUIT\r\n"
    assert content.endswith(b"MAIL FROM:<>\r\n")
    assert flags == (True, False, True, True)


@pytest.mark.parametrize("octets", [b"a\rb", b"a\r\r\n", b"\r\r\n.\r\r\n"])
def test_bare_cr_is_reported(octets: bytes) -> None:
    ended, has_bare_cr, *_ = read(octets + b"\r\n.\r\n", [])[2]
    assert (ended, has_bare_cr) == (True, True)


@given(PIECES, st.lists(st.integers(0, 60)))
def test_any_split_gives_the_same(pieces: list[bytes], cuts: list[int]) -> None:
    octets = b"".join(pieces) + b"\r\n.\r\nrest"
    assert read(octets, cuts) == read(octets, []) == read(octets, list(range(len(octets))))


@given(PIECES, st.lists(st.integers(0, 60)))
def test_flags_say_what_a_slow_look_says(pieces: list[bytes], cuts: list[int]) -> None:
    octets = b"".join(pieces) + b"\r\n.\r\n"
    wire = b"\r\n" + octets
    wire = wire[: wire.index(b"\r\n.\r\n") + 2]
    _, has_bare_cr, has_bare_lf, has_false_end = read(octets, cuts)[2]
    assert has_bare_cr == (re.search(rb"\r(?!\n)", wire) is not None)
    assert has_bare_lf == (re.search(rb"(?<!\r)\n", wire) is not None)
    assert has_false_end == (re.search(rb"\n\.\r?\n", wire) is not None)


@given(st.lists(st.sampled_from([b".", b"a", b"..", b""])))
def test_server_reads_what_client_writes(lines: list[bytes]) -> None:
    content = b"".join(line + b"\r\n" for line in lines)
    assert read(stuff_dots(content, at_line_start=True) + b".\r\n", [])[0] == content
