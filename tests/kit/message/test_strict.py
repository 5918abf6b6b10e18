"""Strict checks: line ends, line length, malformed MIME."""

import time

import pytest

from moxkit.message import check_strict, parse


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b"Subject: x\r\n\r\nbody\r\n", ()),
        (b"Subject: x\r\n\r\nbo\ndy\r\n", ("bare lf",)),
        (b"Subject: x\r\n\r\nbo\rdy\r\n", ("bare cr",)),
        (b"Subject: x\r\n\r\nbody\r", ("bare cr",)),
        (b"Subject: x\r\n\r\nbo\0dy\r\n", ("nul octet",)),
        (b"Subject: x\r\n\r\n" + b"x" * 998 + b"\r\n", ()),
        (b"Subject: x\r\n\r\n" + b"x" * 999 + b"\r\n", ("line too long",)),
        (b"Subject: x\r\n\r\na\r\n" + b"x" * 1001, ("line too long",)),
        (b"Content-Type: x\r\n\r\n", ("malformed content type",)),
        (b"Content-Type: multipart/x; boundary=b\r\n\r\n--b\r\nContent-Type: y\r\n\r\n\r\n--b--\r\n",
         ("malformed content type",)),
    ],
)  # fmt: skip
def test_names_each_problem_once(source: bytes, expected: tuple[str, ...]) -> None:
    assert check_strict(parse(source), source) == expected
    view = memoryview(source)
    assert check_strict(parse(view), view) == expected


@pytest.mark.parametrize("piece", [b"\r", b"\n", b"\r\n", b"x", b"x" * 998 + b"\r\n"])
def test_takes_linear_time(piece: bytes) -> None:
    source = piece * (5_000_000 // len(piece))
    started = time.process_time()
    check_strict(parse(source), source)
    assert time.process_time() - started < 2
