"""DNS block lists: whether an address is listed, and whether a list works at all.

RFC 5782 §2 and §5, lists of addresses (not of names). What to do with those listed is up to the caller.

    zone = parse_domain("bl.example.net")
    result = await lookup(resolver, zone, ip_address("192.0.2.1"))
    result.status, result.explanation       # Status.FAIL, "open relay, see https://..."
    (await check_health(resolver, zone)).status     # HealthStatus.HEALTHY

Nothing is raised: errors of DNS, and answers that are none, are results.
"""

from moxkit.dnsbl.health import Health, HealthStatus, check_health
from moxkit.dnsbl.lookup import Result, Status, lookup

__all__ = ["Health", "HealthStatus", "Result", "Status", "check_health", "lookup"]
