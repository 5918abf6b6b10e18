"""Adding an ARC Set to a message (RFC 8617 §5.1)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from moxkit import dkim
from moxkit.arc.errors import SealError
from moxkit.arc.result import ProblemKind, Result
from moxkit.arc.sets import MAX_SETS
from moxkit.arc.status import Status
from moxkit.arc.verify import SealHash
from moxkit.domain import Domain
from moxkit.message import Source, fold

__all__ = ["DEFAULT_HEADERS", "seal"]

# As for DKIM, and the signatures that are there (RFC 8617 §4.1.2).
DEFAULT_HEADERS = (*dkim.DEFAULT_HEADERS, "dkim-signature")
_RELAXED = dkim.Canonicalization.RELAXED
# Others remove or add these, which must not break the signature.
_NEVER_SIGNED = frozenset(
    ("authentication-results", "arc-authentication-results", "arc-message-signature", "arc-seal")
)


def seal(
    message: Source,
    *,
    chain: Result,
    authentication_results: str,
    domain: Domain,
    selector: Domain,
    private_key: dkim.PrivateKey,
    now: datetime,
    headers: Sequence[str] = DEFAULT_HEADERS,
    sealed: Sequence[str] = dkim.DEFAULT_SEALED,
    limits: dkim.Limits = dkim.DEFAULT_LIMITS,
) -> bytes:
    """Seal a message that is passed on, after all other changes to it.

    Args:
        message: As it will be sent, with CRLF line ends.
        chain: What `verify` said when the message arrived.
        authentication_results: All that was found about the message then, as the value of an
            Authentication-Results field: ``mx.example; spf=pass smtp.mailfrom=…`` (RFC 8601), folded or not.
        domain: Who seals.
        selector: Under which its key is published.
        private_key: That key.
        now: When.
        headers: Names of fields to sign, in lower case.
        sealed: Those that are signed once more than they are there.
        limits: For the header.

    Returns:
        The three fields, with CRLF, to be put before the message; nothing if an earlier seal has declared the
        chain broken already (RFC 8617 §5.1 step 2).

    Raises:
        SealError: There are 50 sets already, there are no results, From is not to be signed or a field that
            must not be signed is, or the header is too large or has bare CR or LF.
    """
    if chain.problem is not None and chain.problem.kind is ProblemKind.CHAIN_FAILED:
        return b""
    instance = chain.highest_instance + 1
    if instance > MAX_SETS:
        raise SealError(f"there are {MAX_SETS} ARC sets already")
    if not authentication_results.strip():
        raise SealError("there are no authentication results")
    content = _split(message, headers, limits)
    results_field = fold("ARC-Authentication-Results", f"i={instance}; {authentication_results}")
    algorithm = f"{dkim.key_type_of(private_key)}-sha256"
    unsigned = dkim.Signature(
        domain=domain,
        selector=selector,
        algorithm=algorithm,
        header_canonicalization=_RELAXED,
        body_canonicalization=_RELAXED,
        headers=dkim.select_names(content, headers, sealed),
        signed_at=now,
    )
    signature_field = _sign_message(content, unsigned, instance, private_key)
    # A broken chain is sealed as if this were the only set (§5.1.2).
    earlier = chain.sets if chain.status is Status.PASS else ()
    fields = [
        dkim.Field("arc-authentication-results", results_field),
        dkim.Field("arc-message-signature", signature_field),
    ]
    tags = [[f"i={instance}"], [f"a={algorithm}"], [f"t={int(now.timestamp())}"], [f"cv={chain.status}"]]
    octets = dkim.fold_tags("ARC-Seal", [*tags, [f"d={domain.ascii}"], [f"s={selector.ascii}"], ["b="]])
    digest = SealHash(earlier).digest([*fields, dkim.Field("arc-seal", octets + b"\r\n")])
    seal_field = dkim.append_signature(octets, dkim.sign_digest(private_key, digest))
    return seal_field + signature_field + results_field


def _split(message: Source, headers: Sequence[str], limits: dkim.Limits) -> dkim.Content:
    if "from" not in headers or _NEVER_SIGNED.intersection(headers):
        raise SealError("From must be signed, fields of ARC and Authentication-Results must not")
    try:
        content = dkim.Content(message, limits)
    except dkim.ContentTooLargeError as error:
        raise SealError(str(error)) from None
    if content.has_bare_line_end():
        # As in signing: others may see other fields (RFC 6376 §5.3).
        raise SealError("the header has bare CR or LF")
    return content


def _sign_message(
    content: dkim.Content, unsigned: dkim.Signature, instance: int, private_key: dkim.PrivateKey
) -> bytes:
    """Return the ARC-Message-Signature field."""
    body = content.hash_body(_RELAXED, (None,))[None]
    tags = dkim.signature_tags(replace(unsigned, body_hash=body.digest))
    octets = dkim.fold_tags("ARC-Message-Signature", [[f"i={instance}"], *tags])
    field = dkim.Field("arc-message-signature", octets + b"\r\n")
    digest = content.hash_header(unsigned.headers, _RELAXED, field)
    return dkim.append_signature(octets, dkim.sign_digest(private_key, digest))
