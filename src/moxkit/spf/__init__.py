"""SPF: whether a host may send mail for a domain, as the domain says in DNS.

RFC 7208 whole, with its limits, macros and explanations; RFC 8616 §4 (internationalised senders); words of
results as in RFC 8601 §2.7.2. It makes no reports (the modifiers of RFC 6652 are ignored) and decides nothing
about mail.

    sender = Sender(remote_ip, mail_from="alice@example.org", helo="mail.example.org")
    async with asyncio.timeout(60):
        result = await verify(resolver, sender, now=datetime.now(UTC))
    result.status, result.mechanism             # Status.PASS, "ip4:192.0.2.0/24"
    str(received_spf(sender, result))           # "Received-SPF: pass (...) client-ip=192.0.2.1; ..."

`verify`, `check_host` and `lookup` raise nothing: errors of DNS and of records are results. `parse_record`
raises `RecordError`, `parse_received_spf` raises `ReceivedSpfError`.
"""

from moxkit.spf.errors import ReceivedSpfError, RecordError
from moxkit.spf.lookup import Lookup, LookupStatus, lookup
from moxkit.spf.macros import Macro, MacroString, parse_domain_spec
from moxkit.spf.parse import parse_record
from moxkit.spf.receivedspf import ReceivedSpf, parse_received_spf, received_spf
from moxkit.spf.record import (
    A,
    All,
    Directive,
    Exists,
    Include,
    Ip4,
    Ip6,
    Mechanism,
    Modifier,
    Mx,
    Ptr,
    Qualifier,
    Record,
)
from moxkit.spf.result import Identity, Result, Status
from moxkit.spf.sender import Sender
from moxkit.spf.verify import check_host, verify

__all__ = [
    "A",
    "All",
    "Directive",
    "Exists",
    "Identity",
    "Include",
    "Ip4",
    "Ip6",
    "Lookup",
    "LookupStatus",
    "Macro",
    "MacroString",
    "Mechanism",
    "Modifier",
    "Mx",
    "Ptr",
    "Qualifier",
    "ReceivedSpf",
    "ReceivedSpfError",
    "Record",
    "RecordError",
    "Result",
    "Sender",
    "Status",
    "check_host",
    "lookup",
    "parse_domain_spec",
    "parse_received_spf",
    "parse_record",
    "received_spf",
    "verify",
]
