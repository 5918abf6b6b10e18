"""Whether reverse and forward DNS of a client agree: "iprev".

RFC 8601 §2.7.3 and §3, RFC 1912 §2.1. It says nothing about whether such a client is welcome.

    result = await verify(resolver, ip_address("192.0.2.1"))
    result.status, result.name      # Status.PASS, Domain("mail.example.org")

Nothing is raised: errors of DNS are results.
"""

from moxkit.iprev.verify import Result, Status, verify

__all__ = ["Result", "Status", "verify"]
