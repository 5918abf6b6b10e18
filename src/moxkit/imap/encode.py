"""Writing strings: atoms where allowed, quoted where possible, literals where needed (RFC 9051 §4.3, §9)."""

import re

from moxkit.imap.mailboxname import encode_modified_utf7

__all__ = [
    "encode_astring",
    "encode_literal",
    "encode_mailbox",
    "encode_nstring",
    "encode_quoted",
    "encode_string",
    "literal_header",
]

_ATOM = re.compile(rb"[!#$&'+-\[^-z|}~]+")
# Safe between quotes for every client: printable US-ASCII without quote and backslash.
_PLAIN = re.compile(rb"[ !#-\[\]-~]*")
_QUOTABLE = re.compile(rb"[\x01-\x09\x0b\x0c\x0e-\x7f]*")
_SPECIAL = re.compile(rb'(["\\])')
# Longer strings go as literals, since lines have limits on the other side.
_MAX_QUOTED = 1000


def literal_header(size: int, *, binary: bool = False) -> bytes:
    """Return the announcement of a literal whose octets the caller sends next (literal8 if `binary`)."""
    return b"~{%d}\r\n" % size if binary else b"{%d}\r\n" % size


def encode_literal(octets: bytes) -> bytes:
    """Return a literal as a server sends it; NUL makes it a literal8 (RFC 9051 §9, literal8)."""
    return literal_header(len(octets), binary=b"\0" in octets) + octets


def encode_string(octets: bytes, *, utf8: bool = False) -> bytes:
    """Return a quoted string, or a literal where quotes cannot hold it.

    Args:
        octets: The string.
        utf8: Whether the other side takes UTF-8 between quotes (RFC 6855 §3, IMAP4rev2).
    """
    if len(octets) <= _MAX_QUOTED:
        if _PLAIN.fullmatch(octets) is not None:
            return b'"' + octets + b'"'
        if _QUOTABLE.fullmatch(octets) is not None:
            return b'"' + _SPECIAL.sub(rb"\\\1", octets) + b'"'
        if utf8 and not any(octet in octets for octet in (b"\0", b"\r", b"\n")) and _is_utf8(octets):
            return b'"' + _SPECIAL.sub(rb"\\\1", octets) + b'"'
    return encode_literal(octets)


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


def encode_quoted(text: str) -> bytes:
    """Return text between quotes.

    Raises:
        ValueError: It holds NUL, CR or LF, which quotes cannot.
    """
    octets = text.encode()
    if b"\0" in octets or b"\r" in octets or b"\n" in octets:
        raise ValueError("NUL and line ends cannot stand between quotes")
    return b'"' + _SPECIAL.sub(rb"\\\1", octets) + b'"'


def encode_astring(text: str, *, utf8: bool = False) -> bytes:
    """Return text as an atom if it is one, as a string otherwise; ``NIL`` is quoted, since it means nil."""
    octets = text.encode()
    if _ATOM.fullmatch(octets) is not None and octets.upper() != b"NIL" and len(octets) <= _MAX_QUOTED:
        return octets
    return encode_string(octets, utf8=utf8)


def encode_nstring(octets: bytes | None, *, utf8: bool = False) -> bytes:
    """Return a string, or NIL for `None`."""
    return b"NIL" if octets is None else encode_string(octets, utf8=utf8)


def encode_mailbox(name: str, *, utf8: bool = False) -> bytes:
    """Return a mailbox name in the wire form in force (RFC 9051 §5.1, Appendix A.1)."""
    octets = name.encode() if utf8 else encode_modified_utf7(name)
    if _ATOM.fullmatch(octets) is not None and octets.upper() != b"NIL":
        return octets
    return encode_string(octets, utf8=utf8)
