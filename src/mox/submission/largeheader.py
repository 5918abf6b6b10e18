"""A header section that is too large to be kept beside a message, such as one with hundreds of recipients."""

from mox.store import Content

__all__ = ["MOST_HEADER_OCTETS", "read_header"]

MOST_HEADER_OCTETS = 256 << 10


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
