"""SMTP TLS reporting: who wants reports, and the reports themselves.

RFC 8460. It neither stores nor sends reports; `https:` destinations are read, posting is the caller's.

    found = await lookup(resolver, domain)             # _smtp._tls, found.record.addresses
    report = parse_report_message(octets)              # a whole mail
    report = parse_report(octets)                      # a file: JSON or gzip
    results = merge([*results, add(PolicyResult(policy), successful_sessions=1)])
    mail = compose_report_mail(report, policy_domain=domain, submitter=ours, author=sender, ...)

`parse_record` raises `RecordError`, parsing reports `ReportError`: messages may have 15 MB, reports 20 MB
when unpacked. Composing raises `ValueError` where an address or identifier cannot be written. `lookup` raises
nothing.
"""

from moxkit.tlsrpt.mail import compose_report_mail, parse_report, parse_report_message, report_filename
from moxkit.tlsrpt.merge import add, merge
from moxkit.tlsrpt.readjson import parse_report_json
from moxkit.tlsrpt.record import Lookup, Record, RecordError, Status, is_record, lookup, parse_record
from moxkit.tlsrpt.report import (
    FailureDetails,
    Policy,
    PolicyResult,
    PolicyType,
    Report,
    ReportError,
    ResultType,
)
from moxkit.tlsrpt.writejson import encode_report_json

__all__ = [
    "FailureDetails",
    "Lookup",
    "Policy",
    "PolicyResult",
    "PolicyType",
    "Record",
    "RecordError",
    "Report",
    "ReportError",
    "ResultType",
    "Status",
    "add",
    "compose_report_mail",
    "encode_report_json",
    "is_record",
    "lookup",
    "merge",
    "parse_record",
    "parse_report",
    "parse_report_json",
    "parse_report_message",
    "report_filename",
]
