"""A row of a DMARC report as JSON text, and back."""

import json
from ipaddress import ip_address

from moxkit.dmarcreport import AuthResult, Disposition, DkimAuth, OverrideReason, Row, SpfAuth

__all__ = ["encode_row", "parse_row"]


def encode_row(row: Row) -> str:
    """Return a row as an object of JSON; equal rows are equal texts."""
    return json.dumps(
        {
            "ip": str(row.source_ip),
            "count": row.count,
            "disposition": row.disposition,
            "aligned": [row.dkim_aligned, row.spf_aligned],
            "from": row.header_from,
            "envelope": [row.envelope_from, row.envelope_to],
            "reasons": [[each.type, each.comment] for each in row.reasons],
            "dkim": [[each.domain, each.selector, each.result, each.human_result] for each in row.dkim],
            "spf": [[each.domain, each.result, each.scope, each.human_result] for each in row.spf],
        },
        separators=(",", ":"),
    )


def parse_row(text: str) -> Row:
    """Return the row that `encode_row` wrote.

    Raises:
        ValueError, KeyError: It did not write that.
    """
    found = json.loads(text)
    dkim_aligned, spf_aligned = found["aligned"]
    envelope_from, envelope_to = found["envelope"]
    return Row(
        source_ip=ip_address(found["ip"]),
        count=found["count"],
        disposition=Disposition(found["disposition"]),
        dkim_aligned=dkim_aligned,
        spf_aligned=spf_aligned,
        header_from=found["from"],
        envelope_from=envelope_from,
        envelope_to=envelope_to,
        reasons=tuple(OverrideReason(*each) for each in found["reasons"]),
        dkim=tuple(DkimAuth(d, s, AuthResult(result), text) for d, s, result, text in found["dkim"]),
        spf=tuple(SpfAuth(d, AuthResult(result), scope, text) for d, result, scope, text in found["spf"]),
    )
