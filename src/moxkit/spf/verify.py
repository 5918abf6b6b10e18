"""From a sender to a result: which domain, its evaluation, its explanation (RFC 7208 §2.4, §4.3)."""

import logging
from datetime import datetime

from moxkit.dns import Resolver
from moxkit.domain import Domain
from moxkit.spf.evaluate import Evaluation, Outcome
from moxkit.spf.explain import explain
from moxkit.spf.limits import EvaluationError
from moxkit.spf.result import Identity, Result, Status
from moxkit.spf.sender import Sender
from moxkit.spf.values import MacroValues

__all__ = ["check_host", "verify"]

logger = logging.getLogger(__name__)


async def verify(
    resolver: Resolver, sender: Sender, *, now: datetime, identity: Identity | None = None
) -> Result:
    """Return whether a client may send for the domain it names. Nothing is raised.

    It asks at most 123 questions one after the other; give it as much time as you have, at least 20 seconds
    (RFC 7208 §4.6.4), with ``asyncio.timeout``, and take being late as temperror.

    Args:
        resolver: Whom to ask.
        sender: The client.
        now: For the macro ``t``.
        identity: Whose domain; by default that of MAIL FROM, or of HELO for the null path (RFC 7208 §2.4).
    """
    identity = sender.identity if identity is None else identity
    domain = sender.domain(identity)
    if domain is None:
        return Result(Status.NONE, identity, None, problem=f"no domain name in {identity}")
    return await _evaluate(resolver, MacroValues(sender, identity, domain, now), domain, identity)


async def check_host(
    resolver: Resolver,
    sender: Sender,
    domain: Domain,
    *,
    now: datetime,
    identity: Identity = Identity.MAILFROM,
) -> Result:
    """Return whether a client may send for any domain, as in RFC 7208 §4.1; see `verify`.

    Args:
        resolver: Whom to ask.
        sender: The client.
        domain: Whose record to evaluate.
        now: For the macro ``t``.
        identity: Whose localpart and domain the macros ``s``, ``l`` and ``o`` stand for.
    """
    values = MacroValues(sender, identity, sender.domain(identity) or domain, now)
    return await _evaluate(resolver, values, domain, identity)


async def _evaluate(resolver: Resolver, values: MacroValues, domain: Domain, identity: Identity) -> Result:
    evaluation = Evaluation(resolver, values)
    try:
        outcome = await evaluation.check(domain.ascii)
    except EvaluationError as error:
        outcome = Outcome(error.status, domain.ascii, problem=error.problem)
    explanation = ""
    if outcome.status is Status.FAIL and outcome.explanation is not None:
        explanation = await explain(resolver, values, outcome.explanation, outcome.domain)
    status, mechanism, problem = outcome.status, outcome.mechanism, outcome.problem
    logger.debug(
        "spf evaluated", extra={"domain": domain.ascii, "status": status.value, "mechanism": mechanism}
    )
    return Result(status, identity, domain, mechanism, problem, explanation, evaluation.authentic)
