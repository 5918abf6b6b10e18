"""Getting the public key of a signature, and whether it may be used for it (RFC 6376 §3.6.2, §6.1.2)."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from moxkit.dkim.errors import KeyFormatError, RecordError
from moxkit.dkim.keys import MIN_RSA_BITS, PublicKey, load_public_key
from moxkit.dkim.limits import DEFAULT_LIMITS, Limits
from moxkit.dkim.problem import Problem, ProblemKind
from moxkit.dkim.record import Record, looks_like_record, parse_record
from moxkit.dkim.signature import Signature
from moxkit.dns import NotFound, Resolver, TemporaryFailure
from moxkit.domain import Domain

__all__ = ["KeyLookup", "KeyName", "lookup", "lookup_all", "select_key"]

KeyName = tuple[str, str]


@dataclass(frozen=True, slots=True)
class KeyLookup:
    """What is published for a selector.

    Attributes:
        record: The key record; None if there is not exactly one.
        text: Its text, or that of the record that could not be parsed; empty if none was found.
        authentic: Whether the answer, also a negative one, was validated with DNSSEC.
        problem: Why there is no record; its status is ``permerror`` or ``temperror``.
    """

    record: Record | None = None
    text: str = ""
    authentic: bool = False
    problem: Problem | None = None


async def lookup(
    resolver: Resolver, selector: Domain, domain: Domain, *, limits: Limits = DEFAULT_LIMITS
) -> KeyLookup:
    """Look up the key record of a selector; TXT records that are something else do not count."""
    try:
        answer = await resolver.txt(f"{selector.ascii}._domainkey.{domain.ascii}")
    except NotFound as missing:
        problem = Problem(ProblemKind.KEY_MISSING, "no key record")
        return KeyLookup(authentic=missing.authentic, problem=problem)
    except TemporaryFailure:
        return KeyLookup(problem=Problem(ProblemKind.KEY_UNAVAILABLE, "key record cannot be looked up now"))
    valid: list[tuple[Record, str]] = []
    broken: list[tuple[str, str]] = []
    for text in answer.records:
        try:
            valid.append((parse_record(text, max_octets=limits.max_tag_list_octets), text))
        except RecordError as error:
            if looks_like_record(text):
                broken.append((text, str(error)))
    if len(valid) == 1:
        [(record, text)] = valid
        return KeyLookup(record, text, answer.authentic)
    if valid:
        problem = Problem(ProblemKind.KEY_AMBIGUOUS, f"{len(valid)} key records")
        return KeyLookup(authentic=answer.authentic, problem=problem)
    if broken:
        text, reason = broken[0]
        problem = Problem(ProblemKind.KEY_SYNTAX, f"malformed key record: {reason}")
        return KeyLookup(None, text, answer.authentic, problem)
    problem = Problem(ProblemKind.KEY_MISSING, "no key record among the TXT records")
    return KeyLookup(authentic=answer.authentic, problem=problem)


async def lookup_all(
    resolver: Resolver, names: Iterable[tuple[Domain, Domain]], *, limits: Limits = DEFAULT_LIMITS
) -> dict[KeyName, KeyLookup]:
    """Look up several keys at the same time, each once.

    Args:
        resolver: Whom to ask.
        names: Selectors and domains.
        limits: For the records.

    Returns:
        What was found, by selector and domain in ASCII.
    """
    wanted = {(selector.ascii, domain.ascii): (selector, domain) for selector, domain in names}
    lookups = [lookup(resolver, *each, limits=limits) for each in wanted.values()]
    # The most frequent case needs no task.
    found = [await lookups[0]] if len(lookups) == 1 else await asyncio.gather(*lookups)
    return dict(zip(wanted, found, strict=True))


def select_key(
    found: KeyLookup, signature: Signature, *, service: str = "email", limits: Limits = DEFAULT_LIMITS
) -> PublicKey | Problem:
    """Return the key that was found if it may be used to check a signature, else what speaks against it."""
    record = found.record
    if record is None:
        return found.problem or Problem(ProblemKind.KEY_MISSING, "no key record")
    problem = _judge_record(record, signature, service)
    if problem is not None:
        return problem
    try:
        key = load_public_key(record)
    except KeyFormatError as error:
        return Problem(ProblemKind.KEY_SYNTAX, f"key record: {error}")
    if isinstance(key, RSAPublicKey) and not MIN_RSA_BITS <= key.key_size <= limits.max_rsa_bits:
        return Problem(
            ProblemKind.KEY_SIZE,
            f"RSA key has {key.key_size} bits, not {MIN_RSA_BITS} to {limits.max_rsa_bits}",
        )
    return key


def _judge_record(record: Record, signature: Signature, service: str) -> Problem | None:
    if not record.allows_hash(signature.hash_name):
        return Problem(ProblemKind.KEY_HASH, f"key is not for {signature.hash_name[:40]}")
    if record.is_revoked:
        return Problem(ProblemKind.KEY_REVOKED, "key is revoked")
    if record.key_type != signature.key_type:
        return Problem(ProblemKind.KEY_TYPE, f"key is of type {record.key_type[:40]}, signature is not")
    if not record.allows_service(service):
        return Problem(ProblemKind.KEY_SERVICE, f"key is not for {service}")
    identity = signature.identity
    if record.requires_exact_identity and identity is not None and identity.domain != signature.domain:
        return Problem(ProblemKind.KEY_IDENTITY, "key is not for subdomains, as in i=")
    return None
