"""Ends of lines, whatever the pieces."""

import pytest
from hypothesis import given, strategies as st

from mox.moving.lineends import to_crlf, to_lf

LINES = [
    (b"", b""),
    (b"a", b"a\r\n"),
    (b"a\n", b"a\r\n"),
    (b"a\r\n", b"a\r\n"),
    (b"a\r", b"a\r\r\n"),
    (b"a\r\r\n\nb", b"a\r\r\n\r\nb\r\n"),
]


@pytest.mark.parametrize(("octets", "expected"), LINES)
def test_lines_end_in_crlf(octets: bytes, expected: bytes) -> None:
    assert b"".join(to_crlf([octets])) == expected
    assert b"".join(to_crlf(bytes([octet]) for octet in octets)) == expected


@given(st.lists(st.sampled_from([b"\r", b"\n", b"a", b"\r\n", b""])))
def test_pieces_make_no_difference(pieces: list[bytes]) -> None:
    octets = b"".join(pieces)
    assert b"".join(to_crlf(pieces)) == b"".join(to_crlf([octets]))
    assert b"".join(to_lf(pieces)) == octets.replace(b"\r\n", b"\n")


@given(st.binary())
def test_twice_is_once(octets: bytes) -> None:
    once = b"".join(to_crlf([octets]))
    assert b"".join(to_crlf([once])) == once
    # What was exported and comes back is as it was.
    assert b"".join(to_crlf(to_lf([once]))) == once or b"\r\r\n" in once
