"""From an address to its names and back (RFC 8601 §3)."""

import logging
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address

from moxkit.dns import Address, NotFound, Resolver, TemporaryFailure
from moxkit.domain import Domain, DomainError, parse_domain

__all__ = ["Result", "Status", "verify"]

logger = logging.getLogger(__name__)

# Whoever has an address may publish any number of names for it; RFC 7208 §4.6.4 has the same limit.
_MAX_NAMES = 10


class Status(StrEnum):
    """Result of the check (RFC 8601 §2.7.3)."""

    PASS = "pass"  # noqa: S105  a word of the RFC
    FAIL = "fail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


@dataclass(frozen=True, slots=True)
class Result:
    """What reverse DNS says about an address.

    Attributes:
        name: That leads back to the address; None unless passed.
        names: All that the address has, as published, at most 10.
        problem: Why it did not pass, for people; empty when it did.
        authentic: Whether DNSSEC has validated everything that `status` rests on.
    """

    status: Status
    name: Domain | None = None
    names: tuple[str, ...] = ()
    problem: str = ""
    authentic: bool = False


async def verify(resolver: Resolver, ip: Address) -> Result:
    """Look up the names of an address, and their addresses until it is among them.

    An IPv4 address in IPv6 clothes is looked up as IPv4. It asks at most 11 questions one after the other;
    how long that may take is up to the caller (``asyncio.timeout``).
    """
    ip = (ip.ipv4_mapped or ip) if isinstance(ip, IPv6Address) else ip
    try:
        answer = await resolver.ptr(ip)
    except NotFound as missing:
        return Result(Status.PERMERROR, problem="no name for the address", authentic=missing.authentic)
    except TemporaryFailure as failure:
        return Result(Status.TEMPERROR, problem=f"no answer from DNS: {failure}")
    result = await _look_back(resolver, ip, answer.records[:_MAX_NAMES], authentic=answer.authentic)
    logger.debug("iprev evaluated", extra={"ip": str(ip), "status": result.status.value})
    return result


async def _look_back(resolver: Resolver, ip: Address, names: tuple[str, ...], *, authentic: bool) -> Result:
    """Return the result for names; one that matches counts whatever became of the others."""
    problem, all_authentic = "", authentic
    for name in names:
        try:
            domain = parse_domain(name, allow_underscore=True, allow_trailing_dot=True)
        except DomainError:
            # Not the name of a host, and nothing that may be shown or looked up.
            continue
        try:
            lookup = resolver.a if isinstance(ip, IPv4Address) else resolver.aaaa
            answer = await lookup(domain.ascii)
        except NotFound as missing:
            all_authentic = all_authentic and missing.authentic
            continue
        except TemporaryFailure as failure:
            problem = f"no answer from DNS: {failure}"
            continue
        if ip in answer.records:
            return Result(Status.PASS, domain, names, authentic=authentic and answer.authentic)
        all_authentic = all_authentic and answer.authentic
    if problem:
        return Result(Status.TEMPERROR, names=names, problem=problem)
    return Result(
        Status.FAIL, names=names, problem="no name leads back to the address", authentic=all_authentic
    )
