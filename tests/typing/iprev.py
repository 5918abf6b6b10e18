"""`moxkit.iprev` as an outsider uses it; checked by mypy, not run."""

from moxkit.dns import Address, Resolver
from moxkit.domain import Domain
from moxkit.iprev import Result, Status, verify


async def name_of(resolver: Resolver, ip: Address) -> Domain | None:
    result: Result = await verify(resolver, ip)
    names: tuple[str, ...] = result.names
    match result.status:
        case Status.PASS:
            return result.name if result.authentic else None
        case Status.FAIL | Status.TEMPERROR | Status.PERMERROR:
            raise ValueError(result.problem + ", ".join(names))
