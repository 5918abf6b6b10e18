"""`moxkit.dnsbl` as an outsider uses it; checked by mypy, not run."""

from moxkit.dns import Address, Resolver
from moxkit.dnsbl import Health, HealthStatus, Result, Status, check_health, lookup
from moxkit.domain import Domain


async def is_listed(resolver: Resolver, zone: Domain, ip: Address) -> bool:
    health: Health = await check_health(resolver, zone)
    if health.status is not HealthStatus.HEALTHY or not (health.authentic or health.serves_ip6):
        raise ValueError(health.problem)
    result: Result = await lookup(resolver, zone, ip)
    codes: list[Address] = list(result.codes)
    texts: list[str] = [result.explanation, result.problem]
    return result.status is Status.FAIL and bool(codes) and any(texts) and not result.authentic
