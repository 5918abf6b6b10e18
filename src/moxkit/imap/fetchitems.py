"""What FETCH can ask for (RFC 9051 §6.4.5), as values and from the wire."""

import re
from dataclasses import dataclass
from enum import StrEnum

from moxkit.imap.lexer import Cursor
from moxkit.imap.section import Partial, Section, take_part, take_partial, take_section

__all__ = ["BinaryPart", "BinarySize", "BodySection", "FetchAttribute", "FetchItem", "take_fetch_items"]


class FetchAttribute(StrEnum):
    """Items without arguments."""

    BODY = "BODY"
    BODYSTRUCTURE = "BODYSTRUCTURE"
    EMAILID = "EMAILID"  # RFC 8474 §5.3
    ENVELOPE = "ENVELOPE"
    FLAGS = "FLAGS"
    INTERNALDATE = "INTERNALDATE"
    MODSEQ = "MODSEQ"  # RFC 7162 §3.1.5
    PREVIEW = "PREVIEW"  # RFC 8970 §3.1
    PREVIEW_LAZY = "PREVIEW (LAZY)"  # RFC 8970 §3.2
    RFC822 = "RFC822"
    RFC822_HEADER = "RFC822.HEADER"
    RFC822_SIZE = "RFC822.SIZE"
    RFC822_TEXT = "RFC822.TEXT"
    SAVEDATE = "SAVEDATE"  # RFC 8514 §4.2
    THREADID = "THREADID"  # RFC 8474 §5.3
    UID = "UID"

    def __bytes__(self) -> bytes:
        """Return the item as written in a command."""
        return self.value.encode("ascii")


@dataclass(frozen=True, slots=True)
class BodySection:
    r"""``BODY[section]<partial>`` or ``BODY.PEEK``, which leaves ``\Seen`` alone."""

    section: Section
    peek: bool = False
    partial: Partial | None = None

    def __bytes__(self) -> bytes:
        """Return the item as written in a command."""
        name = b"BODY.PEEK" if self.peek else b"BODY"
        return b"%b[%b]%b" % (name, bytes(self.section), b"" if self.partial is None else bytes(self.partial))

    @property
    def label(self) -> bytes:
        """The name of the item in a response: never PEEK, only the offset of the partial."""
        origin = b"" if self.partial is None else b"<%d>" % self.partial.offset
        return b"BODY[%b]%b" % (bytes(self.section), origin)


@dataclass(frozen=True, slots=True)
class BinaryPart:
    """``BINARY[part]<partial>`` or ``BINARY.PEEK``: decoded content (RFC 3516 §4.2)."""

    part: tuple[int, ...] = ()
    peek: bool = False
    partial: Partial | None = None

    def __bytes__(self) -> bytes:
        """Return the item as written in a command."""
        name = b"BINARY.PEEK" if self.peek else b"BINARY"
        partial = b"" if self.partial is None else bytes(self.partial)
        return b"%b[%b]%b" % (name, _dotted(self.part), partial)

    @property
    def label(self) -> bytes:
        """The name of the item in a response."""
        origin = b"" if self.partial is None else b"<%d>" % self.partial.offset
        return b"BINARY[%b]%b" % (_dotted(self.part), origin)


@dataclass(frozen=True, slots=True)
class BinarySize:
    """``BINARY.SIZE[part]``: how many octets BINARY would give."""

    part: tuple[int, ...] = ()

    def __bytes__(self) -> bytes:
        """Return the item as written in a command and in a response."""
        return b"BINARY.SIZE[%b]" % _dotted(self.part)

    @property
    def label(self) -> bytes:
        """The name of the item in a response."""
        return bytes(self)


FetchItem = FetchAttribute | BodySection | BinaryPart | BinarySize

_A = FetchAttribute
_FAST = (_A.FLAGS, _A.INTERNALDATE, _A.RFC822_SIZE)
_MACROS: dict[str, tuple[FetchItem, ...]] = {
    "FAST": _FAST,
    "ALL": (*_FAST, _A.ENVELOPE),
    "FULL": (*_FAST, _A.ENVELOPE, _A.BODY),
}
_NAME = re.compile(rb"[A-Za-z0-9.]+")
# preview-mod = "LAZY", the only one defined (RFC 8970 §6); other parentheses are modifiers of the FETCH.
_LAZY = re.compile(rb" \(LAZY\)", re.IGNORECASE)
_SIMPLE: dict[str, FetchItem] = {
    item.value: item for item in FetchAttribute if item is not FetchAttribute.PREVIEW_LAZY
}


def take_fetch_items(cursor: Cursor) -> tuple[FetchItem, ...]:
    """Take a macro, one item or a list of items; repeated items count once.

    Raises:
        ImapSyntaxError: Not known, or malformed.
    """
    if cursor.take(b"("):
        items = [_take_item(cursor)]
        while cursor.take(b" "):
            items.append(_take_item(cursor))
        cursor.require(b")")
        return tuple(dict.fromkeys(items))
    start = cursor.position
    macro = _MACROS.get(cursor.expect(_NAME, "fetch item")[0].decode("ascii").upper())
    if macro is not None:
        return macro
    cursor.position = start
    return (_take_item(cursor),)


def _take_item(cursor: Cursor) -> FetchItem:
    name = cursor.expect(_NAME, "fetch item")[0].decode("ascii").upper()
    if cursor.at(b"["):
        return _take_bracketed(cursor, name)
    item = _SIMPLE.get(name)
    if item is None:
        raise cursor.fail("unknown fetch item")
    if item is FetchAttribute.PREVIEW and cursor.match(_LAZY) is not None:
        return FetchAttribute.PREVIEW_LAZY
    return item


def _take_bracketed(cursor: Cursor, name: str) -> FetchItem:
    match name:
        case "BODY" | "BODY.PEEK":
            section = take_section(cursor)
            return BodySection(section, name == "BODY.PEEK", take_partial(cursor))
        case "BINARY" | "BINARY.PEEK":
            part = _take_binary_part(cursor)
            return BinaryPart(part, name == "BINARY.PEEK", take_partial(cursor))
        case "BINARY.SIZE":
            return BinarySize(_take_binary_part(cursor))
        case _:
            raise cursor.fail("unknown fetch item")


def _take_binary_part(cursor: Cursor) -> tuple[int, ...]:
    cursor.require(b"[")
    part = take_part(cursor)
    cursor.require(b"]")
    return part


def _dotted(part: tuple[int, ...]) -> bytes:
    return ".".join(map(str, part)).encode("ascii")
