"""Parameters of structured fields: RFC 2045 §5.1 syntax, RFC 2231 charsets and continuations."""

import re
from itertools import islice
from urllib.parse import unquote_to_bytes

from moxkit.message.charsets import decode_charset
from moxkit.message.encodedwords import decode_words

__all__ = ["decode_parameters", "parse_parameters", "without_comments"]

# parameter = attribute "=" value; value = token / quoted-string. An unquoted value may hold anything up to
# the next ";" or white space, since "name=my(1).pdf" is common. A missing closing quote ends at the end.
_PARAMETER = re.compile(
    rb";\s*+([^\s;=:\"()<>@,/\[\]?\\]++)\s*+=\s*+(?:\"((?:[^\"\\]++|\\.)*+)(?:\"|\\?\Z)|([^\s;\"]++))",
    re.DOTALL,
)
_COMMENT_PIECE = re.compile(rb"[^\"()\\]++|\\.|\"(?:[^\"\\]++|\\.)*+(?:\"|\\?\Z)|.", re.DOTALL)
_UNQUOTE = re.compile(rb"\\(.)", re.DOTALL)
_CONTINUED = re.compile(r"([^*]+)\*(?:([0-9]{1,3})(\*)?)?")
_FOLD = re.compile(rb"\r*\n[ \t]?")
_MOST = 100  # parameters read from one field


def without_comments(raw: bytes) -> bytes:
    """Replace each comment outside of quotes by a space (RFC 5322 §3.2.2); one pass, any nesting."""
    if b"(" not in raw:
        return raw
    kept, depth = [], 0
    for match in _COMMENT_PIECE.finditer(raw):
        piece = match[0]
        if piece == b"(":
            depth += 1
        elif piece == b")" and depth:
            depth -= 1
            if not depth:
                kept.append(b" ")
        elif not depth:
            kept.append(piece)
    return b"".join(kept)


def parse_parameters(raw: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """Parse what follows the value of a structured field, from its first ``;`` on.

    Returns:
        Pairs of name as written and value without quotes, in order, at most 100; what fits no grammar is
        skipped.
    """
    pairs = []
    for match in islice(_PARAMETER.finditer(raw), _MOST):
        name, quoted, token = match.groups()
        if token is not None:
            pairs.append((name, token))
            continue
        if b"\n" in quoted:
            quoted = _FOLD.sub(b" ", quoted)
        pairs.append((name, _UNQUOTE.sub(rb"\1", quoted) if b"\\" in quoted else quoted))
    return tuple(pairs)


def decode_parameters(pairs: tuple[tuple[bytes, bytes], ...]) -> dict[str, str]:
    """Decode parameters to text by lower-case name (RFC 2231 §3, §4); the first of a name wins.

    An extended value (``name*``) wins over a plain one: senders give both for old readers. Encoded words in a
    quoted value are forbidden (RFC 2047 §5) but common, so they are decoded.
    """
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[bytes, bool]]] = {}
    for raw_name, value in pairs:
        name = raw_name.decode("utf-8", "replace").lower()
        if (match := _CONTINUED.fullmatch(name)) is None:
            plain.setdefault(name, decode_words(value.decode("utf-8", "replace")))
            continue
        base, number, star = match.groups()
        is_extended = number is None or star is not None
        sections.setdefault(base, {}).setdefault(int(number or 0), (value, is_extended))
    return plain | {name: _join(numbered) for name, numbered in sections.items() if 0 in numbered}


def _join(numbered: dict[int, tuple[bytes, bool]]) -> str:
    charset, octets = "", bytearray()
    for expected, (number, (value, is_extended)) in enumerate(sorted(numbered.items())):
        if number != expected:  # a section is missing: what follows cannot be placed
            break
        if not is_extended:
            octets += value
        elif number == 0 and value.count(b"'") >= 2:
            name, _, text = value.split(b"'", 2)
            charset = name.decode("ascii", "replace")
            octets += unquote_to_bytes(text)
        else:
            octets += unquote_to_bytes(value)
    return decode_charset(bytes(octets), charset)
