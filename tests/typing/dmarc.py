"""`moxkit.dmarc` as an outsider uses it; checked by mypy, not run."""

import random

from moxkit import dkim, spf
from moxkit.dmarc import (
    Alignment,
    Consent,
    Failure,
    Identifier,
    Lookup,
    Method,
    Policy,
    Psd,
    Record,
    RecordError,
    ReportAddress,
    ReportUri,
    Result,
    Status,
    check_report_address,
    is_record,
    lookup,
    organizational_domain,
    parse_record,
    verify,
)
from moxkit.dns import Resolver
from moxkit.domain import Domain


async def evaluate(resolver: Resolver, author: Domain) -> str:
    """Use everything that people use."""
    result: Result = await verify(
        resolver,
        author,
        spf=Identifier(author, "pass"),
        dkim=[Identifier(author, "fail")],
        method=Method.PUBLIC_SUFFIX_LIST,
        sample=random.random,
    )
    record: Record | None = result.record
    policy: Policy = result.policy
    where: Domain | None = result.domain
    match result.status:
        case Status.PASS | Status.NONE:
            aligned: bool = result.aligned_spf or result.aligned_dkim
            return f"{aligned} {where}"
        case Status.FAIL if policy is Policy.REJECT and result.use:
            return f"{record} {result.problem} {result.published_policy}"
        case _:
            return result.problem


async def look(resolver: Resolver, domain: Domain) -> list[str]:
    """Look records up and read them."""
    found: Lookup = await lookup(resolver, domain, method=Method.TREE_WALK)
    failure: Failure | None = found.failure
    if failure is not None or found.record is None:
        return [found.problem]
    organization: Domain = await organizational_domain(resolver, domain)
    uris: tuple[ReportUri, ...] = found.record.rua
    addresses: list[str | None] = [uri.address for uri in uris]
    host = uris[0].domain or organization
    answer: ReportAddress = await check_report_address(resolver, domain, host)
    consent: Consent = answer.consent
    return [str(consent), *(address or "" for address in addresses)]


def read(text: str) -> Record | None:
    """Parse and write."""
    if not is_record(text):
        return None
    try:
        record = parse_record(text, is_policy=True)
    except RecordError:
        return None
    strict: bool = record.dkim_alignment is Alignment.STRICT and record.psd is Psd.NO
    return Record(policy=record.policy_for(is_subdomain=strict), rua=(ReportUri("mailto:a@b.example", 1024),))


async def from_own_checkers(
    resolver: Resolver, author: Domain, spf_result: spf.Result, dkim_results: tuple[dkim.Result, ...]
) -> Result:
    """Hand over results of the kit's own packages as they are."""
    return await verify(resolver, author, spf=spf_result, dkim=dkim_results)
