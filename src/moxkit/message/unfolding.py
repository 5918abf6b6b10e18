"""Raw field octets to one line, and to text for people."""

import re

from moxkit.message.encodedwords import decode_words

__all__ = ["display_text", "unfold"]

_FOLD = re.compile(rb"\r*\n")


def unfold(raw: bytes) -> bytes:
    """Remove the line ends of folding and outer white space (RFC 5322 §2.2.3)."""
    if b"\n" in raw:
        raw = _FOLD.sub(b"", raw)
    return raw.strip(b" \t\r\n")


def display_text(raw: bytes | None) -> str | None:
    """Unfold and decode encoded words; octets that are no UTF-8 become the replacement character."""
    if raw is None:
        return None
    return decode_words(unfold(raw).decode("utf-8", "replace"))
