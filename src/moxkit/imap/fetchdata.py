"""FETCH responses as a client reads them (RFC 9051 §7.5.2)."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from moxkit.imap.dates import take_date_time
from moxkit.imap.lexer import MAX_NUMBER64, Cursor
from moxkit.imap.objectid import take_bracketed_object_id
from moxkit.imap.section import Section, take_part, take_section
from moxkit.imap.structure import BodyPart, ImapEnvelope, Multipart, take_envelope, take_structure

__all__ = ["Content", "FetchData", "take_fetch_data"]

_NAME = re.compile(rb"[A-Za-z0-9.-]+")
_FLAG = re.compile(rb"\\?[!#$&'+-\[^-z|}~]+")
_ORIGIN = re.compile(rb"<([0-9]{1,19})>")


@dataclass(frozen=True, slots=True)
class Content:
    """Octets of a message: BODY[...] or BINARY[...], or the RFC822 items.

    Attributes:
        section: What of the message.
        binary: Whether transfer encodings were undone.
        origin: First octet of a partial; `None` for all.
        octets: `None` for NIL.
    """

    section: Section
    binary: bool
    origin: int | None
    octets: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class FetchData:
    """What a server said about one message; `None` or empty where it said nothing.

    Attributes:
        number: Message number; the UID if `uid_only` (RFC 9586 §3.3).
        save_date: `None` also for NIL (RFC 8514 §4.2).
        preview: `None` also for NIL (RFC 8970 §3.2).
        email_id: Of the content (RFC 8474 §5.1).
        thread_id: `None` also for NIL (RFC 8474 §5.2).
    """

    number: int
    uid_only: bool = False
    uid: int | None = None
    flags: tuple[str, ...] | None = None
    modseq: int | None = None
    size: int | None = None
    internal_date: datetime | None = None
    save_date: datetime | None = None
    envelope: ImapEnvelope | None = None
    body: BodyPart | Multipart | None = None
    body_structure: BodyPart | Multipart | None = None
    contents: tuple[Content, ...] = ()
    binary_sizes: tuple[tuple[tuple[int, ...], int], ...] = ()
    preview: str | None = None
    email_id: str | None = None
    thread_id: str | None = None


def take_fetch_data(cursor: Cursor, number: int, *, uid_only: bool) -> FetchData:
    """Take the items in parentheses.

    Raises:
        ResponseSyntaxError: Malformed, or an item that was never defined.
    """
    items: dict[str, object] = {}
    contents: list[Content] = []
    sizes: list[tuple[tuple[int, ...], int]] = []
    cursor.require(b"(")
    first = True
    while not cursor.take(b")"):
        if not first:
            cursor.space()
        first = False
        name = cursor.expect(_NAME, "fetch item")[0].upper()
        if name == b"BINARY.SIZE":
            part = _bracketed_part(cursor)
            cursor.space()
            sizes.append((part, cursor.number()))
        elif cursor.at(b"["):
            contents.append(_take_content(cursor, name))
        elif name in _RFC822:
            cursor.space()
            contents.append(Content(_RFC822[name], binary=False, origin=None, octets=cursor.nstring()))
        else:
            take = _TAKERS.get(name)
            if take is None:
                raise cursor.fail("unknown fetch item")
            cursor.space()
            items[take[0]] = take[1](cursor)
    # `replace` checks no types: the table below pairs each attribute with its reader.
    data = FetchData(number, uid_only, contents=tuple(contents), binary_sizes=tuple(sizes))
    return replace(data, **items)  # type: ignore[arg-type] # values from _TAKERS, one per attribute


def _bracketed_part(cursor: Cursor) -> tuple[int, ...]:
    cursor.require(b"[")
    part = take_part(cursor)
    cursor.require(b"]")
    return part


def _take_content(cursor: Cursor, name: bytes) -> Content:
    if name == b"BINARY":
        section = Section(_bracketed_part(cursor))
    elif name == b"BODY":
        section = take_section(cursor)
    else:
        raise cursor.fail("unknown fetch item")
    origin = cursor.match(_ORIGIN)
    cursor.space()
    octets = cursor.nstring()
    return Content(section, name == b"BINARY", None if origin is None else int(origin[1]), octets)


def _take_flags(cursor: Cursor) -> tuple[str, ...]:
    cursor.require(b"(")
    flags: list[str] = []
    while not cursor.take(b")"):
        if flags:
            cursor.space()
        flags.append(cursor.expect(_FLAG, "flag")[0].decode("ascii"))
    return tuple(flags)


def _take_modseq(cursor: Cursor) -> int:
    cursor.require(b"(")
    modseq = cursor.number(MAX_NUMBER64)
    cursor.require(b")")
    return modseq


def _take_save_date(cursor: Cursor) -> datetime | None:
    return None if cursor.nil() else take_date_time(cursor)


def _take_preview(cursor: Cursor) -> str | None:
    octets = cursor.nstring()
    return None if octets is None else octets.decode(errors="replace")


def _take_thread_id(cursor: Cursor) -> str | None:
    return None if cursor.nil() else take_bracketed_object_id(cursor)


_TAKERS: dict[bytes, tuple[str, Callable[[Cursor], object]]] = {
    b"BODY": ("body", take_structure),
    b"BODYSTRUCTURE": ("body_structure", take_structure),
    b"EMAILID": ("email_id", take_bracketed_object_id),
    b"ENVELOPE": ("envelope", take_envelope),
    b"FLAGS": ("flags", _take_flags),
    b"INTERNALDATE": ("internal_date", take_date_time),
    b"MODSEQ": ("modseq", _take_modseq),
    b"PREVIEW": ("preview", _take_preview),
    b"RFC822.SIZE": ("size", Cursor.number),
    b"SAVEDATE": ("save_date", _take_save_date),
    b"THREADID": ("thread_id", _take_thread_id),
    b"UID": ("uid", Cursor.nz_number),
}

_RFC822 = {
    b"RFC822": take_section(Cursor(b"[]")),
    b"RFC822.HEADER": take_section(Cursor(b"[HEADER]")),
    b"RFC822.TEXT": take_section(Cursor(b"[TEXT]")),
}
