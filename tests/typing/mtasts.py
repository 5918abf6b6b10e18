"""`moxkit.mtasts`, `moxkit.https` and `moxkit.rdap` as an outsider uses them; checked by mypy, not run."""

from collections.abc import Callable
from datetime import datetime, timedelta

from moxkit.dns import Resolver
from moxkit.domain import Domain
from moxkit.https import Get, HttpsClient, HttpsError, Response, Stage
from moxkit.mtasts import (
    Found,
    Mode,
    Policy,
    PolicyError,
    Problem,
    Record,
    RecordError,
    find_record,
    lookup,
    parse_policy,
    parse_record,
)
from moxkit.net import system_roots
from moxkit.rdap import RdapError, registered_at


async def policy_of(resolver: Resolver, now: Callable[[], datetime], domain: Domain) -> Policy | None:
    client = HttpsClient(resolver, roots=system_roots(), now=now, timeout_s=60)
    get: Get = client.get
    found: Found = await lookup(resolver, get, domain)
    problem: Problem | None = found.problem
    if found.is_temporary:
        raise TimeoutError(found.detail)
    return found.policy if problem is None else None


async def has_changed(resolver: Resolver, domain: Domain, known: Record) -> bool:
    found: Found = await find_record(resolver, domain)
    return found.record is not None and found.record.id != known.id


def read(text: str, policy: bytes) -> tuple[str, Mode, timedelta] | str:
    try:
        record: Record = parse_record(text)
        parsed: Policy = parse_policy(policy)
    except (RecordError, PolicyError) as error:
        return str(error)
    return record.id, parsed.mode, parsed.max_age


async def fetch(client: HttpsClient) -> bytes:
    try:
        response: Response = await client.get("https://mox.example/", max_octets=1000)
    except HttpsError as error:
        stage: Stage = error.stage
        return stage.encode()
    return response.body


async def age(get: Get, domain: Domain, now: datetime) -> timedelta | None:
    try:
        return now - await registered_at(get, domain)
    except RdapError:
        return None
