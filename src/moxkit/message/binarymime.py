"""A message without binary parts, for transports and stores that know lines only (RFC 3030 §3, RFC 2045 §6).

Invariant: every part decodes to the octets it had; what is not labelled binary is not touched.
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass

from moxkit.message.octets import Source, take
from moxkit.message.part import Part

__all__ = ["UnconvertibleError", "without_binary"]

_PIECE = 57 * 1024  # a whole number of lines of base64
# What no line may hold (RFC 5322 §2.1.1, §2.3; RFC 2045 §2.8).
_NOT_LINES = re.compile(rb"\0|\r(?!\n)|(?<!\r)\n|(?<=\n)[^\r\n]{999}")
_BARE_LINE_END = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_CTE_FIELD = re.compile(
    rb"^Content-Transfer-Encoding[ \t]*+:[^\r\n]*+(?:\r\n[ \t][^\r\n]*+)*+", re.IGNORECASE | re.MULTILINE
)
# Below these there may be more than was seen.
_UNSEEN = {
    "header too large",
    "nested too deeply",
    "too many false boundaries",
    "too many parts",
    "too much nested content",
}
# What a binary part is cannot be told from these.
_UNCLEAR = {
    "malformed content transfer encoding",
    "malformed content type",
    "multipart without boundary",
    "repeated content field",
}


class UnconvertibleError(ValueError):
    """The message cannot be had without binary parts."""


@dataclass(frozen=True, slots=True)
class _Edit:
    """A range of the source to write in another way: other octets, or None for base64."""

    start: int
    end: int
    octets: bytes | None


def without_binary(root: Part, source: Source) -> Iterator[bytes]:
    """Return the message in pieces, its parts of Content-Transfer-Encoding binary as 8bit or base64.

    Those that consist of lines become 8bit, and remain readable. All checks are done before the first piece.

    Args:
        root: Parsed from the source.
        source: The message.

    Raises:
        UnconvertibleError: It is too complex, has bare CR or LF outside of binary parts, or a binary part
            that is malformed or of a kind that must not be encoded.
    """
    edits: list[_Edit] = []
    for part in root.walk():
        if _UNSEEN.intersection(part.problems):
            raise UnconvertibleError("MIME structure is too complex")
        if part.cte == "binary":
            edits += _edits(part, source)
    _check_rest(edits, source)
    return _pieces(edits, source)


def _check_rest(edits: list[_Edit], source: Source) -> None:
    """Look at all that is not encoded."""
    at = 0
    for edit in edits:
        if edit.octets is None:
            _check_lines(source, at, edit.start)
            at = edit.end
    _check_lines(source, at, len(source))


def _check_lines(source: Source, start: int, end: int) -> None:
    if _BARE_LINE_END.search(source, start, end):
        raise UnconvertibleError("bare CR or LF outside of binary parts")


def _edits(part: Part, source: Source) -> Iterator[_Edit]:
    if _UNCLEAR.intersection(part.problems):
        raise UnconvertibleError("malformed Content fields of a binary part")
    is_composite = bool(part.parts) or part.message is not None
    stays = is_composite or not _NOT_LINES.search(source, part.body_start, part.body_end)
    if not stays and part.type in {"message", "multipart"}:
        # RFC 2046 §5.1, §5.2: never encoded.
        raise UnconvertibleError(f"binary {part.type}/{part.subtype}")
    header = take(source, part.header_start, part.header_end)
    field = b"Content-Transfer-Encoding: " + (b"8bit" if stays else b"base64")
    yield _Edit(part.header_start, part.header_end, _CTE_FIELD.sub(field, header))
    if not stays:
        yield _Edit(part.body_start, part.body_end, None)


def _pieces(edits: list[_Edit], source: Source) -> Iterator[bytes]:
    at = 0
    for edit in edits:
        yield from _cut(source, at, edit.start)
        if edit.octets is not None:
            yield edit.octets
        else:
            for piece in _cut(source, edit.start, edit.end):
                yield base64.encodebytes(piece).replace(b"\n", b"\r\n")
        at = edit.end
    yield from _cut(source, at, len(source))


def _cut(source: Source, start: int, end: int) -> Iterator[bytes]:
    for at in range(start, end, _PIECE):
        yield take(source, at, min(at + _PIECE, end))
