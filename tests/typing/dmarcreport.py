"""`moxkit.dmarcreport` as an outsider uses it; checked by mypy, not run."""

from datetime import datetime

from moxkit.dmarcreport import (
    AuthResult,
    Disposition,
    DkimAuth,
    Metadata,
    OverrideReason,
    PublishedPolicy,
    Report,
    ReportError,
    Row,
    Schema,
    SpfAuth,
    compose_report_mail,
    encode_report_xml,
    parse_report,
    parse_report_message,
    parse_report_xml,
    report_filename,
)
from moxkit.domain import Domain
from moxkit.message import Address


def read(octets: bytes) -> int:
    """Read, and count what failed."""
    try:
        report: Report = parse_report_message(octets)
    except ReportError:
        report = parse_report(octets)
    metadata: Metadata = report.metadata
    policy: PublishedPolicy = report.policy
    begin: datetime = metadata.begin_at
    percentage: int | None = policy.percentage
    failed = 0
    for row in report.rows:
        is_ipv6: bool = row.source_ip.version == 6
        reasons: tuple[OverrideReason, ...] = row.reasons
        results: list[AuthResult] = [each.result for each in row.dkim]
        if row.disposition is Disposition.REJECT and not row.dkim_aligned and not reasons:
            failed += row.count * len(results) * is_ipv6 * (percentage or 1) * begin.day
    return failed


def write(row: Row, report: Report, us: Domain, now: datetime) -> bytes:
    """Write a report and the mail around it."""
    more = Row(
        source_ip=row.source_ip,
        count=1,
        disposition=Disposition.PASS,
        dkim_aligned=True,
        spf_aligned=True,
        header_from="mox.example",
        dkim=(DkimAuth("mox.example", "s", AuthResult.PASS),),
        spf=(SpfAuth("mox.example", AuthResult.PASS, "mfrom"),),
    )
    report = Report(report.metadata, report.policy, (row, more))
    xml: bytes = encode_report_xml(report, schema=Schema.RFC_7489)
    name: str = report_filename(parse_report_xml(xml), us, unique_id="1")
    return compose_report_mail(
        report,
        submitter=us,
        author=Address("", "postmaster", us.ascii),
        recipients=[],
        now=now,
        message_id=f"{name}@{us}",
        schema=Schema.RFC_9990,
    )
