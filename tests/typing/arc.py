"""`moxkit.arc` as an outsider uses it; checked by mypy, not run."""

from datetime import datetime

from moxkit import dkim
from moxkit.arc import (
    DEFAULT_HEADERS,
    MAX_SETS,
    ArcError,
    ArcSet,
    Problem,
    ProblemKind,
    Result,
    Seal,
    SealError,
    Status,
    seal,
    verify,
)
from moxkit.dns import Resolver
from moxkit.domain import Domain


async def pass_on(
    resolver: Resolver, message: bytes, domain: Domain, key: dkim.PrivateKey, now: datetime
) -> bytes:
    """Check, and seal."""
    chain: Result = await verify(resolver, message, now=now, limits=dkim.Limits())
    status: Status = chain.status
    try:
        fields: bytes = seal(
            message,
            chain=chain,
            authentication_results=f"mx.example; arc={status}",
            domain=domain,
            selector=domain,
            private_key=key,
            now=now,
            headers=DEFAULT_HEADERS,
            sealed=("from",),
        )
    except SealError:
        return b""
    except ArcError:
        raise
    return fields


def tell(chain: Result) -> list[str]:
    """Say what was found on the way."""
    problem: Problem | None = chain.problem
    if problem is not None and problem.kind is ProblemKind.SEAL:
        cause: dkim.Problem | None = problem.cause
        return [f"{problem.instance} {cause} {problem}"]
    told: list[str] = []
    for each in chain.sets[:MAX_SETS]:
        one: ArcSet = each
        made: Seal = one.seal
        signer: Domain = one.message_signature.domain
        told.append(
            f"{one.instance} {made.validation} {made.signature.domain} {signer} {one.authentication_results}"
        )
    oldest: int | None = chain.oldest_pass
    return [*told, str(oldest), str(chain.authentic), str(chain.highest_instance)]
