"""Canonical forms of header fields (RFC 6376 §3.4.1, §3.4.2); those of bodies are in `bodyhash`."""

import re
from enum import StrEnum

__all__ = ["Canonicalization", "canonical_field", "without_signature"]

_SPACES = re.compile(rb"  +")
# The b= tag with all that is around its value; a value ends at ";" or with the field.
_SIGNATURE = re.compile(rb"((?:\A|;)[ \t\r\n]*+b[ \t\r\n]*+=)[^;]*+")


class Canonicalization(StrEnum):
    """How much a message may be changed on its way."""

    SIMPLE = "simple"
    RELAXED = "relaxed"


def canonical_field(octets: bytes, canonicalization: Canonicalization) -> bytes:
    """Return the canonical form of a field that is given, and returned, with its final CRLF."""
    if canonicalization is Canonicalization.SIMPLE:
        return octets
    name, _, value = octets.partition(b":")
    value = value.replace(b"\r\n", b"").replace(b"\t", b" ")
    if b"  " in value:
        value = _SPACES.sub(b" ", value)
    return b"%b:%b\r\n" % (name.rstrip(b" \t").lower(), value.strip(b" "))


def without_signature(octets: bytes) -> bytes:
    """Return a signature field with the value of its ``b=`` tag removed (RFC 6376 §3.7)."""
    name, colon, value = octets.partition(b":")
    return name + colon + _SIGNATURE.sub(rb"\1", value, count=1)
