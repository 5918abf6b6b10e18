"""A message to its tokens: words of some header fields and of all text, each once, as numbers. Pure.

The database holds numbers only: they are small and quick to look up. The texts are at hand when they are
wanted, since they are of the message that is judged. Numbers hide nothing: short texts can be read in them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from mox.filtering.classifier.words import Grams, different_words_of, grams_of, words_of
from moxkit.message import (
    Headers,
    Part,
    Source,
    UnknownTransferEncodingError,
    bounded_text,
    header_of,
    html_to_text,
    parse,
)

__all__ = ["VERSION", "Tokens", "tokenize"]

# Raised when messages get other tokens: what was learned is made anew then.
VERSION = "1"

_FIELDS = ("From", "To", "Cc", "Bcc", "Reply-To", "Subject", "Sender", "Return-Path")
# A prime: two texts share a number once in 2.8e14. Whoever makes them share one by intent could as well have
# written the other text.
_MODULUS = 2**48 - 59

# Who is to read it decides by the beginning; what follows without end is meant for filters.
_MOST_HEADER_OCTETS = 64 * 1024
_MOST_FIELD_CHARACTERS = 4096
_MOST_PARTS = 100
_MOST_PART_CHARACTERS = 64 * 1024
_MOST_CHARACTERS = 256 * 1024
_MOST_MARKUP = 512 * 1024
_MOST_TOKENS = 10_000
_SHORTEST_IN_FIELD = 4

_DOMAIN = re.compile(r"@([\w.-]++)")
_IMAGE = re.compile(r"<img\s([^<>]*+)", re.IGNORECASE)
_ALTERNATIVE = re.compile(r"""\balt\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"']++))""", re.IGNORECASE)
_MALFORMED = "malformed content type"


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a message says, for counting: made once, used for every recipient.

    Attributes:
        texts: Text of each token by its number.
        grams: What was asked for.
        is_malformed: The message says in a malformed way what it is, which no honest program does.
    """

    texts: Mapping[int, str] = field(default_factory=dict)
    grams: Grams = Grams.ONE
    is_malformed: bool = False


def tokenize(source: Source, grams: Grams, prefix: bytes = b"") -> Tokens:
    """Return the tokens of a message.

    Args:
        source: Its octets.
        grams: How many words in a row are counted together.
        prefix: Header lines of ours that go before it; of these, Return-Path says something.
    """
    root = parse(source)
    found: dict[str, None] = {}
    for texts in _texts(root, source, prefix, grams):
        found |= dict.fromkeys(texts)
        if len(found) >= _MOST_TOKENS:
            break
    from_octets = int.from_bytes
    numbered = {
        from_octets(text.encode("utf-8", "replace")) % _MODULUS: text for text in islice(found, _MOST_TOKENS)
    }
    return Tokens(numbered, grams, _MALFORMED in root.problems)


def _texts(root: Part, source: Source, prefix: bytes, grams: Grams) -> Iterator[Iterable[str]]:
    """Yield the tokens of each field and of each part, with repetitions."""
    headers = Headers(prefix + header_of(root, source, limit=_MOST_HEADER_OCTETS).octets)
    for name in _FIELDS:
        value = " ".join(headers.texts(name))[:_MOST_FIELD_CHARACTERS] if name in headers else ""
        texts = (*grams_of(words_of(value), grams), *_domains(value))
        yield [f"{name}:{text}" for text in texts if len(text) >= _SHORTEST_IN_FIELD]
    left, parts = _MOST_CHARACTERS, 0
    for part in root.walk():
        if part.type != "text" or part.parts:
            continue
        text = _read(part, source)[:left]
        yield different_words_of(text) if grams is Grams.ONE else grams_of(words_of(text), grams)
        left, parts = left - len(text), parts + 1
        if left <= 0 or parts == _MOST_PARTS:
            return


def _domains(value: str) -> Iterator[str]:
    """Yield the domains of addresses as they are: one name says more than its words."""
    yield from _DOMAIN.findall(value.lower())


def _read(part: Part, source: Source) -> str:
    try:
        if part.subtype != "html":
            return bounded_text(part, source, limit=_MOST_PART_CHARACTERS)
        markup = bounded_text(part, source, limit=_MOST_MARKUP)
    except UnknownTransferEncodingError:
        # As good as application/octet-stream (RFC 2045 §6.4).
        return ""
    text = html_to_text(markup, limit=_MOST_PART_CHARACTERS)
    return "\n".join((text, *_alternatives(markup)))


def _alternatives(markup: str) -> Iterator[str]:
    """Yield the texts that stand for images."""
    for image in _IMAGE.finditer(markup):
        if (found := _ALTERNATIVE.search(image[1])) is not None:
            yield found[1] or found[2] or found[3] or ""
