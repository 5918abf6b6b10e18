"""Which TLSA records bind a connection to a host, and by which names (RFC 7672 §2.2).

The rule that everything serves: what DNSSEC has validated binds us, what cannot be validated for now
postpones the delivery, and neither is ever taken for "no records".
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from moxkit.dane.records import SMTP_USAGES, Usage, usable_records
from moxkit.dns import Address, NotFound, Resolver, TemporaryFailure, Tlsa
from moxkit.domain import Domain, DomainError, parse_domain

__all__ = ["Found", "Status", "find_records"]

logger = logging.getLogger(__name__)

_MAX_ALIASES = 10
# More records than anybody needs for a rollover; the rest of a longer list is not looked at.
_MAX_RECORDS = 100


class Status(StrEnum):
    """What the records of a host ask of us."""

    NONE = "none"
    """DANE does not apply: no records, or the host is in a zone that is not signed."""
    USABLE = "usable"
    """TLS is required, and the certificate must match."""
    UNUSABLE = "unusable"
    """There are records, but none we can use: TLS is required, unauthenticated (RFC 7672 §2.2)."""
    TEMPERROR = "temperror"
    """It cannot be known for now: do not connect to the host (RFC 7672 §2.1.2)."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for a host.

    Attributes:
        status: What to do.
        records: The usable ones.
        base: Domain whose records they are, the one to ask for by SNI (RFC 7672 §8.1); `None` without any.
        names: The certificate of a DANE-TA record must be for one of these (RFC 7672 §3.2.2).
        addresses: Of the host; empty when there are none or they could not be found.
        authentic: Whether DNSSEC has validated the addresses.
        problem: Why the status is what it is, for people; empty for `USABLE`.
    """

    status: Status
    records: tuple[Tlsa, ...] = ()
    base: Domain | None = None
    names: tuple[Domain, ...] = ()
    addresses: tuple[Address, ...] = ()
    authentic: bool = False
    problem: str = ""


async def find_records(
    resolver: Resolver,
    host: Domain,
    port: int = 25,
    *,
    also_named: Sequence[Domain] = (),
    usages: Collection[Usage] = SMTP_USAGES,
) -> Found:
    """Look up addresses and TLSA records of a host.

    Call it for an MX host only if the MX records are authentic (RFC 7672 §2.2.1). Aliases are followed: their
    target's records come first if the whole way there is validated, then those of `host` itself
    (RFC 7672 §2.2.2).

    Args:
        resolver: Whose word on DNSSEC is taken.
        host: MX host, or the next-hop domain itself.
        port: TCP port of the service.
        also_named: Next-hop domains, as they were and as aliases made them; certificates may be for them.
        usages: Usages that count.
    """
    try:
        return await _find(resolver, host, port, also_named, frozenset(usages))
    except TemporaryFailure as failure:
        logger.debug("tlsa lookup failed", extra={"host": str(host), "reason": str(failure)})
        return Found(Status.TEMPERROR, problem=f"lookup failed: {failure}")


async def _find(
    resolver: Resolver, host: Domain, port: int, also_named: Sequence[Domain], usages: frozenset[Usage]
) -> Found:
    try:
        answer = await resolver.ips(str(host))
    except NotFound as missing:
        return Found(Status.NONE, authentic=missing.authentic, problem="the host has no addresses")
    target, first_is_authentic = await _follow_aliases(resolver, host)
    addresses, authentic = answer.records, answer.authentic
    candidates = [target] if authentic else []
    # Behind an insecure alias the records of the name before it can still be validated (RFC 7672 §2.2.2).
    if target != host and first_is_authentic:
        candidates.append(host)
    for base in candidates:
        records = await _tlsa(resolver, base, port)
        if not records:
            continue
        usable = usable_records(records[:_MAX_RECORDS], usages)
        return Found(
            status=Status.USABLE if usable else Status.UNUSABLE,
            records=usable,
            base=base,
            names=tuple(dict.fromkeys((base, host, *also_named))),
            addresses=addresses,
            authentic=authentic,
            problem="" if usable else "none of the tlsa records is of a kind that can be used",
        )
    problem = "there are no tlsa records" if candidates else "the addresses are not signed"
    return Found(Status.NONE, addresses=addresses, authentic=authentic, problem=problem)


async def _follow_aliases(resolver: Resolver, host: Domain) -> tuple[Domain, bool]:
    """Return where the aliases of `host` end, and whether its own alias record is authentic."""
    name, first_is_authentic = host, False
    for step in range(_MAX_ALIASES):
        try:
            answer = await resolver.cname(str(name))
            name = parse_domain(answer.records[0], allow_underscore=True)
        except NotFound:
            return name, first_is_authentic
        except DomainError as error:
            raise TemporaryFailure(f"{name} is an alias of something else than a host: {error}") from error
        if step == 0:
            first_is_authentic = answer.authentic
    raise TemporaryFailure(f"more than {_MAX_ALIASES} aliases from {host}")


async def _tlsa(resolver: Resolver, base: Domain, port: int) -> tuple[Tlsa, ...]:
    """Return the authentic TLSA records; those of an unsigned zone do not count (RFC 7672 §2.1.1)."""
    try:
        answer = await resolver.tlsa(f"_{port}._tcp.{base}")
    except NotFound:
        return ()
    return answer.records if answer.authentic else ()
