"""What a message demands of the way it is sent: UTF-8 headers, 8-bit octets; and how far it has come."""

from moxkit.message.headers import Headers
from moxkit.message.octets import Source, take
from moxkit.message.part import Part

__all__ = ["count_received", "has_8bit", "needs_smtputf8"]

_WINDOW = 1 << 18


def needs_smtputf8(part: Part, source: Source) -> bool:
    """Whether any header of any part has more than ASCII (RFC 6531 §3.2); addresses are the caller's."""
    return any(not _is_ascii(source, each.header_start, each.header_end) for each in part.walk())


def has_8bit(source: Source) -> bool:
    """Whether any octet is more than 7 bits, which needs 8BITMIME (RFC 6152 §3)."""
    return not _is_ascii(source, 0, len(source))


def count_received(headers: Headers) -> int:
    """Return the number of Received fields, by which loops are found (RFC 5321 §6.3)."""
    return headers.count("received")


def _is_ascii(source: Source, start: int, end: int) -> bool:
    if isinstance(source, bytes) and end - start == len(source):
        return source.isascii()
    return all(take(source, at, min(at + _WINDOW, end)).isascii() for at in range(start, end, _WINDOW))
