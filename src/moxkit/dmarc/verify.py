"""Does the author's domain stand behind a message, and what does its owner ask for if not (RFC 9989 §5.3)."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from moxkit.dmarc.discovery import Lookup, Method, Records, discover, organization_of
from moxkit.dmarc.record import Alignment, Policy, Record
from moxkit.dns import NotFound, Resolver, TemporaryFailure
from moxkit.domain import Domain

__all__ = ["DkimResult", "Identifier", "Result", "SignedBy", "SpfResult", "Status", "verify"]

logger = logging.getLogger(__name__)

# Walks for domains of signatures in one message. All must lie below the author's organization, so only its
# owner could make us do more.
_MOST_ORGANIZATIONS = 20


class Status(StrEnum):
    """Result of an evaluation (RFC 9989 §8, registry of RFC 8601 §2.7)."""

    NONE = "none"
    PASS = "pass"  # noqa: S105  the word of RFC 8601 §2.7, no password
    FAIL = "fail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


@dataclass(frozen=True, slots=True)
class Identifier:
    """A domain that SPF or DKIM has looked at (RFC 9989 §4.4).

    Attributes:
        domain: The signing domain of DKIM, or what SPF evaluated; None if that is not known.
        status: "pass" authenticates it; "temperror" says that it could not be found out.
    """

    domain: Domain | None
    status: str


class SpfResult(Protocol):
    """What `moxkit.spf.Result` and `Identifier` are to DMARC."""

    @property
    def status(self) -> str:
        """Result of SPF."""

    @property
    def domain(self) -> Domain | None:
        """The domain it is about."""


class SignedBy(Protocol):
    """What a signature of DKIM is to DMARC."""

    @property
    def domain(self) -> Domain:
        """Who signs (``d=``)."""


class DkimResult(Protocol):
    """What `moxkit.dkim.Result` is to DMARC."""

    @property
    def status(self) -> str:
        """Result for one signature."""

    @property
    def signature(self) -> SignedBy | None:
        """The signature; None if it could not be parsed."""


@dataclass(frozen=True, slots=True)
class Result:
    """What DMARC says about a message.

    Attributes:
        lookup: Which record was applied, and where it was found.
        policy: What the owner asks to be done with this message, all tags considered; none unless `status`
            is fail.
        published_policy: The same before test mode and sampling.
        use: False if sampling exempts the message from the owner's policy (``pct``, RFC 7489 §6.6.4); the
            policy is then the next milder one.
        aligned_spf: Whether SPF passed for an aligned domain.
        aligned_dkim: Whether a signature passed for an aligned domain.
        problem: Why there is no better result, for people; empty when there is no problem.
    """

    status: Status
    lookup: Lookup
    policy: Policy = Policy.NONE
    published_policy: Policy = Policy.NONE
    use: bool = True
    aligned_spf: bool = False
    aligned_dkim: bool = False
    problem: str = ""

    @property
    def record(self) -> Record | None:
        """The record that was applied."""
        return self.lookup.record

    @property
    def domain(self) -> Domain | None:
        """Where the record was found."""
        return self.lookup.domain


async def verify(
    resolver: Resolver,
    from_domain: Domain,
    *,
    spf: SpfResult | None,
    dkim: Iterable[DkimResult | Identifier],
    method: Method = Method.TREE_WALK,
    sample: Callable[[], float] | None = None,
) -> Result:
    """Evaluate a message; nothing is raised, trouble has a status.

    Args:
        resolver: For the records.
        from_domain: Of the one address of the one From field (`moxkit.message.from_address`); without such
            an address there is no DMARC (RFC 9989 §5.3.1).
        spf: Of the reverse-path, or of HELO if that is null (RFC 7208 §2.4).
        dkim: One for each signature.
        method: How organizational domains are found.
        sample: Returns numbers from 0 up to 1 to decide about ``pct``, such as `random.random`; None to
            ignore the tag, as RFC 9989 does.
    """
    records = Records(resolver)
    found = await discover(records, from_domain, method)
    if found.record is None:
        status = Status.NONE if found.failure is None else Status(found.failure.value)
        return Result(status, found, problem=found.problem)
    aligner = _Aligner(records, from_domain, method)
    spf_identifiers = [] if spf is None else [Identifier(spf.domain, spf.status)]
    aligned_spf = await aligner.check(spf_identifiers, found.record.spf_alignment)
    aligned_dkim = await aligner.check(map(_identifier, dkim), found.record.dkim_alignment)
    if aligned_spf or aligned_dkim:
        return Result(Status.PASS, found, aligned_spf=aligned_spf, aligned_dkim=aligned_dkim)
    if aligner.problem:
        # Neither passed nor failed, so no policy applies (RFC 9989 §5.3.6).
        return Result(Status.TEMPERROR, found, problem=aligner.problem)
    published = await _published_policy(resolver, found, found.record)
    sampled_out = sample is not None and found.record.percentage < 100 and published is not Policy.NONE
    sampled_out = sampled_out and sample is not None and sample() * 100 >= found.record.percentage
    policy = published.one_below if found.record.testing else published
    return Result(
        Status.FAIL,
        found,
        policy.one_below if sampled_out else policy,
        published,
        use=not sampled_out,
        problem=found.problem,
    )


def _identifier(result: DkimResult | Identifier) -> Identifier:
    if isinstance(result, Identifier):
        return result
    return Identifier(None if result.signature is None else result.signature.domain, result.status)


async def _published_policy(resolver: Resolver, found: Lookup, record: Record) -> Policy:
    is_subdomain = found.domain != found.asked
    existing = record.policy_for(is_subdomain=is_subdomain)
    missing = record.policy_for(is_subdomain=is_subdomain, exists=False)
    if existing is missing or await _exists(resolver, found.asked):
        return existing
    return missing


async def _exists(resolver: Resolver, domain: Domain) -> bool:
    """Whether there is anything at a name that mail could come from, as in RFC 9091 §2.7.

    RFC 9989 would have us see NXDOMAIN, which resolvers do not tell apart from a name without records of the
    type. No answer counts as existing: that is the milder policy as a rule.
    """
    for ask in (resolver.mx, resolver.ips):
        try:
            await ask(f"{domain}.")
        except NotFound:
            continue
        except TemporaryFailure:
            return True
        return True
    return False


class _Aligner:
    """Compares authenticated domains with the author's (RFC 9989 §4.10.2).

    Attributes:
        problem: Why it is not known whether some domain is authenticated and aligned; empty if all is known.
    """

    __slots__ = ("_from", "_left", "_method", "_organization", "_records", "problem")

    def __init__(self, records: Records, from_domain: Domain, method: Method) -> None:
        self._records = records
        self._from = from_domain
        self._method = method
        self._organization: Domain | None = None
        self._left = _MOST_ORGANIZATIONS
        self.problem = ""

    async def check(self, identifiers: Iterable[Identifier], alignment: Alignment) -> bool:
        """Return whether one is authenticated and aligned."""
        passed: dict[Domain, None] = {}
        unknown: dict[Domain, None] = {}
        for identifier in identifiers:
            if identifier.status == "pass" and identifier.domain is not None:
                passed[identifier.domain] = None
            elif identifier.status == "temperror":
                if identifier.domain is None:
                    self.problem = "a check had no answer"
                else:
                    unknown[identifier.domain] = None
        # Equal domains need no walk, so they come first.
        for domain in sorted(passed, key=lambda each: each != self._from):
            if await self._is_aligned(domain, alignment):
                return True
        # What is not aligned cannot change the result. Were it counted, anybody could turn a fail into a
        # temperror with a signature of a domain whose name servers are dead.
        for domain in unknown:
            if not self.problem and await self._is_aligned(domain, alignment):
                self.problem = f"a check of {domain} had no answer"
        return False

    async def _is_aligned(self, domain: Domain, alignment: Alignment) -> bool:
        if domain == self._from or alignment is Alignment.STRICT:
            return domain == self._from
        try:
            if self._organization is None:
                self._organization = await organization_of(self._records, self._from, self._method)
            organization = self._organization
            # An organization is at or above its domains; all else needs no questions.
            if domain != organization and not domain.is_below(organization):
                return False
            if self._left <= 0:
                return False
            self._left -= 1
            return await organization_of(self._records, domain, self._method) == organization
        except TemporaryFailure as failure:
            logger.debug("organization not found", extra={"domain": str(domain), "reason": str(failure)})
            self.problem = str(failure)
            return False
