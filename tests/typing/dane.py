"""`moxkit.dane` as an outsider uses it; checked by mypy, not run."""

from collections.abc import Callable, Sequence
from datetime import datetime

from moxkit.dane import (
    SMTP_USAGES,
    Found,
    Judgement,
    MatchingType,
    Selector,
    Status,
    Usage,
    dane_verdict,
    find_records,
    judge,
    make_record,
    parse_matching_type,
    parse_selector,
    parse_usage,
    usable_records,
)
from moxkit.dns import Address, Resolver, Tlsa
from moxkit.domain import Domain
from moxkit.net import Verdict, system_roots


async def connect_to(resolver: Resolver, host: Domain, now: Callable[[], datetime]) -> Verdict | None:
    found: Found = await find_records(resolver, host, 25, also_named=[host], usages=SMTP_USAGES)
    addresses: tuple[Address, ...] = found.addresses
    match found.status:
        case Status.USABLE:
            seen: list[Judgement] = []
            return dane_verdict(found.records, names=found.names, now=now, on_judged=seen.append)
        case Status.NONE | Status.UNUSABLE:
            return None
        case Status.TEMPERROR:
            raise TimeoutError(found.problem, addresses)


def check(chain: Sequence[bytes], records: Sequence[Tlsa], host: Domain, at: datetime) -> str:
    roots = system_roots()
    judgement: Judgement = judge(chain, usable_records(records), names=[host], at=at, roots=roots)
    record: Tlsa | None = judgement.record
    return judgement.detail if record is None else judgement.problem


def make(certificate: bytes, key: bytes) -> tuple[Tlsa, Tlsa]:
    usage: Usage = parse_usage("dane-ee")
    selector: Selector = parse_selector("1")
    matching_type: MatchingType = parse_matching_type("sha2-256")
    return (
        make_record(usage, selector, matching_type, certificate=certificate),
        make_record(Usage.DANE_TA, Selector.SPKI, MatchingType.FULL, spki=key),
    )
