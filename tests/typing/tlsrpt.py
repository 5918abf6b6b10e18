"""`moxkit.tlsrpt` as an outsider uses it; checked by mypy, not run."""

from datetime import datetime

from moxkit.dns import Resolver
from moxkit.domain import Domain
from moxkit.message import Address
from moxkit.tlsrpt import (
    FailureDetails,
    Lookup,
    Policy,
    PolicyResult,
    PolicyType,
    Record,
    RecordError,
    Report,
    ReportError,
    ResultType,
    Status,
    add,
    compose_report_mail,
    encode_report_json,
    is_record,
    lookup,
    merge,
    parse_record,
    parse_report,
    parse_report_json,
    parse_report_message,
    report_filename,
)


async def addresses(resolver: Resolver, domain: Domain) -> tuple[str, ...]:
    """Look up who wants reports."""
    found: Lookup = await lookup(resolver, domain)
    if found.status is not Status.FOUND or found.record is None:
        return (found.problem,)
    record: Record = found.record
    try:
        record = parse_record(str(record)) if is_record(found.text) else record
    except RecordError:
        return ()
    return record.addresses


def read(octets: bytes) -> int:
    """Read a report; count failures of one kind."""
    try:
        report: Report = parse_report_message(octets)
    except ReportError:
        report = parse_report(octets)
    results: tuple[PolicyResult, ...] = report.results
    failures: list[FailureDetails] = [each for result in results for each in result.failures]
    return sum(each.failed_sessions for each in failures if each.result_type == ResultType.DANE_REQUIRED)


def write(report: Report, domain: Domain, us: Domain, now: datetime) -> bytes:
    """Count, and write a report."""
    policy = Policy(PolicyType.TLSA, domain.ascii)
    result: PolicyResult = add(PolicyResult(policy), successful_sessions=1, failed_sessions=0, failures=[])
    merged: tuple[PolicyResult, ...] = merge([result, *report.results])
    octets: bytes = encode_report_json(report, indent=2)
    name: str = report_filename(parse_report_json(octets), us, domain)
    return compose_report_mail(
        report,
        policy_domain=domain,
        submitter=us,
        author=Address("", "postmaster", us.ascii),
        recipients=[],
        now=now,
        message_id=f"{name}{len(merged)}@{us}",
    )
