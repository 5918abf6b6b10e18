"""From a domain to its policy: record by DNS, text by HTTPS (RFC 8461 §3)."""

import logging
from dataclasses import dataclass
from enum import StrEnum

from moxkit.dns import NotFound, Resolver, TemporaryFailure
from moxkit.domain import Domain
from moxkit.https import Get, HttpsError, Response, Stage
from moxkit.mtasts.policy import MAX_POLICY_OCTETS, Policy, PolicyError, parse_policy
from moxkit.mtasts.record import Record, RecordError, is_record, parse_record

__all__ = ["Found", "Problem", "find_record", "lookup"]

logger = logging.getLogger(__name__)


class Problem(StrEnum):
    """Why there is no policy."""

    NO_RECORD = "norecord"
    """The domain does not use MTA-STS, or not well: such a record is as good as none (RFC 8461 §3.1)."""
    MULTIPLE_RECORDS = "multiplerecords"
    RECORD_SYNTAX = "recordsyntax"
    DNS = "dns"
    """It cannot be known for now: a delivery waits, or a policy from before goes on to count."""
    NO_POLICY = "nopolicy"
    """There is a record, but nothing is served."""
    FETCH = "fetch"
    POLICY_SYNTAX = "policysyntax"


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for a domain.

    Attributes:
        record: Of the domain.
        policy: What it asks for; `None` when there is none, or none that counts.
        text: The policy as served, for reports.
        problem: Why there is no policy (or, from `find_record`, no record); `None` if there is.
        detail: The same for people; empty if there is.
        report: The result type for TLS reports (RFC 8460 §4.3.2.2); empty if nothing is to be reported.
        authentic: Whether DNSSEC has validated the record; MTA-STS does not need it.
    """

    record: Record | None = None
    policy: Policy | None = None
    text: str = ""
    problem: Problem | None = None
    detail: str = ""
    report: str = ""
    authentic: bool = False

    @property
    def is_temporary(self) -> bool:
        """Whether whoever has no policy from before must wait, since this one may hide an attacker's hand."""
        return self.problem is Problem.DNS


async def lookup(resolver: Resolver, get: Get, domain: Domain) -> Found:
    """Find the policy of a domain.

    Args:
        resolver: For the record.
        get: Fetches the policy; it must verify certificates and not follow redirects (RFC 8461 §3.3).
        domain: The next-hop domain, before any MX or alias.
    """
    found = await find_record(resolver, domain)
    if found.record is None:
        return found
    record, authentic = found.record, found.authentic
    try:
        response = await get(
            f"https://mta-sts.{domain}/.well-known/mta-sts.txt", max_octets=MAX_POLICY_OCTETS
        )
    except HttpsError as error:
        logger.debug("mta-sts policy fetch failed", extra={"domain": str(domain), "reason": str(error)})
        problem, report = _read_error(error)
        return Found(record, problem=problem, detail=str(error), report=report, authentic=authentic)
    if response.status != 200:
        problem = Problem.NO_POLICY if response.status == 404 else Problem.FETCH
        detail = f"status {response.status} instead of 200"
        return Found(
            record, problem=problem, detail=detail, report="sts-policy-fetch-error", authentic=authentic
        )
    return _read(record, response, authentic=authentic)


async def find_record(resolver: Resolver, domain: Domain) -> Found:
    """Find the record of a domain, without its policy; `problem` tells why there is none."""
    try:
        answer = await resolver.txt(f"_mta-sts.{domain}")
    except NotFound as missing:
        return Found(problem=Problem.NO_RECORD, detail="no record", authentic=missing.authentic)
    except TemporaryFailure as failure:
        return Found(problem=Problem.DNS, detail=f"lookup failed: {failure}")
    texts = [text for text in answer.records if is_record(text)]
    if not texts:
        return Found(problem=Problem.NO_RECORD, detail="no record", authentic=answer.authentic)
    if len(texts) > 1:
        detail = f"{len(texts)} records instead of one"
        return Found(problem=Problem.MULTIPLE_RECORDS, detail=detail, authentic=answer.authentic)
    try:
        return Found(parse_record(texts[0]), authentic=answer.authentic)
    except RecordError as error:
        return Found(problem=Problem.RECORD_SYNTAX, detail=str(error), authentic=answer.authentic)


def _read(record: Record, response: Response, *, authentic: bool) -> Found:
    # The media type should be text/plain (RFC 8461 §3.3), but not asking means less security only where users
    # may publish below /.well-known of mta-sts hosts, while asking means none for whoever forgot it.
    text = response.body.decode("utf-8", "replace")
    try:
        policy = parse_policy(response.body)
    except PolicyError as error:
        return Found(
            record,
            text=text,
            problem=Problem.POLICY_SYNTAX,
            detail=str(error),
            report="sts-policy-invalid",
            authentic=authentic,
        )
    return Found(record, policy, text, authentic=authentic)


def _read_error(error: HttpsError) -> tuple[Problem, str]:
    match error.stage:
        case Stage.DNS:
            return Problem.DNS, "sts-policy-fetch-error"
        case Stage.NAME:
            return Problem.NO_POLICY, "sts-policy-fetch-error"
        case Stage.TLS:
            return Problem.FETCH, "sts-webpki-invalid"
        case Stage.CONNECT | Stage.RESPONSE:
            return Problem.FETCH, "sts-policy-fetch-error"
