"""What a message needs of its way: SMTPUTF8, 8BITMIME; and Received fields."""

import mmap
from pathlib import Path

import pytest

from moxkit.message import Headers, count_received, has_8bit, needs_smtputf8, parse

NESTED = "Content-Type: multipart/x; boundary=b\r\n\r\n--b\r\nContent-Description: {}\r\n\r\n{}\r\n--b--\r\n"


@pytest.mark.parametrize(
    ("source", "smtputf8", "eight_bit"),
    [
        ("Subject: x\r\n\r\nx", False, False),
        ("Subject: x\r\n\r\né", False, True),
        ("Subject: é\r\n\r\nx", True, True),
        (NESTED.format("x", "é"), False, True),
        (NESTED.format("é", "x"), True, True),
        ("", False, False),
    ],
)
def test_tells_what_a_message_needs(source: str, smtputf8: bool, eight_bit: bool) -> None:
    octets = source.encode()
    assert needs_smtputf8(parse(octets), octets) is smtputf8
    assert has_8bit(octets) is eight_bit
    assert has_8bit(memoryview(octets)) is eight_bit


def test_looks_at_all_of_a_mapped_file(tmp_path: Path) -> None:
    path = tmp_path / "message"
    path.write_bytes(b"\r\n" + b"x" * 600_000 + b"\xe9")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert has_8bit(mapped)
        assert not needs_smtputf8(parse(mapped), mapped)


def test_counts_received_fields() -> None:
    assert count_received(Headers(b"Received: a\r\nreceived: b\r\nX-Received: c\r\n")) == 2
