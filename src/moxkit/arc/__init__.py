"""The Authenticated Received Chain: what earlier handlers of a message found about it, and sealing it on.

RFC 8617, on top of `moxkit.dkim`. Whether a sealer is trusted, and what its findings are worth, is up to the
caller: anybody can make a chain that passes.

    chain = await verify(resolver, message, now=now)
    results = "mx.example; spf=pass smtp.mailfrom=a.example; arc=none"
    fields = seal(message, chain=chain, authentication_results=results, domain=parse_domain("mx.example"),
                  selector=parse_domain("s1"), private_key=key, now=now)

`verify` raises nothing: what is wrong is in its result. `seal` raises `SealError`.
"""

from moxkit.arc.errors import ArcError, SealError
from moxkit.arc.result import Problem, ProblemKind, Result
from moxkit.arc.seal import DEFAULT_HEADERS, seal
from moxkit.arc.sets import MAX_SETS, ArcSet, Seal
from moxkit.arc.status import Status
from moxkit.arc.verify import verify

__all__ = [
    "DEFAULT_HEADERS",
    "MAX_SETS",
    "ArcError",
    "ArcSet",
    "Problem",
    "ProblemKind",
    "Result",
    "Seal",
    "SealError",
    "Status",
    "seal",
    "verify",
]
