"""The text of a part: transfer encoding and charset undone, piece by piece."""

import codecs
from collections.abc import Iterator

from moxkit.message.charsets import charset_codec
from moxkit.message.octets import Source
from moxkit.message.part import Part
from moxkit.message.transfer import decoded

__all__ = ["bounded_text", "text_of"]


def text_of(part: Part, source: Source) -> Iterator[str]:
    """Yield the text of ``part`` in pieces; what cannot be decoded becomes the replacement character.

    Line ends stay as they are. A charset that is not known is read as UTF-8.

    Raises:
        UnknownTransferEncodingError: At once, before the first piece.
    """
    codec = charset_codec(part.params.get("charset", "")) or "utf-8"
    return _decode(decoded(part, source), codecs.getincrementaldecoder(codec)("replace"))


def _decode(pieces: Iterator[bytes], decoder: codecs.IncrementalDecoder) -> Iterator[str]:
    for octets in pieces:
        if text := _step(decoder, octets, is_final=False):
            yield text
    if text := _step(decoder, b"", is_final=True):
        yield text


def _step(decoder: codecs.IncrementalDecoder, octets: bytes, *, is_final: bool) -> str:
    try:
        return decoder.decode(octets, is_final)
    except UnicodeError:  # some codecs do not honour the error handler everywhere, such as UTF-16 without BOM
        decoder.reset()
        return "\ufffd"


def bounded_text(part: Part, source: Source, *, limit: int) -> str:
    """Return the first ``limit`` characters of the text of ``part``.

    Raises:
        UnknownTransferEncodingError: The part has an encoding that is not known.
    """
    pieces: list[str] = []
    left = limit
    for text in text_of(part, source):
        pieces.append(text[:left])
        left -= len(text)
        if left <= 0:
            break
    return "".join(pieces)
