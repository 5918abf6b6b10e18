"""Reading a message that is on its way in: its header, its octets."""

import mmap
from collections.abc import Iterator
from contextlib import contextmanager

from mox.store.spool import Content
from moxkit.message import Source

__all__ = ["MOST_HEADER_OCTETS", "open_content", "read_header"]

# More than any that people send, such as one with thousands of recipients in To.
MOST_HEADER_OCTETS = 256 << 10


@contextmanager
def open_content(content: Content) -> Iterator[Source]:
    """Yield a message's octets: those in memory, or its file mapped, until the end of the block.

    Raises:
        OSError: The file cannot be read.
    """
    if content.octets is not None:
        yield content.octets
    elif content.size == 0:
        yield b""
    else:
        with content.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as octets:
            yield octets


def read_header(content: Content) -> bytes | None:
    """Return the header section with its blank line; None if it is larger than `MOST_HEADER_OCTETS`.

    Raises:
        OSError: The file cannot be read.
    """
    beginning = content.octets
    if beginning is None:
        with content.path.open("rb") as file:
            beginning = file.read(MOST_HEADER_OCTETS)
    end = beginning.find(b"\r\n\r\n", 0, MOST_HEADER_OCTETS)
    return None if end < 0 else beginning[: end + 4]
