"""Where mail for a domain goes: aliases, MX records, the domain itself (RFC 5321 §5.1, RFC 7505)."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from moxkit import dane
from moxkit.dns import Answer, Mx, NotFound, Resolver, TemporaryFailure
from moxkit.domain import Domain, DomainError, parse_domain

__all__ = ["Destination", "DestinationStatus", "find_destination", "find_host"]

logger = logging.getLogger(__name__)

_MOST_ALIASES = 16
# More servers than anybody has; the rest of a longer list would be tried for ever.
_MOST_HOSTS = 50


class DestinationStatus(StrEnum):
    """What a domain says about mail."""

    FOUND = "found"
    NO_MAIL = "nomail"
    """It takes none (RFC 7505 §3); for good."""
    UNUSABLE = "unusable"
    """Its MX records name no host; somebody has to repair that."""
    TEMPERROR = "temperror"
    """It cannot be known for now."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where mail for a domain goes.

    Attributes:
        status: Whether there is such a place.
        domain: As asked.
        expanded: Where its aliases end.
        hosts: In the order in which to try them.
        is_implicit: There are no MX records: the only host is the domain itself.
        authentic: DNSSEC has validated the way from the domain to the hosts, so that DANE applies to them
            (RFC 7672 §2.2.1).
        expanded_authentic: DNSSEC has validated the hosts of the expanded domain.
        problem: Why there is no place, for people; empty if there is.
    """

    status: DestinationStatus
    domain: Domain
    expanded: Domain
    hosts: tuple[Domain, ...] = ()
    is_implicit: bool = False
    authentic: bool = False
    expanded_authentic: bool = False
    problem: str = ""

    @property
    def names(self) -> tuple[Domain, ...]:
        """The next-hop domains that a certificate may be for (RFC 7672 §3.2.2)."""
        return tuple(dict.fromkeys((self.domain, self.expanded)))


async def find_destination(
    resolver: Resolver, domain: Domain, *, shuffle: Callable[[list[Domain]], None]
) -> Destination:
    """Look up where mail for a domain goes.

    Args:
        resolver: Whom to ask.
        domain: Of the recipient.
        shuffle: Mixes hosts of the same preference, so that each gets its share (`random.shuffle`).
    """
    try:
        expanded, aliases_authentic = await _follow_aliases(resolver, domain)
        answer = await _exchangers(resolver, expanded)
    except TemporaryFailure as failure:
        logger.debug("destination lookup failed", extra={"domain": str(domain), "reason": str(failure)})
        return Destination(DestinationStatus.TEMPERROR, domain, domain, problem=str(failure))
    authentic = aliases_authentic and answer.authentic
    if not answer.records:
        return Destination(
            DestinationStatus.FOUND,
            domain,
            expanded,
            (expanded,),
            is_implicit=True,
            authentic=authentic,
            expanded_authentic=answer.authentic,
        )
    hosts = _in_order(answer.records, shuffle)
    status, problem = DestinationStatus.FOUND, ""
    if not hosts and all(record.host == "." for record in answer.records):
        status, problem = DestinationStatus.NO_MAIL, f"{domain} takes no mail"
    elif not hosts:
        status, problem = DestinationStatus.UNUSABLE, f"the MX records of {expanded} name no host"
    return Destination(
        status,
        domain,
        expanded,
        hosts,
        authentic=authentic,
        expanded_authentic=answer.authentic,
        problem=problem,
    )


async def find_host(resolver: Resolver, destination: Destination, host: Domain) -> dane.Found:
    """Look up addresses of one of the hosts, and its TLSA records where the way to it is authentic.

    Whoever can forge the way to the host could name one with good records (RFC 7672 §2.2.1).

    Raises:
        moxkit.dns.NotFound: It has no addresses.
        moxkit.dns.TemporaryFailure: They cannot be known for now.
    """
    if destination.authentic:
        return await dane.find_records(resolver, host, also_named=destination.names)
    answer = await resolver.ips(str(host))
    problem = "the way to the host is not signed"
    return dane.Found(dane.Status.NONE, addresses=answer.records, problem=problem)


async def _follow_aliases(resolver: Resolver, domain: Domain) -> tuple[Domain, bool]:
    name, authentic = domain, True
    for _ in range(_MOST_ALIASES):
        try:
            answer = await resolver.cname(str(name))
            name = parse_domain(answer.records[0], allow_underscore=True)
        except NotFound:
            return name, authentic
        except DomainError as error:
            raise TemporaryFailure(f"{name} is an alias of something else than a domain: {error}") from error
        authentic = authentic and answer.authentic
    raise TemporaryFailure(f"more than {_MOST_ALIASES} aliases from {domain}")


async def _exchangers(resolver: Resolver, domain: Domain) -> Answer[Mx]:
    try:
        return await resolver.mx(str(domain))
    except NotFound as missing:
        return Answer((), missing.authentic, 0)


def _in_order(records: tuple[Mx, ...], shuffle: Callable[[list[Domain]], None]) -> tuple[Domain, ...]:
    """Return the hosts by preference; records that name none are passed over (RFC 5321 §5.1)."""
    hosts: list[Domain] = []
    for _, group in groupby(sorted(records), key=lambda record: record.preference):
        same: list[Domain] = []
        for record in group:
            try:
                same.append(parse_domain(record.host, allow_underscore=True))
            except DomainError:
                continue
        shuffle(same)
        hosts += same
    return tuple(dict.fromkeys(hosts))[:_MOST_HOSTS]
