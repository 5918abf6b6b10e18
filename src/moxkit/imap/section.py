"""Section specifications of BODY[...] and BINARY[...] (RFC 9051 §6.4.5.1, RFC 3516 §4)."""

import re
from dataclasses import dataclass
from enum import StrEnum

from moxkit.imap.encode import encode_astring
from moxkit.imap.lexer import MAX_NUMBER64, Cursor

__all__ = ["Partial", "Section", "SectionText", "take_part", "take_partial", "take_section"]

_PART = re.compile(rb"[1-9][0-9]{0,9}(?:\.[1-9][0-9]{0,9})*")
_PARTIAL = re.compile(rb"<([0-9]{1,19})\.([1-9][0-9]{0,18})>")
_TEXT = re.compile(rb"HEADER(?:\.FIELDS(?:\.NOT)?)?|TEXT|MIME", re.IGNORECASE)


class SectionText(StrEnum):
    """What of a part is meant."""

    HEADER = "HEADER"
    HEADER_FIELDS = "HEADER.FIELDS"
    HEADER_FIELDS_NOT = "HEADER.FIELDS.NOT"
    TEXT = "TEXT"
    MIME = "MIME"


@dataclass(frozen=True, slots=True)
class Section:
    """What stands between the brackets.

    Attributes:
        part: Part numbers; empty for the whole message.
        text: What of the part; `None` for its body (or for the whole message).
        fields: Header field names as the client spelled them, for the two FIELDS texts.
    """

    part: tuple[int, ...] = ()
    text: SectionText | None = None
    fields: tuple[str, ...] = ()

    def __bytes__(self) -> bytes:
        """Return the section as it stands between the brackets."""
        pieces = [str(number) for number in self.part]
        if self.text is not None:
            pieces.append(self.text.value)
        octets = ".".join(pieces).encode("ascii")
        if not self.fields:
            return octets
        return octets + b" (" + b" ".join(encode_astring(field) for field in self.fields) + b")"


@dataclass(frozen=True, slots=True)
class Partial:
    """A part of the octets asked for: ``<offset.count>``."""

    offset: int
    count: int

    def __bytes__(self) -> bytes:
        """Return it as written in a command."""
        return b"<%d.%d>" % (self.offset, self.count)


def take_part(cursor: Cursor) -> tuple[int, ...]:
    """Take part numbers separated by dots, or nothing.

    Raises:
        ImapSyntaxError: A number has more than 32 bits.
    """
    found = cursor.match(_PART)
    if found is None:
        return ()
    part = tuple(map(int, found[0].split(b".")))
    if max(part) >= 2**32:
        raise cursor.fail("part number too large")
    return part


def take_section(cursor: Cursor) -> Section:
    """Take a section in its brackets.

    Raises:
        ImapSyntaxError: Not a section, or MIME without a part.
    """
    cursor.require(b"[")
    part = take_part(cursor)
    text: SectionText | None = None
    fields: tuple[str, ...] = ()
    if not cursor.at(b"]"):
        if part:
            cursor.require(b".")
        text = SectionText(cursor.expect(_TEXT, "section text")[0].decode("ascii").upper())
        if text is SectionText.MIME and not part:
            raise cursor.fail("MIME needs a part number")
        if text in {SectionText.HEADER_FIELDS, SectionText.HEADER_FIELDS_NOT}:
            fields = _take_fields(cursor)
    cursor.require(b"]")
    return Section(part, text, fields)


def _take_fields(cursor: Cursor) -> tuple[str, ...]:
    cursor.require(b" (")
    fields = [cursor.text(cursor.astring())]
    while cursor.take(b" "):
        fields.append(cursor.text(cursor.astring()))
    cursor.require(b")")
    return tuple(fields)


def take_partial(cursor: Cursor) -> Partial | None:
    """Take ``<offset.count>``, or nothing.

    Raises:
        ImapSyntaxError: Malformed, or a number has more than 63 bits.
    """
    if not cursor.at(b"<"):
        return None
    found = cursor.expect(_PARTIAL, "<offset.count>")
    offset, count = int(found[1]), int(found[2])
    if offset > MAX_NUMBER64 or count > MAX_NUMBER64:
        raise cursor.fail("number too large")
    return Partial(offset, count)
