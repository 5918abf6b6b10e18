"""Block lists of clients' addresses, asked one after the other; lists that do not work are left out.

A list that died often answers that everybody is listed (RFC 5782 §5): each is asked now and then about
addresses whose answer is known.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address

from mox.filtering import Listing
from mox.runtime import Clock
from moxkit import dnsbl
from moxkit.dns import Resolver
from moxkit.domain import Domain

__all__ = ["BlockLists"]

logger = logging.getLogger(__name__)

_HEALTH_COUNTS_FOR = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class _Health:
    is_usable: bool
    checked_at: datetime


class BlockLists:
    """Asks block lists; shared by all listeners."""

    def __init__(self, *, resolver: Resolver, clock: Clock) -> None:
        self._resolver = resolver
        self._clock = clock
        self._health: dict[Domain, _Health] = {}

    async def look_up(self, remote_ip: str, zones: Sequence[Domain]) -> tuple[Listing, ...]:
        """Return what lists say of an address, up to the first that has it; trouble is no listing."""
        address, found = ip_address(remote_ip), list[Listing]()
        for zone in zones:
            if not await self._is_usable(zone):
                continue
            result = await dnsbl.lookup(self._resolver, zone, address)
            is_listed = result.status is dnsbl.Status.FAIL
            found.append(Listing(str(zone), is_listed, result.explanation if is_listed else ""))
            if is_listed:
                break
        return tuple(found)

    async def _is_usable(self, zone: Domain) -> bool:
        now, known = self._clock.now(), self._health.get(zone)
        if known is not None and now - known.checked_at < _HEALTH_COUNTS_FOR:
            return known.is_usable
        health = await dnsbl.check_health(self._resolver, zone)
        # A list that does not answer just now is asked all the same: then it does not answer either.
        is_usable = health.status is not dnsbl.HealthStatus.UNHEALTHY
        if not is_usable:
            logger.warning(
                "block list does not work, going on without",
                extra={"zone": str(zone), "problem": health.problem},
            )
        self._health[zone] = _Health(is_usable, now)
        return is_usable
