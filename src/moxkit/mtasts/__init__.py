"""MTA-STS: a domain says by HTTPS that mail to it needs verified TLS (RFC 8461).

Finds and parses the record and the policy, and matches MX hosts. It keeps no cache, and leaves fetching to a
`moxkit.https.Get`.

    found = await lookup(resolver, client.get, parse_domain("mox.example"))
    if found.policy is not None and found.policy.mode is Mode.ENFORCE:
        hosts = [host for host in hosts if found.policy.allows(host)]

`lookup` raises nothing: why there is no policy is in `Found.problem`. Parsing raises `RecordError` and
`PolicyError`.
"""

from moxkit.mtasts.lookup import Found, Problem, find_record, lookup
from moxkit.mtasts.policy import Mode, Policy, PolicyError, parse_policy
from moxkit.mtasts.record import Record, RecordError, parse_record

__all__ = [
    "Found",
    "Mode",
    "Policy",
    "PolicyError",
    "Problem",
    "Record",
    "RecordError",
    "find_record",
    "lookup",
    "parse_policy",
    "parse_record",
]
