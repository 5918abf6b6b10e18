"""Checking the signatures of a message (RFC 6376 §6).

Cheap checks come first: what a field says of itself, then its key, then the header, and only of signatures
that are right so far the body, once for each canonicalization.
"""

import asyncio
import hmac
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from moxkit.dkim.bodyhash import BodyHash, Source
from moxkit.dkim.canonical import Canonicalization
from moxkit.dkim.content import Content, ContentTooLargeError, Field
from moxkit.dkim.errors import SignatureError
from moxkit.dkim.keys import verify_digest
from moxkit.dkim.limits import DEFAULT_LIMITS, Limits
from moxkit.dkim.lookup import KeyLookup, lookup_all, select_key
from moxkit.dkim.problem import Problem, ProblemKind, Status
from moxkit.dkim.result import Result
from moxkit.dkim.signature import Signature, parse_signature
from moxkit.dns import Resolver
from moxkit.publicsuffix import is_public_suffix

__all__ = ["Candidate", "Policy", "check_candidates", "refuse_unsigned_subject", "verify"]

Policy = Callable[[Signature], str | None]

# Longer bodies are hashed in a worker thread, so that the event loop goes on.
_BODY_ON_LOOP = 1 << 20
_ALGORITHMS = ("rsa-sha256", "ed25519-sha256")


def refuse_unsigned_subject(signature: Signature) -> str | None:
    """The default policy: a message shown with a subject that nobody vouches for is not authenticated."""
    return None if "subject" in signature.headers else "Subject is not signed"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A field with a signature to check, parsed."""

    field: Field
    signature: Signature


async def verify(
    resolver: Resolver,
    message: Source,
    *,
    now: datetime,
    policy: Policy | None = refuse_unsigned_subject,
    allow_unsigned_content: bool = False,
    ignore_test_mode: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[Result, ...]:
    """Check all signatures of a message; their keys are looked up at the same time.

    Args:
        resolver: For the keys.
        message: With CRLF line ends; see `Content` for others.
        now: For expiry.
        policy: Says why a signature is not acceptable, else None; asked before its key is looked up.
        allow_unsigned_content: Whether a signature passes if its ``l=`` leaves out the end of the body.
        ignore_test_mode: Whether a failure counts although the key is in test mode.
        limits: How much to look at.

    Returns:
        A result for each DKIM-Signature field, from top to bottom, or one that says that the header is too
        large. A message without signature has none.
    """
    try:
        content = Content(message, limits)
    except ContentTooLargeError as error:
        return (Result(Status.PERMERROR, problem=Problem(ProblemKind.TOO_LARGE, str(error))),)
    results: dict[int, Result] = {}
    candidates: list[Candidate] = []
    fields = content.fields("dkim-signature")
    for field in fields[: limits.max_signatures]:
        try:
            candidates.append(Candidate(field, parse_signature(field.value, limits=limits)))
        except SignatureError as error:
            problem = Problem(error.kind, str(error))
            results[field.number] = Result(problem.status, problem=problem, field=field.octets)
    found = await check_candidates(
        resolver,
        content,
        candidates,
        now=now,
        policy=policy,
        allow_unsigned_content=allow_unsigned_content,
        ignore_test_mode=ignore_test_mode,
        limits=limits,
    )
    for candidate, result in zip(candidates, found, strict=True):
        results[candidate.field.number] = result
    too_many = Problem(ProblemKind.TOO_MANY_SIGNATURES, f"more than {limits.max_signatures} signatures")
    for field in fields[limits.max_signatures :]:
        results[field.number] = Result(too_many.status, problem=too_many, field=field.octets)
    return tuple(results[field.number] for field in fields)


async def check_candidates(
    resolver: Resolver,
    content: Content,
    candidates: Sequence[Candidate],
    *,
    now: datetime,
    policy: Policy | None = None,
    allow_unsigned_content: bool = False,
    ignore_test_mode: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> list[Result]:
    """Check parsed signatures over one message; arguments as for `verify`. ARC uses it for its own.

    Returns:
        A result for each candidate.
    """
    problems = [next(_objections(each.signature, now, policy), None) for each in candidates]
    names = [
        (each.signature.selector, each.signature.domain)
        for each, problem in zip(candidates, problems, strict=True)
        if problem is None
    ]
    keys = await lookup_all(resolver, names, limits=limits)
    for at, each in enumerate(candidates):
        if problems[at] is None:
            key = keys[each.signature.selector.ascii, each.signature.domain.ascii]
            problems[at] = _check_header(content, each, key, limits)
    await _check_bodies(content, candidates, problems, allow_unsigned_content=allow_unsigned_content)
    results = []
    for each, problem in zip(candidates, problems, strict=True):
        signature = each.signature
        found = keys.get((signature.selector.ascii, signature.domain.ascii), KeyLookup())
        status = Status.PASS if problem is None else problem.status
        testing = found.record is not None and found.record.is_testing and not ignore_test_mode
        if testing and problem is not None:
            # As if it were not signed (RFC 6376 §3.6.1, flag y).
            status = Status.NONE
        results.append(Result(status, signature, found.record, found.authentic, problem, each.field.octets))
    return results


def _objections(signature: Signature, now: datetime, policy: Policy | None) -> Iterator[Problem]:
    """Give what a signature itself already says against it (RFC 6376 §6.1.1)."""
    identity, domain = signature.identity, signature.domain
    if identity is not None and identity.domain != domain and not identity.domain.is_below(domain):
        yield Problem(ProblemKind.IDENTITY, "domain of i= is not below that of d=")
    if "from" not in signature.headers:
        yield Problem(ProblemKind.FROM_NOT_SIGNED, "From is not signed")
    if signature.expires_at is not None and now > signature.expires_at:
        yield Problem(ProblemKind.EXPIRED, "signature has expired")
    if is_public_suffix(domain):
        yield Problem(ProblemKind.PUBLIC_SUFFIX, f"{domain} is a public suffix")
    if signature.algorithm not in _ALGORITHMS:
        yield Problem(ProblemKind.ALGORITHM, f"algorithm {signature.algorithm[:40]} is not accepted")
    if policy is not None and (reason := policy(signature)) is not None:
        yield Problem(ProblemKind.POLICY, reason)


def _check_header(content: Content, each: Candidate, found: KeyLookup, limits: Limits) -> Problem | None:
    signature = each.signature
    key = select_key(found, signature, limits=limits)
    if isinstance(key, Problem):
        return key
    digest = content.hash_header(signature.headers, signature.header_canonicalization, each.field)
    if not verify_digest(key, digest, signature.signature):
        return Problem(ProblemKind.SIGNATURE, "signature does not match the header")
    return None


async def _check_bodies(
    content: Content,
    candidates: Sequence[Candidate],
    problems: list[Problem | None],
    *,
    allow_unsigned_content: bool,
) -> None:
    """Note problems with the body for all signatures that have none so far."""
    wanted = dict[Canonicalization, set[int | None]]()
    for each, problem in zip(candidates, problems, strict=True):
        if problem is None:
            signature = each.signature
            wanted.setdefault(signature.body_canonicalization, set()).add(signature.body_length)
    hashes: dict[Canonicalization, dict[int | None, BodyHash]] = {}
    for canonicalization, lengths in wanted.items():
        work = partial(content.hash_body, canonicalization, lengths)
        is_long = content.body_octets > _BODY_ON_LOOP
        hashes[canonicalization] = await asyncio.to_thread(work) if is_long else work()
    for at, each in enumerate(candidates):
        if problems[at] is None:
            signature = each.signature
            body = hashes[signature.body_canonicalization][signature.body_length]
            problems[at] = _judge_body(signature, body, allow_unsigned_content=allow_unsigned_content)


def _judge_body(signature: Signature, body: BodyHash, *, allow_unsigned_content: bool) -> Problem | None:
    if not hmac.compare_digest(body.digest, signature.body_hash):
        return Problem(ProblemKind.BODY_HASH, "body hash does not match the body")
    if signature.body_length is None:
        return None
    if signature.body_length > body.body_octets:
        return Problem(ProblemKind.BODY_LENGTH, "l= is larger than the body")
    unsigned = body.body_octets - body.hashed_octets
    if unsigned and not allow_unsigned_content:
        # Anybody can have added it (RFC 6376 §8.2).
        return Problem(ProblemKind.UNSIGNED_CONTENT, f"{unsigned} octets at the end are not signed (l=)")
    return None
