"""The DKIM-Signature field as a value, and reading it (RFC 6376 §3.5, §6.1.1)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from moxkit.dkim.canonical import Canonicalization
from moxkit.dkim.errors import SignatureError, TagListError
from moxkit.dkim.limits import DEFAULT_LIMITS, Limits
from moxkit.dkim.problem import ProblemKind
from moxkit.dkim.taglist import decode_base64, decode_quoted, parse_tag_list, split_list
from moxkit.domain import Domain, DomainError, parse_domain

__all__ = ["Identity", "Signature", "is_localpart", "parse_signature", "read_signature"]

# Hash algorithms whose digests we know the length of; SHA-1 only to tell it apart (RFC 8301 §3.1).
_DIGEST_OCTETS = {"sha1": 20, "sha256": 32}
_REQUIRED = ("a", "b", "bh", "d", "h", "s")
_REQUIRED_OF_SEAL = ("a", "b", "d", "s")
_ALGORITHM = re.compile(r"[a-z][a-z0-9]*+-[a-z][a-z0-9]*+")
# hdr-name *( [FWS] ":" [FWS] hdr-name ), without the semicolon that ends a tag.
_NAMES = re.compile(r"[!-9<-~]++(?:[ \t]*+:[ \t]*+[!-9<-~]++)*+")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)
_MAX_LOCALPART = 256
# Local-part of RFC 5321 §4.1.2 with the UTF-8 of RFC 6531 §3.3.
_LOCALPART = re.compile(r'[^\x00-\x20"(),:;<>@\[\\\]\x7f]++|"(?:[^\x00-\x1f"\\\x7f]++|\\[ -~])*+"')


@dataclass(frozen=True, slots=True)
class Identity:
    """The agent or user on whose behalf was signed (RFC 6376 §2.6); only its domain is vouched for.

    Attributes:
        localpart: As written, perhaps quoted; empty if none was given.
        domain: The signing domain or one below it.
    """

    localpart: str
    domain: Domain

    def __str__(self) -> str:
        return f"{self.localpart}@{self.domain}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One DKIM signature, verified or not.

    Attributes:
        domain: Who claims responsibility (``d=``).
        selector: Which of its keys was used (``s=``).
        identity: On behalf of whom (``i=``); None if it was not said.
        algorithm: Key type and hash (``a=``), in lower case; perhaps one we do not know.
        header_canonicalization: For the header (``c=`` before the slash).
        body_canonicalization: For the body (``c=`` after the slash).
        headers: Names of the signed fields (``h=``), in lower case; a name is repeated for each field.
        signed_at: When the signer says it was (``t=``).
        expires_at: From when on it is worth nothing (``x=``); a time after the year 9999 is its end.
        body_length: How many octets of the canonical body are signed (``l=``); None for all.
        body_hash: Digest of the canonical body (``bh=``).
        signature: What the key has made (``b=``).
        copied_headers: Fields as they were when signed (``z=``), for diagnosis only.
    """

    domain: Domain
    selector: Domain
    identity: Identity | None = None
    algorithm: str = "rsa-sha256"
    header_canonicalization: Canonicalization = Canonicalization.SIMPLE
    body_canonicalization: Canonicalization = Canonicalization.SIMPLE
    headers: tuple[str, ...] = ()
    signed_at: datetime | None = None
    expires_at: datetime | None = None
    body_length: int | None = None
    body_hash: bytes = b""
    signature: bytes = b""
    copied_headers: tuple[tuple[str, str], ...] = ()

    @property
    def key_type(self) -> str:
        """``rsa``, ``ed25519`` or one that we do not know."""
        return self.algorithm.partition("-")[0]

    @property
    def hash_name(self) -> str:
        """``sha256`` or one that we do not use."""
        return self.algorithm.partition("-")[2]


def is_localpart(text: str) -> bool:
    """Return whether text can stand before the "@" of ``i=`` as it is."""
    return len(text) <= _MAX_LOCALPART and _LOCALPART.fullmatch(text) is not None


def parse_signature(value: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Signature:
    """Parse the value of a DKIM-Signature field, folded or not.

    Raises:
        SignatureError: Syntax, another version, a canonicalization or query method that is unknown.
    """
    try:
        tags = parse_tag_list(value.decode(), max_octets=limits.max_tag_list_octets)
        version = tags.get("v")
        if version is None:
            raise SignatureError(ProblemKind.SYNTAX, "no v= in signature")
        if version != "1":
            raise SignatureError(ProblemKind.VERSION, f"signature of version {version[:40]!r}")
        identity = _identity(tags["i"]) if "i" in tags else None
    except UnicodeDecodeError:
        raise SignatureError(ProblemKind.SYNTAX, "signature is not UTF-8") from None
    except TagListError as error:
        raise SignatureError(ProblemKind.SYNTAX, f"bad signature syntax: {error}") from None
    return read_signature(tags, identity=identity, limits=limits)


def read_signature(
    tags: Mapping[str, str],
    *,
    identity: Identity | None = None,
    covers_body: bool = True,
    limits: Limits = DEFAULT_LIMITS,
) -> Signature:
    """Make a signature from the tags of a list, apart from ``v=`` and ``i=``, which ARC reads otherwise.

    Args:
        tags: Without those two.
        identity: What ``i=`` says.
        covers_body: Whether ``bh=`` and ``h=`` must be there, as everywhere but in ARC-Seal.
        limits: For the number of names.

    Raises:
        SignatureError: As for `parse_signature`.
    """
    for name in _REQUIRED if covers_body else _REQUIRED_OF_SEAL:
        if name not in tags:
            raise SignatureError(ProblemKind.SYNTAX, f"no {name}= in signature")
    try:
        return _read(tags, identity, limits)
    except TagListError as error:
        raise SignatureError(ProblemKind.SYNTAX, f"bad signature syntax: {error}") from None


def _read(tags: Mapping[str, str], identity: Identity | None, limits: Limits) -> Signature:
    _check_query_methods(tags.get("q", "dns/txt"))
    header, body = _canonicalizations(tags.get("c", ""))
    signed, expires = _seconds(tags, "t"), _seconds(tags, "x")
    if signed is not None and expires is not None and signed >= expires:
        raise TagListError("x= is not after t=")
    algorithm, body_hash = tags["a"].lower(), decode_base64(tags.get("bh", ""))
    if _ALGORITHM.fullmatch(algorithm) is None:
        raise TagListError("bad a=")
    if "bh" in tags and len(body_hash) != _DIGEST_OCTETS.get(algorithm.partition("-")[2], len(body_hash)):
        raise TagListError("bh= has a wrong length")
    if not (signature := decode_base64(tags["b"])):
        raise TagListError("b= is empty")
    return Signature(
        domain=_domain(tags, "d"),
        selector=_domain(tags, "s"),
        identity=identity,
        algorithm=algorithm,
        header_canonicalization=header,
        body_canonicalization=body,
        headers=_headers(tags["h"], limits.max_names) if "h" in tags else (),
        signed_at=_time(signed),
        expires_at=_time(expires),
        body_length=_number(tags, "l", 76),
        body_hash=body_hash,
        signature=signature,
        copied_headers=_copied(tags["z"]) if "z" in tags else (),
    )


def _domain(tags: Mapping[str, str], name: str) -> Domain:
    try:
        # U-labels may come in messages with UTF-8 in their header (RFC 8616 §4). Underscores are against the
        # grammar but in use, in selectors above all.
        return parse_domain(tags[name], allow_underscore=True)
    except DomainError as error:
        raise TagListError(f"{name}=: {error}") from None


def _identity(value: str) -> Identity:
    localpart, at, domain = decode_quoted(value).rpartition("@")
    if not at or (localpart and not is_localpart(localpart)):
        raise TagListError("bad i=")
    try:
        return Identity(localpart, parse_domain(domain, allow_underscore=True))
    except DomainError as error:
        raise TagListError(f"i=: {error}") from None


def _headers(value: str, max_names: int) -> tuple[str, ...]:
    if value.count(":") >= max_names:
        raise SignatureError(ProblemKind.TOO_LARGE, f"more than {max_names} names in h=")
    if _NAMES.fullmatch(value) is None:
        raise TagListError("bad field name in h=")
    return tuple(value.replace(" ", "").replace("\t", "").lower().split(":"))


def _check_query_methods(value: str) -> None:
    # Unknown methods are ignored as long as the one that we know is there.
    if "dns/txt" not in split_list(value):
        raise SignatureError(ProblemKind.QUERY_METHOD, "q= without dns/txt")


def _canonicalizations(value: str) -> tuple[Canonicalization, Canonicalization]:
    header, slash, body = value.lower().partition("/")
    if not slash:
        # An absent tag is simple/simple, one algorithm alone is for the header.
        header, body = header or "simple", "simple"
    try:
        return Canonicalization(header), Canonicalization(body)
    except ValueError:
        raise SignatureError(
            ProblemKind.CANONICALIZATION, f"unknown canonicalization {value[:40]!r}"
        ) from None


def _number(tags: Mapping[str, str], name: str, max_digits: int) -> int | None:
    digits = tags.get(name)
    if digits is None:
        return None
    if len(digits) > max_digits or not (digits.isascii() and digits.isdecimal()):
        raise TagListError(f"{name}= is no number, or too large")
    return int(digits)


def _seconds(tags: Mapping[str, str], name: str) -> int | None:
    return _number(tags, name, 12)


def _time(seconds: int | None) -> datetime | None:
    if seconds is None:
        return None
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return _NEVER


def _copied(value: str) -> tuple[tuple[str, str], ...]:
    copies: list[tuple[str, str]] = []
    for item in value.split("|"):
        name, colon, content = item.partition(":")
        try:
            if colon:
                copies.append((name.strip(" \t"), decode_quoted(content)))
        except TagListError:
            # Only for diagnosis: what signers write here carelessly must not break their signatures.
            continue
    return tuple(copies)
