"""The text of a message that searching looks into: decoded and folded. Pure.

This is the definition: what the index holds was made here, and messages that it does not hold are read
here. Values stand on lines of their own and hold no NUL, so that nothing matches across two of them.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from moxkit.message import (
    Headers,
    Part,
    Source,
    UnknownTransferEncodingError,
    decode_parameters,
    decode_words,
    header_of,
    parse,
    parse_parameters,
    text_of,
    unfold,
)

__all__ = ["FIELD_KINDS", "VERSION", "SearchText", "field_text", "fold", "read_text"]

# The number is raised when texts or facts are made differently. Python's tables of characters count too:
# what was folded by other ones might not be found.
VERSION = f"3/{unicodedata.unidata_version}"

# Fields with a search key of their own (RFC 9051 §6.4.4), as the index numbers them.
FIELD_KINDS = {"from": 0, "to": 1, "cc": 2, "bcc": 3, "subject": 4}
# Their parameters can be written as RFC 2231 has it.
# Bringing combining characters into order costs the square of their number: of more than 30 in a row, groups
# of 30 are kept apart by a character made for that (UAX #15, stream-safe text).
_MOST_COMBINING = 30
_JOINER = "\u034f"
_SURROGATE = re.compile("[\ud800-\udfff]")
_WITH_PARAMETERS = frozenset({"content-type", "content-disposition"})


@dataclass(frozen=True, slots=True)
class SearchText:
    """What TEXT looks into: both; and BODY: the second. Folded.

    Attributes:
        header: All header fields: of the message, of its parts, of messages in it.
        body: All parts that are text.
    """

    header: str
    body: str


def fold(text: str) -> str:
    """Return text in the form that is compared: case and composition do not count.

    Unicode's canonical caseless matching, composed. NUL and lone surrogates, which some charsets let
    through and SQLite does not, become replacement characters.
    """
    if text.isascii():
        folded = text.lower()
    else:
        decomposed = unicodedata.normalize("NFD", _long_runs().sub(_kept_apart, text))
        folded = unicodedata.normalize("NFC", decomposed.casefold())
        folded = _SURROGATE.sub("\ufffd", folded)
    return folded.replace("\0", "\ufffd")


@cache
def _long_runs() -> re.Pattern[str]:
    """What may be too many combining characters: of those beyond U+FFFF any counts, which is fast."""
    ranges: list[list[int]] = []
    for point in range(0x10000):
        if unicodedata.combining(chr(point)):
            if ranges and ranges[-1][1] == point - 1:
                ranges[-1][1] = point
            else:
                ranges.append([point, point])
    pieces = "".join(f"\\u{low:04x}-\\u{high:04x}" for low, high in ranges)
    return re.compile(f"[{pieces}\U00010000-\U0010ffff]{{{_MOST_COMBINING + 1},}}+")


def _kept_apart(run: re.Match[str]) -> str:
    pieces: list[str] = []
    count = 0
    for character in run[0]:
        count = count + 1 if unicodedata.combining(character) else 0
        if count > _MOST_COMBINING:
            pieces.append(_JOINER)
            count = 1
        pieces.append(character)
    return "".join(pieces)


def field_text(headers: Headers, name: str) -> str | None:
    """Return the values of all fields of a name, one on a line; None if there is no such field."""
    values = headers.raw(name)
    if not values:
        return None
    return fold("\n".join(_value(name.lower(), raw) for raw in values))


def _value(name: str, raw: bytes) -> str:
    """Decode encoded words (RFC 2047), and parameters (RFC 2231), which get lines of their own."""
    text = decode_words(unfold(raw).decode("utf-8", "replace"))
    if name not in _WITH_PARAMETERS or b"*" not in raw:
        return text
    parameters = decode_parameters(parse_parameters(raw[raw.find(b";") :]))
    return "\n".join((text, *(f"{key}={value}" for key, value in parameters.items() if value not in text)))


def read_text(
    source: Source, prefix: bytes = b"", *, most_characters: int | None = None
) -> SearchText | None:
    """Read a message.

    Args:
        source: Its content.
        prefix: Header lines that go before it.
        most_characters: Give up beyond.

    Returns:
        None if there is more text than that.
    """
    root = parse(source)
    headers: list[str] = []
    bodies: list[str] = []
    count = 0
    for part in root.walk():
        headers += _lines(_header(part, source, prefix if part is root else b""))
        count += len(headers[-1]) if headers else 0
        if part.type != "text" or part.parts:
            continue
        body: list[str] = []
        for piece in _pieces(part, source):
            body.append(piece)
            count += len(piece)
            if most_characters is not None and count > most_characters:
                return None
        bodies.append("".join(body))
    header = fold("\n".join(headers))
    if most_characters is not None and len(header) > most_characters:
        return None
    return SearchText(header, fold("\n".join(bodies)))


def _header(part: Part, source: Source, prefix: bytes) -> Headers:
    found = header_of(part, source, limit=part.header_end - part.header_start)
    return Headers(prefix + found.octets) if prefix else found


def _lines(headers: Headers) -> Iterator[str]:
    for field in headers:
        yield f"{field.name}: {_value(field.name.lower(), field.raw)}"


def _pieces(part: Part, source: Source) -> Iterator[str]:
    try:
        yield from text_of(part, source)
    except UnknownTransferEncodingError:
        # As good as application/octet-stream (RFC 2045 §6.4).
        return
