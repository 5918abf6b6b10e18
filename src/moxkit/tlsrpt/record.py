"""The TLSRPT record: reading, writing, looking it up (RFC 8460 §3)."""

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

from moxkit.dns import NotFound, Resolver, TemporaryFailure
from moxkit.domain import Domain, DomainError, parse_domain

__all__ = ["Lookup", "Record", "RecordError", "Status", "is_record", "lookup", "parse_record"]

_LONGEST = 16 * 1024
_MOST_FIELDS = 100
_MOST_URIS = 100
# tlsrpt-version and what must follow it (RFC 8460 §3, ABNF).
_VERSION = re.compile(r"v=TLSRPTv1[ \t]*+(?:;|\Z)")
# Names and values of extensions; a value may not hold "=", ";", white space or controls.
_FIELD = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31})=([^;]*+)")
_EXTENSION_VALUE = re.compile(r"[!-:<>-~]+")
# "!", "," and ";" must be encoded in a URI (RFC 8460 §3).
_URI = re.compile(r"(?i:mailto:[^\s!,;@]++@[^\s!,;@]++|https://[^\s!,;]++)")


class RecordError(ValueError):
    """The text is a TLSRPT record by its version, but it is malformed."""


class Status(StrEnum):
    """Outcome of a lookup."""

    FOUND = "found"
    NONE = "none"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


@dataclass(frozen=True, slots=True)
class Record:
    """A record; `str` writes it.

    Attributes:
        rua: ``mailto:`` and ``https:`` URIs that want reports, at least one.
        extensions: Other fields, names and values as published.
    """

    rua: tuple[str, ...]
    extensions: tuple[tuple[str, str], ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """The mail addresses among `rua`, decoded; what is no address of a domain is left out."""
        return tuple(filter(None, map(_address, self.rua)))

    def __str__(self) -> str:
        extensions = "".join(f" {name}={value};" for name, value in self.extensions)
        return f"v=TLSRPTv1; rua={','.join(self.rua)};{extensions}"


@dataclass(frozen=True, slots=True)
class Lookup:
    """What was found for a domain.

    Attributes:
        record: None unless `status` is found.
        text: The record as published; also if it could not be parsed.
        authentic: Whether DNSSEC has validated the answer.
        problem: What was wrong, for people.
    """

    status: Status
    record: Record | None = None
    text: str = ""
    authentic: bool = False
    problem: str = ""


def is_record(text: str) -> bool:
    """Return whether a TXT record is meant for TLSRPT; others are to be ignored (RFC 8460 §3)."""
    return _VERSION.match(text) is not None


def parse_record(text: str) -> Record:
    """Parse the text of a TXT record.

    Raises:
        RecordError: It is no TLSRPT record, is malformed, or has no ``rua``.
    """
    if not is_record(text):
        raise RecordError("record does not begin with v=TLSRPTv1")
    if len(text) > _LONGEST:
        raise RecordError("record too long")
    rua: list[str] = []
    extensions: list[tuple[str, str]] = []
    pieces = [piece.strip(" \t") for piece in text.split(";", _MOST_FIELDS + 1)[1:]]
    if len(pieces) > _MOST_FIELDS:
        raise RecordError("too many fields")
    if pieces and not pieces[-1]:
        pieces.pop()
    for piece in pieces:
        found = _FIELD.fullmatch(piece)
        if found is None:
            raise RecordError("malformed field")
        if found[1] == "rua":
            rua += _read_uris(found[2])
        elif _EXTENSION_VALUE.fullmatch(found[2]):
            extensions.append((found[1], found[2]))
        else:
            raise RecordError(f"bad value of {found[1]}")
    if not rua:
        raise RecordError("no rua")
    return Record(tuple(rua[:_MOST_URIS]), tuple(extensions))


def _read_uris(value: str) -> list[str]:
    uris = [uri.strip(" \t") for uri in value.split(",", _MOST_URIS)[:_MOST_URIS]]
    if not all(uri.isascii() and uri.isprintable() and _URI.fullmatch(uri) for uri in uris):
        raise RecordError("bad URI in rua")
    return uris


def _address(uri: str) -> str | None:
    scheme, _, rest = uri.partition(":")
    localpart, _, domain = rest.partition("?")[0].partition("@")
    if scheme.lower() != "mailto" or not unquote(localpart).isprintable():
        return None
    try:
        return f"{unquote(localpart)}@{parse_domain(unquote(domain))}"
    except DomainError:
        return None


async def lookup(resolver: Resolver, domain: Domain) -> Lookup:
    """Find the record at ``_smtp._tls.`` below a domain; nothing is raised, trouble has a status.

    Anything but one record means that the domain wants no reports (RFC 8460 §3); several are an error.
    """
    try:
        answer = await resolver.txt(f"_smtp._tls.{domain}.")
    except NotFound as missing:
        return Lookup(Status.NONE, authentic=missing.authentic)
    except TemporaryFailure as failure:
        return Lookup(Status.TEMPERROR, problem=f"DNS: {failure}")
    texts = [text for text in answer.records if is_record(text)]
    if not texts:
        return Lookup(Status.NONE, authentic=answer.authentic)
    if len(texts) > 1:
        return Lookup(Status.PERMERROR, authentic=answer.authentic, problem=f"{len(texts)} records")
    try:
        record = parse_record(texts[0])
    except RecordError as error:
        return Lookup(Status.PERMERROR, None, texts[0], answer.authentic, str(error))
    return Lookup(Status.FOUND, record, texts[0], answer.authentic)
