"""Validating the chain of a message (RFC 8617 §5.2)."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from moxkit import dkim
from moxkit.arc.errors import SetError
from moxkit.arc.result import Problem, ProblemKind, Result
from moxkit.arc.sets import FIELD_NAMES, MAX_SETS, ArcSet, collect_sets, highest_instance, last_is_failed
from moxkit.arc.status import Status
from moxkit.dns import Resolver
from moxkit.message import Source

__all__ = ["SealHash", "verify"]

_ALGORITHMS = ("rsa-sha256", "ed25519-sha256")


class SealHash:
    """What the seals of a chain sign: each the sets before it and its own (RFC 8617 §5.1.1).

    The sets are hashed once, whatever their number.
    """

    __slots__ = ("_hash",)

    def __init__(self, earlier: Sequence[ArcSet] = ()) -> None:
        self._hash = hashlib.sha256()
        for each in earlier:
            self.add(each.fields)

    def add(self, fields: Sequence[dkim.Field]) -> None:
        """Go on to the next set."""
        for field in fields:
            self._hash.update(dkim.canonical_field(field.octets, dkim.Canonicalization.RELAXED))

    def digest(self, fields: Sequence[dkim.Field]) -> bytes:
        """Return what the seal of the set after those that were added signs."""
        *others, seal = fields
        ahead = self._hash.copy()
        for field in others:
            ahead.update(dkim.canonical_field(field.octets, dkim.Canonicalization.RELAXED))
        unsigned = dkim.without_signature(seal.octets)
        ahead.update(dkim.canonical_field(unsigned, dkim.Canonicalization.RELAXED).removesuffix(b"\r\n"))
        return ahead.digest()


async def verify(
    resolver: Resolver, message: Source, *, now: datetime, limits: dkim.Limits = dkim.DEFAULT_LIMITS
) -> Result:
    """Validate the chain of a message; all keys are looked up at the same time.

    Whatever goes wrong, also a name server that does not answer, makes the chain fail for good (RFC 8617
    §5.2.1).

    Args:
        resolver: For the keys.
        message: With CRLF line ends, as for `moxkit.dkim.verify`.
        now: For signatures that expire.
        limits: How much to look at.

    Returns:
        The status, with what each handler had found about the message.
    """
    try:
        content = dkim.Content(message, limits)
    except dkim.ContentTooLargeError as error:
        return Result(Status.FAIL, problem=Problem(ProblemKind.TOO_LARGE, str(error)))
    if not any(content.fields(name) for name in FIELD_NAMES):
        return Result(Status.NONE)
    found = _find_sets(content, limits)
    if isinstance(found, Problem):
        return Result(Status.FAIL, problem=found, highest_instance=highest_instance(content))
    for each in found:
        expected = Status.NONE if each.instance == 1 else Status.PASS
        if each.seal.validation is not expected:
            text = f"seal {each.instance} has cv={each.seal.validation}, not {expected}"
            problem = Problem(ProblemKind.STRUCTURE, text, each.instance)
            return Result(Status.FAIL, found, problem=problem, highest_instance=len(found))
    return await _check(resolver, content, found, now=now, limits=limits)


def _find_sets(content: dkim.Content, limits: dkim.Limits) -> tuple[ArcSet, ...] | Problem:
    """Return the sets, or why they are no chain (steps 1 to 3)."""
    if any(len(content.fields(name)) > MAX_SETS for name in FIELD_NAMES):
        return Problem(ProblemKind.TOO_MANY_SETS, f"more than {MAX_SETS} ARC sets")
    if last_is_failed(content):
        return Problem(ProblemKind.CHAIN_FAILED, "the chain was broken before", highest_instance(content))
    try:
        return collect_sets(content, limits=limits)
    except SetError as error:
        return Problem(ProblemKind.SYNTAX, str(error))


async def _check(
    resolver: Resolver,
    content: dkim.Content,
    sets: tuple[ArcSet, ...],
    *,
    now: datetime,
    limits: dkim.Limits,
) -> Result:
    """Check signatures: the last over the message, then all seals (steps 4 to 6)."""
    newest = len(sets)
    candidates = [dkim.Candidate(each.fields[1], each.message_signature) for each in reversed(sets)]
    # Whether a domain is still trying DKIM out says nothing about its seals.
    last, *older = await dkim.check_candidates(
        resolver, content, candidates, now=now, ignore_test_mode=True, limits=limits
    )
    if last.problem is not None:
        text = f"message signature {newest}: {last.problem}"
        problem = Problem(ProblemKind.MESSAGE_SIGNATURE, text, newest, last.problem)
        return Result(Status.FAIL, sets, problem=problem, highest_instance=newest)
    names = [(each.seal.signature.selector, each.seal.signature.domain) for each in sets]
    keys = await dkim.lookup_all(resolver, names, limits=limits)
    problems: list[Problem] = []
    hashed = SealHash()
    for each in sets:
        signature = each.seal.signature
        key = keys[signature.selector.ascii, signature.domain.ascii]
        cause = _check_seal(key, signature, hashed.digest(each.fields), limits)
        if cause is not None:
            problems.append(Problem(ProblemKind.SEAL, f"seal {each.instance}: {cause}", each.instance, cause))
        hashed.add(each.fields)
    if problems:
        # The newest is the first that is looked at.
        return Result(Status.FAIL, sets, problem=problems[-1], highest_instance=newest)
    failed = [at for at, result in enumerate(older, 1) if result.status is not dkim.Status.PASS]
    return Result(
        Status.PASS,
        sets,
        oldest_pass=newest - failed[0] + 1 if failed else 0,
        authentic=last.authentic and all(key.authentic for key in keys.values()),
        highest_instance=newest,
    )


def _check_seal(
    found: dkim.KeyLookup, signature: dkim.Signature, digest: bytes, limits: dkim.Limits
) -> dkim.Problem | None:
    if signature.algorithm not in _ALGORITHMS:
        return dkim.Problem(
            dkim.ProblemKind.ALGORITHM, f"algorithm {signature.algorithm[:40]} is not accepted"
        )
    key = dkim.select_key(found, signature, limits=limits)
    if isinstance(key, dkim.Problem):
        return key
    if not dkim.verify_digest(key, digest, signature.signature):
        return dkim.Problem(dkim.ProblemKind.SIGNATURE, "signature does not match the sets")
    return None
