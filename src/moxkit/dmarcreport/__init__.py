"""DMARC aggregate reports: read from XML and mail, written as XML and mail.

RFC 9990 (aggregate reports), RFC 7489 appendix C and §7.2 (the older schema, still the usual one). It neither
stores nor sends reports and looks nothing up; `moxkit.dmarc.check_report_address` says who wants them.

    report = parse_report_message(octets)         # a whole mail, of any shape
    report = parse_report(octets)                 # a file: XML, gzip or zip
    for row in report.rows:
        print(row.source_ip, row.count, row.disposition, row.dkim_aligned, row.spf_aligned)
    mail = compose_report_mail(report, submitter=ours, author=sender, recipients=[address], ...)

Parsing raises `ReportError`, nothing else: messages may have 15 MB and reports 20 MB when unpacked. Composing
raises `ValueError` where an address or identifier cannot be written.
"""

from moxkit.dmarcreport.errors import ReportError
from moxkit.dmarcreport.mail import compose_report_mail, parse_report, parse_report_message, report_filename
from moxkit.dmarcreport.readxml import parse_report_xml
from moxkit.dmarcreport.report import (
    AuthResult,
    Disposition,
    DkimAuth,
    Metadata,
    OverrideReason,
    PublishedPolicy,
    Report,
    Row,
    SpfAuth,
)
from moxkit.dmarcreport.writexml import Schema, encode_report_xml

__all__ = [
    "AuthResult",
    "Disposition",
    "DkimAuth",
    "Metadata",
    "OverrideReason",
    "PublishedPolicy",
    "Report",
    "ReportError",
    "Row",
    "Schema",
    "SpfAuth",
    "compose_report_mail",
    "encode_report_xml",
    "parse_report",
    "parse_report_message",
    "parse_report_xml",
    "report_filename",
]
