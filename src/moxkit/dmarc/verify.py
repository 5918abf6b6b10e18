"""Does the author's domain stand behind a message, and what does its owner ask for if not (RFC 9989 §5.3)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from moxkit.dmarc.alignment import Aligner, Identifier
from moxkit.dmarc.discovery import Lookup, Method, Records, discover
from moxkit.dmarc.record import Policy, Record
from moxkit.dns import NotFound, Resolver, TemporaryFailure
from moxkit.domain import Domain

__all__ = ["DkimResult", "Result", "SignedBy", "SpfResult", "Status", "verify"]


class Status(StrEnum):
    """Result of an evaluation (RFC 7489 §11.2, for the registry of RFC 8601 §2.7)."""

    NONE = "none"
    PASS = "pass"  # noqa: S105  the word of RFC 8601 §2.7, no password
    FAIL = "fail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


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
    aligner = Aligner(records, from_domain, method)
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
