"""DANE: what a domain says about its TLS certificates in DNSSEC-signed DNS.

RFC 6698 (TLSA), 7671 (operations), 7672 (SMTP). It finds the records of a host, says whether they bind us,
judges the certificates a server sent, and makes records. It does not validate DNSSEC itself (the resolver
does), look up MX records or connect.

    found = await find_records(resolver, parse_domain("mx.example"), 25)
    if found.status is Status.USABLE:
        verdict = dane_verdict(found.records, names=found.names, now=clock.now)
        await client.start_tls(client_context(), hostname=str(found.base), verdict=verdict)

What RFC 7672 names is a value; bad arguments raise `ValueError`, nothing else is raised.
"""

from moxkit.dane.find import Found, Status, find_records
from moxkit.dane.judge import Judgement, dane_verdict, judge
from moxkit.dane.records import (
    SMTP_USAGES,
    MatchingType,
    Selector,
    Usage,
    make_record,
    parse_matching_type,
    parse_selector,
    parse_usage,
    usable_records,
)

__all__ = [
    "SMTP_USAGES",
    "Found",
    "Judgement",
    "MatchingType",
    "Selector",
    "Status",
    "Usage",
    "dane_verdict",
    "find_records",
    "judge",
    "make_record",
    "parse_matching_type",
    "parse_selector",
    "parse_usage",
    "usable_records",
]
