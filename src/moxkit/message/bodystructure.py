"""BODYSTRUCTURE and BODY of IMAP (RFC 9051 §7.5.2), rendered from a part tree."""

from moxkit.message.envelope import EMPTY_ENVELOPE, envelope_octets
from moxkit.message.headers import header_of
from moxkit.message.imapvalue import Rendered, nstring, nstring_words, parameter_list, string
from moxkit.message.octets import Source
from moxkit.message.part import Part

__all__ = ["render_bodystructure"]

# The grammar has no multipart without parts, and no embedded message without a body.
_EMPTY_TEXT = b'"TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 0 0'
_EXTENSION_NIL = b" NIL NIL NIL NIL"


def render_bodystructure(part: Part, source: Source, *, extended: bool = True, utf8: bool = True) -> Rendered:
    """Render the structure of a message; with ``extended=False`` as for the BODY item.

    With ``utf8=False`` the result is pure ASCII (RFC 6855 §3).
    """
    octets = _Renderer(source, extended=extended, utf8=utf8).body(part)
    return Rendered(octets, not octets.isascii())


class _Renderer:
    __slots__ = ("_extended", "_source", "_utf8")

    def __init__(self, source: Source, *, extended: bool, utf8: bool) -> None:
        self._source = source
        self._extended = extended
        self._utf8 = utf8

    def body(self, part: Part) -> bytes:
        """Render one part and what is below it."""
        return self._multipart(part) if part.is_multipart else self._single(part)

    def _empty_text(self) -> bytes:
        return b"(" + _EMPTY_TEXT + (_EXTENSION_NIL if self._extended else b"") + b")"

    def _multipart(self, part: Part) -> bytes:
        bodies = b"".join(map(self.body, part.parts)) or self._empty_text()
        octets = b"(" + bodies + b" " + self._token(part.subtype)
        if self._extended:
            params = parameter_list(part.content.raw_params, utf8=self._utf8)
            octets += b" " + params + self._extension(part)
        return octets + b")"

    def _single(self, part: Part) -> bytes:
        content, utf8 = part.content, self._utf8
        octets = b" ".join(
            (
                b"(" + self._token(content.type),
                self._token(content.subtype),
                parameter_list(content.raw_params, utf8=utf8),
                nstring(content.id, utf8=utf8),
                nstring_words(content.description, utf8=utf8),
                self._token(content.cte),
                b"%d" % part.size_octets,
            )
        )
        if part.is_message:
            octets += b" " + self._message(part)
        if part.is_message or content.type == "text":
            octets += b" %d" % part.lines
        if self._extended:
            octets += b" " + nstring(content.md5, utf8=utf8) + self._extension(part)
        return octets + b")"

    def _message(self, part: Part) -> bytes:
        if part.message is None:
            return EMPTY_ENVELOPE + b" " + self._empty_text()
        envelope = envelope_octets(header_of(part.message, self._source), utf8=self._utf8)
        return envelope + b" " + self.body(part.message)

    def _extension(self, part: Part) -> bytes:
        """Disposition, language and location, each after a space."""
        content, utf8 = part.content, self._utf8
        if content.raw_disposition is None and content.raw_language is None and content.location is None:
            return b" NIL NIL NIL"
        octets = b" NIL"
        if (disposition := part.disposition) is not None:
            kind = self._token(disposition.kind)
            octets = b" (" + kind + b" " + parameter_list(disposition.raw_params, utf8=utf8) + b")"
        tags = [string(tag.encode(), utf8=utf8) for tag in part.languages]
        octets += b" (" + b" ".join(tags) + b")" if tags else b" NIL"
        return octets + b" " + nstring(content.location, utf8=utf8)

    def _token(self, text: str) -> bytes:
        return string(text.upper().encode(), utf8=self._utf8)
