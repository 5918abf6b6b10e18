"""Whether a list works: its entries for tests (RFC 5782 §5)."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address

from moxkit.dns import Resolver
from moxkit.dnsbl.lookup import Status, ask
from moxkit.domain import Domain

__all__ = ["Health", "HealthStatus", "check_health"]

_LISTED, _UNLISTED = IPv4Address("127.0.0.2"), IPv4Address("127.0.0.1")
_LISTED_IP6, _UNLISTED_IP6 = IPv6Address("::ffff:7f00:2"), IPv6Address("::ffff:7f00:1")


class HealthStatus(StrEnum):
    """Whether a list can be relied on."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    TEMPERROR = "temperror"


@dataclass(frozen=True, slots=True)
class Health:
    """What the test entries say.

    Attributes:
        problem: What is wrong, for people; empty when healthy.
        serves_ip6: Whether the test entries for IPv6 are as they should be, too; `status` does not depend on
            them, since a list need not have them.
        authentic: Whether DNSSEC has validated the answers that `status` rests on.
    """

    status: HealthStatus
    problem: str = ""
    serves_ip6: bool = False
    authentic: bool = False


async def check_health(resolver: Resolver, zone: Domain) -> Health:
    """Check that a list has 127.0.0.2 and does not have 127.0.0.1 (RFC 5782 §5)."""
    listed, unlisted = await ask(resolver, zone, _LISTED), await ask(resolver, zone, _UNLISTED)
    authentic = listed.authentic and unlisted.authentic
    for result in (listed, unlisted):
        if result.status is Status.TEMPERROR:
            return Health(HealthStatus.TEMPERROR, result.problem, authentic=authentic)
    if listed.status is not Status.FAIL:
        # Like a list that is no more, and would never fail again.
        return Health(HealthStatus.UNHEALTHY, f"{_LISTED} is not listed", authentic=authentic)
    if unlisted.status is not Status.PASS:
        # Like a list that is no more, and says so by listing everything.
        return Health(HealthStatus.UNHEALTHY, f"{_UNLISTED} is listed", authentic=authentic)
    serves_ip6 = (await ask(resolver, zone, _LISTED_IP6)).status is Status.FAIL and (
        await ask(resolver, zone, _UNLISTED_IP6)
    ).status is Status.PASS
    return Health(HealthStatus.HEALTHY, serves_ip6=serves_ip6, authentic=authentic)
