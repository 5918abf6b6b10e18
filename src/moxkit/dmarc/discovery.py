"""Which record applies to a domain, and which domain is its organization.

RFC 9989 §4.10, RFC 7489 §3.2 and §6.6.3. Records are asked for at most once per `Records`, so that the walks
of one evaluation share their steps.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from moxkit.dmarc.record import Psd, Record
from moxkit.dmarc.recordparse import RecordError, is_record, parse_record
from moxkit.dns import NotFound, Resolver, TemporaryFailure
from moxkit.domain import Domain
from moxkit.publicsuffix import organizational_domain as by_suffix

__all__ = [
    "Failure",
    "Lookup",
    "Method",
    "Records",
    "discover",
    "lookup",
    "organization_of",
    "organizational_domain",
    "walk_of",
]

logger = logging.getLogger(__name__)

_MOST_QUERIES = 8  # of one walk, RFC 9989 §4.10


class Method(StrEnum):
    """How an organizational domain is found; the words of reports (RFC 9990 appendix A)."""

    TREE_WALK = "treewalk"
    PUBLIC_SUFFIX_LIST = "psl"


class Failure(StrEnum):
    """Why it is not known whether there is a policy."""

    TEMPERROR = "temperror"
    PERMERROR = "permerror"


@dataclass(frozen=True, slots=True)
class Lookup:
    """Which record applies to a domain.

    Attributes:
        asked: The domain in question.
        domain: Where the record was found: `asked` or above; None if none was.
        record: That applies; None if there is none, or if there was a failure.
        text: The record as published; with a failure the text that could not be parsed.
        failure: None if the answer is known, be it that there is no record.
        authentic: Whether DNSSEC has validated all answers that led here.
        problem: What was wrong, for people; records that cannot be used are told here, too.
    """

    asked: Domain
    domain: Domain | None = None
    record: Record | None = None
    text: str = ""
    failure: Failure | None = None
    authentic: bool = False
    problem: str = ""


class Records:
    """The records of names, each asked for once."""

    __slots__ = ("_found", "_resolver")

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._found: dict[Domain, Lookup] = {}

    async def at(self, domain: Domain) -> Lookup:
        """Return what is published at this very name."""
        found = self._found.get(domain)
        if found is None:
            found = self._found[domain] = await self._ask(domain)
        return found

    async def _ask(self, domain: Domain) -> Lookup:
        try:
            answer = await self._resolver.txt(f"_dmarc.{domain}.")
        except NotFound as missing:
            return Lookup(domain, authentic=missing.authentic)
        except TemporaryFailure as failure:
            logger.debug("dmarc lookup failed", extra={"domain": str(domain), "reason": str(failure)})
            return Lookup(domain, failure=Failure.TEMPERROR, problem=f"DNS: {failure}")
        texts = [text for text in answer.records if is_record(text)]
        if len(texts) != 1:
            problem = f"{len(texts)} records at {domain}" if texts else ""
            return Lookup(domain, authentic=answer.authentic, problem=problem)
        try:
            record = parse_record(texts[0])
        except RecordError as error:
            return Lookup(
                domain,
                domain,
                text=texts[0],
                failure=Failure.PERMERROR,
                authentic=answer.authentic,
                problem=f"{error} at {domain}",
            )
        return Lookup(
            domain, domain, record, texts[0], authentic=answer.authentic, problem=", ".join(record.problems)
        )


async def lookup(resolver: Resolver, domain: Domain, *, method: Method = Method.TREE_WALK) -> Lookup:
    """Find the record that applies to an author's domain: its own, else its organization's or suffix's.

    Nothing is raised: trouble is in `Lookup.failure`.
    """
    return await discover(Records(resolver), domain, method)


async def organizational_domain(
    resolver: Resolver, domain: Domain, *, method: Method = Method.TREE_WALK
) -> Domain:
    """Return the organizational domain; the tree walk asks at most 8 questions (RFC 9989 §4.10.2).

    Raises:
        TemporaryFailure: A step of the walk had no answer.
    """
    return await organization_of(Records(resolver), domain, method)


async def organization_of(records: Records, domain: Domain, method: Method) -> Domain:
    """Return the organizational domain with records that may be known already.

    Raises:
        TemporaryFailure: A step of the walk had no answer.
    """
    if method is Method.PUBLIC_SUFFIX_LIST:
        return by_suffix(domain)
    found = await _walk(records, walk_of(domain))
    failed = next((each for each in found if each.failure is Failure.TEMPERROR), None)
    if failed is not None:
        raise TemporaryFailure(failed.problem)
    return _select_organization(domain, found)


async def discover(records: Records, domain: Domain, method: Method) -> Lookup:
    """Find the record that applies to a domain with records that may be known already."""
    own = await records.at(domain)
    if own.record is not None or own.failure is not None:
        return own
    if method is Method.PUBLIC_SUFFIX_LIST:
        organization = by_suffix(domain)
        # RFC 7489 §6.6.3: several records end the search.
        if own.problem or organization == domain:
            return own
        return _for(domain, own, [await records.at(organization)])
    found = await _walk(records, walk_of(domain)[1:])
    failed = next((each for each in found if each.failure is Failure.TEMPERROR), None)
    if failed is not None:
        return _for(domain, own, [failed])
    valid = [each for each in found if each.record is not None]
    if not valid:
        return _for(domain, own, found)
    # Of its organization if that has one, else of the public suffix (RFC 9989 §4.10.1).
    organization = _select_organization(domain, found)
    chosen = next((each for each in valid if each.domain == organization), valid[-1])
    return _for(domain, own, [*found[: found.index(chosen)], chosen])


def walk_of(domain: Domain) -> Sequence[Domain]:
    """Return the names of a tree walk, at most 8: the domain, then 7 labels to one (RFC 9989 §4.10)."""
    names = [domain]
    parent = domain.parent()
    while parent is not None:
        if parent.ascii.count(".") < _MOST_QUERIES - 1:
            names.append(parent)
        parent = parent.parent()
    return names


async def _walk(records: Records, names: Sequence[Domain]) -> list[Lookup]:
    """Return what is published at each name, until one knows what is a suffix, or has no answer."""
    found: list[Lookup] = []
    for name in names:
        here = await records.at(name)
        found.append(here)
        if here.failure is Failure.TEMPERROR or (here.record and here.record.psd is not Psd.UNKNOWN):
            break
    return found


def _select_organization(start: Domain, found: Sequence[Lookup]) -> Domain:
    """Choose among the names of a walk, longest first (RFC 9989 §4.10.2)."""
    organization = start
    for here in found:
        if here.record is None:
            continue
        if here.record.psd is Psd.YES and here.asked != start:
            return _one_below(here.asked, start)
        organization = here.asked
    return organization


def _one_below(suffix: Domain, start: Domain) -> Domain:
    """Return the name one label longer than ``suffix`` on the way to ``start``."""
    count = suffix.ascii.count(".") + 2
    return Domain(".".join(start.ascii.split(".")[-count:]), ".".join(start.unicode.split(".")[-count:]))


def _for(asked: Domain, own: Lookup, found: Sequence[Lookup]) -> Lookup:
    """Make the last of what was found the answer for the domain asked for."""
    steps = [own, *found]
    problems = [each.problem for each in steps if each.problem]
    last = steps[-1]
    if last.record is None and last.failure is None:
        # No record can be used. One that is broken is an error of its owner, not the absence of a policy.
        last = next((each for each in found if each.failure is not None), last)
    return Lookup(
        asked,
        last.domain,
        last.record,
        last.text,
        last.failure,
        all(each.authentic for each in steps),
        ", ".join(problems),
    )
