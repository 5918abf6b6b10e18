"""Responses about the session as values; one type serves both sides."""

from dataclasses import dataclass

from moxkit.imap.encode import encode_astring
from moxkit.imap.lexer import Cursor

__all__ = ["LanguageData", "take_language_data"]


@dataclass(frozen=True, slots=True)
class LanguageData:
    """LANGUAGE: one tag is the language from now on, several are what there is (RFC 5255 §3.3)."""

    tags: tuple[str, ...]

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return the line."""
        return b"* LANGUAGE (%b)\r\n" % b" ".join(encode_astring(tag, utf8=utf8) for tag in self.tags)


def take_language_data(cursor: Cursor) -> LanguageData:
    """Take what stands behind LANGUAGE.

    Raises:
        ResponseSyntaxError: Malformed.
    """
    cursor.require(b" (")
    tags = [cursor.text(cursor.astring())]
    while cursor.take(b" "):
        tags.append(cursor.text(cursor.astring()))
    cursor.require(b")")
    return LanguageData(tuple(tags))
