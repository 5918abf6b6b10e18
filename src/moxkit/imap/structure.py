"""ENVELOPE and BODYSTRUCTURE as a client reads them (RFC 9051 §7.5.2).

Text is UTF-8 where it can be; other octets survive as surrogates, since servers pass on what senders wrote.
"""

from dataclasses import dataclass

from moxkit.imap.lexer import Cursor

__all__ = [
    "BodyPart",
    "Disposition",
    "EnvelopeAddress",
    "Extension",
    "ImapEnvelope",
    "Multipart",
    "take_envelope",
    "take_structure",
]

Parameters = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class EnvelopeAddress:
    """An address; in group syntax `host` is `None`: with a mailbox it begins a group, without it ends one."""

    name: str | None
    route: str | None
    mailbox: str | None
    host: str | None


@dataclass(frozen=True, slots=True)
class ImapEnvelope:
    """The envelope structure: header fields as the server parsed them, encoded-words not decoded."""

    date: str | None
    subject: str | None
    from_: tuple[EnvelopeAddress, ...]
    sender: tuple[EnvelopeAddress, ...]
    reply_to: tuple[EnvelopeAddress, ...]
    to: tuple[EnvelopeAddress, ...]
    cc: tuple[EnvelopeAddress, ...]
    bcc: tuple[EnvelopeAddress, ...]
    in_reply_to: str | None
    message_id: str | None


@dataclass(frozen=True, slots=True)
class Disposition:
    """Content-Disposition."""

    kind: str
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class Extension:
    """What only BODYSTRUCTURE has, as far as the server gave it."""

    disposition: Disposition | None = None
    languages: tuple[str, ...] = ()
    location: str | None = None


@dataclass(frozen=True, slots=True)
class BodyPart:
    """A part that is not a multipart.

    Attributes:
        media_type: Such as ``text``, in the server's case; `subtype` likewise.
        lines: Of text and message/rfc822.
        envelope: Of message/rfc822; so is `body`.
    """

    media_type: str
    subtype: str
    parameters: Parameters
    content_id: str | None
    description: str | None
    encoding: str
    octets: int
    lines: int | None = None
    envelope: ImapEnvelope | None = None
    body: "BodyPart | Multipart | None" = None
    md5: str | None = None
    extension: Extension = Extension()


@dataclass(frozen=True, slots=True)
class Multipart:
    """A multipart; `parameters` only in BODYSTRUCTURE."""

    parts: "tuple[BodyPart | Multipart, ...]"
    subtype: str
    parameters: Parameters = ()
    extension: Extension = Extension()


def _text(cursor: Cursor) -> str:
    return cursor.string().decode(errors="surrogateescape")


def _ntext(cursor: Cursor) -> str | None:
    octets = cursor.nstring()
    return None if octets is None else octets.decode(errors="surrogateescape")


def take_envelope(cursor: Cursor) -> ImapEnvelope:
    """Take an envelope structure.

    Raises:
        ResponseSyntaxError: Malformed.
    """
    cursor.require(b"(")
    date = _ntext(cursor)
    cursor.space()
    subject = _ntext(cursor)
    addresses = []
    for _ in range(6):
        cursor.space()
        addresses.append(_take_addresses(cursor))
    cursor.space()
    in_reply_to = _ntext(cursor)
    cursor.space()
    message_id = _ntext(cursor)
    cursor.require(b")")
    from_, sender, reply_to, to, cc, bcc = addresses
    return ImapEnvelope(date, subject, from_, sender, reply_to, to, cc, bcc, in_reply_to, message_id)


def _take_addresses(cursor: Cursor) -> tuple[EnvelopeAddress, ...]:
    if cursor.nil():
        return ()
    cursor.require(b"(")
    addresses: list[EnvelopeAddress] = []
    while not cursor.take(b")"):
        # Some servers put spaces between addresses; the grammar has none.
        cursor.take(b" ")
        cursor.require(b"(")
        fields = [_ntext(cursor)]
        for _ in range(3):
            cursor.space()
            fields.append(_ntext(cursor))
        cursor.require(b")")
        addresses.append(EnvelopeAddress(*fields))
    return tuple(addresses)


def take_structure(cursor: Cursor) -> BodyPart | Multipart:
    """Take BODY or BODYSTRUCTURE.

    Raises:
        ResponseSyntaxError: Malformed, or nested too deeply.
    """
    cursor.descend()
    cursor.require(b"(")
    body = _take_multipart(cursor) if cursor.at(b"(") else _take_part(cursor)
    cursor.require(b")")
    cursor.ascend()
    return body


def _take_multipart(cursor: Cursor) -> Multipart:
    parts: list[BodyPart | Multipart] = []
    while cursor.at(b"("):
        parts.append(take_structure(cursor))
    cursor.space()
    subtype = _text(cursor)
    parameters: Parameters = ()
    extension = Extension()
    if cursor.take(b" "):
        parameters = _take_parameters(cursor)
        extension = _take_extension(cursor)
    return Multipart(tuple(parts), subtype, parameters, extension)


def _take_part(cursor: Cursor) -> BodyPart:
    media_type = _text(cursor)
    cursor.space()
    subtype = _text(cursor)
    cursor.space()
    parameters = _take_parameters(cursor)
    cursor.space()
    content_id = _ntext(cursor)
    cursor.space()
    description = _ntext(cursor)
    cursor.space()
    encoding = _ntext(cursor) or "7BIT"
    cursor.space()
    octets = cursor.number()
    lines: int | None = None
    envelope: ImapEnvelope | None = None
    body: BodyPart | Multipart | None = None
    kind = f"{media_type}/{subtype}".lower()
    # media-message: servers may give message/global the same fields (RFC 9051 §7.5.2).
    if kind in {"message/rfc822", "message/global"} and cursor.at(b" ("):
        cursor.space()
        envelope = take_envelope(cursor)
        cursor.space()
        body = take_structure(cursor)
        cursor.space()
        lines = cursor.number()
    elif kind.startswith("text/"):
        cursor.space()
        lines = cursor.number()
    md5: str | None = None
    extension = Extension()
    if cursor.take(b" "):
        md5 = _ntext(cursor)
        extension = _take_extension(cursor)
    return BodyPart(
        media_type,
        subtype,
        parameters,
        content_id,
        description,
        encoding,
        octets,
        lines,
        envelope,
        body,
        md5,
        extension,
    )


def _take_parameters(cursor: Cursor) -> Parameters:
    if cursor.nil():
        return ()
    cursor.require(b"(")
    parameters: list[tuple[str, str]] = []
    while not cursor.take(b")"):
        if parameters:
            cursor.space()
        name = _text(cursor)
        cursor.space()
        parameters.append((name, _ntext(cursor) or ""))
    return tuple(parameters)


def _take_extension(cursor: Cursor) -> Extension:
    """``[SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc *(SP body-extension)]]]``."""
    disposition: Disposition | None = None
    languages: tuple[str, ...] = ()
    location: str | None = None
    if cursor.take(b" ") and not cursor.nil():
        cursor.require(b"(")
        kind = _text(cursor)
        cursor.space()
        disposition = Disposition(kind, _take_parameters(cursor))
        cursor.require(b")")
    if cursor.take(b" "):
        languages = _take_languages(cursor)
    if cursor.take(b" "):
        location = _ntext(cursor)
    while cursor.take(b" "):
        _skip_extension(cursor)
    return Extension(disposition, languages, location)


def _take_languages(cursor: Cursor) -> tuple[str, ...]:
    if not cursor.take(b"("):
        language = _ntext(cursor)
        return () if language is None else (language,)
    languages = [_text(cursor)]
    while cursor.take(b" "):
        languages.append(_text(cursor))
    cursor.require(b")")
    return tuple(languages)


def _skip_extension(cursor: Cursor) -> None:
    """Pass over ``nstring / number / "(" body-extension *(SP body-extension) ")"``."""
    if cursor.take(b"("):
        cursor.descend()
        _skip_extension(cursor)
        while cursor.take(b" "):
            _skip_extension(cursor)
        cursor.require(b")")
        cursor.ascend()
    elif not cursor.nil() and not _is_number(cursor):
        cursor.string()


def _is_number(cursor: Cursor) -> bool:
    if cursor.octets[cursor.position : cursor.position + 1].isdigit():
        cursor.number()
        return True
    return False
