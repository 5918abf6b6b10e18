"""Reading a message from a file, whatever line ends a program has saved it with."""

import re
from typing import IO

__all__ = ["read_message"]

_LINE_END = re.compile(rb"\r?\n")


def read_message(file: IO[bytes]) -> bytes:
    """Return a message with CRLF line ends; only a file that has none at all is changed."""
    octets = file.read()
    return octets if b"\r\n" in octets else _LINE_END.sub(b"\r\n", octets)
