"""Line ends of message files."""

from io import BytesIO

import pytest

from mox.cli.messagefile import read_message


@pytest.mark.parametrize(
    ("octets", "message"),
    [
        (b"A: b\n\nc\n", b"A: b\r\n\r\nc\r\n"),
        (b"A: b\r\n\r\nc\r\n", b"A: b\r\n\r\nc\r\n"),
        # One CRLF shows that they were meant: the others are part of the message.
        (b"A: b\r\n\r\nc\n", b"A: b\r\n\r\nc\n"),
        (b"", b""),
    ],
)
def test_lf_alone_becomes_crlf(octets: bytes, message: bytes) -> None:
    assert read_message(BytesIO(octets)) == message
