"""One way to read the three kinds of source: bytes, mmap and memoryview.

Nothing here copies more than it returns, so a message of any size is parsed from its mapped file.
"""

import mmap
from typing import TypeAlias

__all__ = ["Source", "count_lines", "find", "take"]

Source: TypeAlias = bytes | mmap.mmap | memoryview

_WINDOW = 1 << 18  # octets copied at a time where the source itself cannot search or count


def take(source: Source, start: int, end: int) -> bytes:
    """Return the octets from ``start`` up to ``end`` as bytes."""
    return bytes(source[start:end])


def find(source: Source, needle: bytes, start: int, end: int) -> int:
    """Return the first position of ``needle`` that lies wholly in ``start..end``, or -1."""
    if not isinstance(source, memoryview):
        return source.find(needle, start, end)
    overlap = len(needle) - 1
    # Most searches in a header end soon: begin with a small window.
    window = 4096
    while start + overlap < end:
        stop = min(end, start + window + overlap)
        at = bytes(source[start:stop]).find(needle)
        if at >= 0:
            return start + at
        start += window
        window = min(window * 4, _WINDOW)
    return -1


def count_lines(source: Source, start: int, end: int) -> int:
    """Count lines; a last line without a line end counts too."""
    if end <= start:
        return 0
    if isinstance(source, bytes):
        lines = source.count(b"\n", start, end)
    else:
        lines = sum(
            bytes(source[at : min(at + _WINDOW, end)]).count(b"\n") for at in range(start, end, _WINDOW)
        )
    return lines + (source[end - 1] != 0x0A)
