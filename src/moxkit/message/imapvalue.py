"""Header text as IMAP strings (RFC 9051 §4.3): whatever the octets were, the result is valid.

NUL cannot be sent at all, CR and LF only in a literal: all three become nothing or a space. With
``utf8=False`` the result is pure ASCII, for clients that did not enable UTF8=ACCEPT (RFC 6855 §3).
"""

import re
from dataclasses import dataclass
from urllib.parse import quote_from_bytes

from moxkit.message.encodedwords import encode_word

__all__ = ["Rendered", "nstring", "nstring_words", "parameter_list", "string"]

_LONGEST_QUOTED = 1_000  # longer strings go as literals: clients bound their line buffers
_UNSAFE = re.compile(rb"[\x00\r\n\"\\\x80-\xff]")
_CONTROL = re.compile(rb"\r\n?|\n")
_QUOTE = re.compile(rb"([\"\\])")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A rendered IMAP value; ``needs_utf8`` says that it holds more than ASCII."""

    octets: bytes
    needs_utf8: bool


def string(raw: bytes, *, utf8: bool) -> bytes:
    """Render octets as a string; what is no UTF-8 becomes the replacement character, or "?" in ASCII."""
    if _UNSAFE.search(raw) is not None:
        if not raw.isascii():
            text = raw.decode("utf-8", "replace")
            raw = text.encode() if utf8 else _NOT_ASCII.sub("?", text).encode()
        raw = _CONTROL.sub(b" ", raw.replace(b"\0", b""))
        if len(raw) <= _LONGEST_QUOTED:
            return b'"' + _QUOTE.sub(rb"\\\1", raw) + b'"'
    if len(raw) <= _LONGEST_QUOTED:
        return b'"' + raw + b'"'
    return b"{%d}\r\n" % len(raw) + raw


def nstring(raw: bytes | None, *, utf8: bool) -> bytes:
    """Render octets as a string, `None` as NIL."""
    return b"NIL" if raw is None else string(raw, utf8=utf8)


def nstring_words(raw: bytes | None, *, utf8: bool) -> bytes:
    """Render text in which encoded words may stand; in ASCII, non-ASCII text becomes encoded words."""
    if raw is None:
        return b"NIL"
    if not utf8 and not raw.isascii():
        raw = encode_word(raw.decode("utf-8", "replace").replace("\0", "")).encode()
    return string(raw, utf8=utf8)


def parameter_list(params: tuple[tuple[bytes, bytes], ...], *, utf8: bool) -> bytes:
    """Render parameters as a parenthesized list, or NIL; in ASCII, values are extended (RFC 2231 §4)."""
    if not params:
        return b"NIL"
    if not utf8:
        params = tuple(map(_extended, params))
    rendered = (string(name, utf8=utf8) + b" " + string(value, utf8=utf8) for name, value in params)
    return b"(" + b" ".join(rendered) + b")"


def _extended(parameter: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    name, value = parameter
    if value.isascii() or b"*" in name:
        return parameter
    text = value.decode("utf-8", "replace").encode()
    return name + b"*", b"utf-8''" + quote_from_bytes(text, safe="").encode()
