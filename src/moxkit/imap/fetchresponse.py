"""Writing FETCH responses, the hot path of a server: plain functions from values to octets (RFC 9051 §7.5.2).

Envelopes and body structures come as octets, rendered when the message was filed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from moxkit.imap.dates import encode_date_time
from moxkit.imap.encode import encode_literal, encode_string, literal_header
from moxkit.imap.flags import encode_flags

__all__ = [
    "FetchBlock",
    "encode_fetch",
    "part_content",
    "part_content_header",
    "part_date",
    "part_flags",
    "part_modseq",
    "part_number",
    "part_octets",
    "part_preview",
    "part_uid",
]


@dataclass(frozen=True, slots=True)
class FetchBlock:
    """Complete response lines made elsewhere (in bulk, by the database), passed through as they are."""

    octets: bytes

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return the lines."""
        return self.octets


def encode_fetch(number: int, parts: Iterable[bytes], *, uid_only: bool = False) -> bytes:
    """Return a FETCH response; with `uid_only` an UIDFETCH, whose number is a UID (RFC 9586 §3.3)."""
    return b"* %d %b (%b)\r\n" % (number, b"UIDFETCH" if uid_only else b"FETCH", b" ".join(parts))


def part_uid(uid: int) -> bytes:
    """Return ``UID n``."""
    return b"UID %d" % uid


def part_flags(flags: Iterable[str]) -> bytes:
    """Return ``FLAGS (...)``."""
    return b"FLAGS " + encode_flags(flags)


def part_modseq(modseq: int) -> bytes:
    """Return ``MODSEQ (n)`` (RFC 7162 §7)."""
    return b"MODSEQ (%d)" % modseq


def part_number(label: bytes, number: int) -> bytes:
    """Return an item that is a number, such as RFC822.SIZE and BINARY.SIZE[1]."""
    return b"%b %d" % (label, number)


def part_date(label: bytes, moment: datetime | None) -> bytes:
    """Return INTERNALDATE or SAVEDATE; only the latter can be NIL (RFC 8514 §4.2)."""
    return b"%b %b" % (label, b"NIL" if moment is None else encode_date_time(moment))


def part_octets(label: bytes, rendered: bytes) -> bytes:
    """Return an item whose value was rendered before, such as ENVELOPE and BODYSTRUCTURE."""
    return b"%b %b" % (label, rendered)


def part_content(label: bytes, octets: bytes | None, *, binary: bool = False) -> bytes:
    """Return message content as a literal, or NIL if there is none.

    Args:
        label: Of the item asked for, see `BodySection.label`.
        octets: The content, which can be anything.
        binary: Whether the item is BINARY[...]: then NUL makes it a literal8 (RFC 3516 §4.1).
    """
    if octets is None:
        return label + b" NIL"
    return b"%b %b" % (label, encode_literal(octets) if binary else literal_header(len(octets)) + octets)


def part_content_header(label: bytes, size: int, *, binary: bool = False) -> bytes:
    """Return what stands before `size` octets that the caller sends itself, from a file."""
    return b"%b %b" % (label, literal_header(size, binary=binary))


def part_preview(text: str | None, *, utf8: bool = False) -> bytes:
    """Return PREVIEW; NIL if there is none yet (RFC 8970 §3.2)."""
    return b"PREVIEW " + (b"NIL" if text is None else encode_string(text.encode(), utf8=utf8))
