"""DMARC: does the author's domain stand behind a message, and what does its owner ask for if not.

RFC 9989 (DMARC), 7489 (its predecessor, whose tags and organizational domains are understood), 9990 §4
(consent to reports). It checks no SPF and no DKIM, it takes their results; it neither rejects nor reports.

    result = await verify(resolver, from_domain, spf=spf_result, dkim=dkim_results)
    result.status, result.policy, result.aligned_dkim
    found = await lookup(resolver, domain)          # the record that applies, without a message
    record = parse_record("v=DMARC1; p=reject; rua=mailto:dmarc@mox.example")
    str(record)

`spf` and `dkim` take results of `moxkit.spf` and `moxkit.dkim` as they are; who has others wraps them in
`Identifier`. Organizational domains are found by RFC 9989's tree walk, or by the public suffix list with
`method=Method.PUBLIC_SUFFIX_LIST`. `parse_record` raises `RecordError`, `organizational_domain` raises
`moxkit.dns.TemporaryFailure`, all else raises nothing.
"""

from moxkit.dmarc.alignment import Identifier
from moxkit.dmarc.discovery import Failure, Lookup, Method, lookup, organizational_domain
from moxkit.dmarc.record import Alignment, Policy, Psd, Record, ReportUri
from moxkit.dmarc.recordparse import RecordError, is_record, parse_record
from moxkit.dmarc.reportaddress import Consent, ReportAddress, check_report_address
from moxkit.dmarc.verify import DkimResult, Result, SignedBy, SpfResult, Status, verify

__all__ = [
    "Alignment",
    "Consent",
    "DkimResult",
    "Failure",
    "Identifier",
    "Lookup",
    "Method",
    "Policy",
    "Psd",
    "Record",
    "RecordError",
    "ReportAddress",
    "ReportUri",
    "Result",
    "SignedBy",
    "SpfResult",
    "Status",
    "check_report_address",
    "is_record",
    "lookup",
    "organizational_domain",
    "parse_record",
    "verify",
]
