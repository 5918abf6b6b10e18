"""Signing a message with one or several keys (RFC 6376 §5)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from moxkit.dkim.bodyhash import Source
from moxkit.dkim.canonical import Canonicalization
from moxkit.dkim.content import Content, ContentTooLargeError, Field
from moxkit.dkim.encoding import append_signature, encode_signature
from moxkit.dkim.errors import SignError
from moxkit.dkim.keys import PrivateKey, key_type_of, sign_digest
from moxkit.dkim.limits import DEFAULT_LIMITS, Limits
from moxkit.dkim.signature import Identity, Signature, is_localpart
from moxkit.domain import Domain

__all__ = ["DEFAULT_HEADERS", "DEFAULT_SEALED", "SigningKey", "select_names", "sign"]

# Fields that must not appear a second time, or at all if they are not there now (RFC 6376 §8.15).
DEFAULT_SEALED = (
    "from",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "reply-to",
    "in-reply-to",
    "references",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
)
# What is signed where it is there: the core of the message (RFC 6376 §5.4.1) and how to read its body.
DEFAULT_HEADERS = (
    *DEFAULT_SEALED,
    "sender",
    "content-disposition",
    "content-id",
    "content-description",
    "resent-date",
    "resent-from",
    "resent-to",
    "resent-cc",
    "resent-message-id",
    "list-id",
    "list-help",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-subscribe",
    "list-post",
    "list-owner",
    "list-archive",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A private key and how it is to be used.

    Attributes:
        selector: Under which its public half is published.
        private_key: RSA of at least 1024 bits, better 2048, or Ed25519.
        headers: Names of fields to sign, in lower case; with those that may occur again, every one of them.
        sealed: Those of `headers` that are signed once more than they are there, so that none can be added.
        header_canonicalization: Relaxed survives most relays.
        body_canonicalization: Relaxed survives most relays.
        lifetime: After which the signature is worth nothing; None for ever.
    """

    selector: Domain
    private_key: PrivateKey = field(repr=False)
    headers: tuple[str, ...] = DEFAULT_HEADERS
    sealed: tuple[str, ...] = DEFAULT_SEALED
    header_canonicalization: Canonicalization = Canonicalization.RELAXED
    body_canonicalization: Canonicalization = Canonicalization.RELAXED
    lifetime: timedelta | None = None


def sign(
    message: Source,
    *,
    domain: Domain,
    keys: Sequence[SigningKey],
    now: datetime,
    identity: Identity | None = None,
    prefix: bytes = b"",
    limits: Limits = DEFAULT_LIMITS,
) -> bytes:
    """Sign a message for a domain, once with each key.

    Args:
        message: As it will be sent: with CRLF line ends, complete (RFC 6376 §5.3).
        domain: Who takes responsibility.
        keys: With which to sign; the body is hashed once for each canonicalization.
        now: When.
        identity: On behalf of whom; its domain must be the signing domain or below it.
        prefix: Fields that will be sent before `message`, with CRLF, and are signed with it.
        limits: For the header.

    Returns:
        A DKIM-Signature field for each key, with CRLF, to be put before the message.

    Raises:
        SignError: There is not exactly one From, the header is too large or has bare CR or LF, From is not to
            be signed, or the identity is malformed or not below the domain.
    """
    try:
        content = Content(message, limits, prefix=prefix)
    except ContentTooLargeError as error:
        raise SignError(str(error)) from None
    if content.has_bare_line_end():
        # Others may see fields where we do not: nobody could say what was signed (RFC 6376 §5.3).
        raise SignError("the header has bare CR or LF")
    if len(content.fields("from")) != 1:
        raise SignError("there must be one From field")
    _check_identity(identity, domain)
    hashes: dict[Canonicalization, bytes] = {}
    signed: list[bytes] = []
    for key in keys:
        if "from" not in key.headers:
            raise SignError("From must be signed")
        if key.body_canonicalization not in hashes:
            body = content.hash_body(key.body_canonicalization, (None,))[None]
            hashes[key.body_canonicalization] = body.digest
        signature = Signature(
            domain=domain,
            selector=key.selector,
            identity=identity,
            algorithm=f"{key_type_of(key.private_key)}-sha256",
            header_canonicalization=key.header_canonicalization,
            body_canonicalization=key.body_canonicalization,
            headers=select_names(content, key.headers, key.sealed),
            signed_at=now,
            expires_at=None if key.lifetime is None else now + key.lifetime,
            body_hash=hashes[key.body_canonicalization],
        )
        signed.append(_sign(content, signature, key.private_key))
    return b"".join(signed)


def _check_identity(identity: Identity | None, domain: Domain) -> None:
    if identity is None:
        return
    if identity.domain != domain and not identity.domain.is_below(domain):
        raise SignError("the identity is not below the signing domain")
    if identity.localpart and not is_localpart(identity.localpart):
        raise SignError("the localpart of the identity needs quotes")


def select_names(content: Content, headers: Sequence[str], sealed: Sequence[str]) -> tuple[str, ...]:
    """Return the names for ``h=``: each as often as it is there, sealed ones once more (RFC 6376 §5.4)."""
    return tuple(
        name for name in headers for _ in range(len(content.fields(name)) + (1 if name in sealed else 0))
    )


def _sign(content: Content, signature: Signature, key: PrivateKey) -> bytes:
    octets = encode_signature(signature)
    own = Field("dkim-signature", octets + b"\r\n")
    digest = content.hash_header(signature.headers, signature.header_canonicalization, own)
    return append_signature(octets, sign_digest(key, digest))
