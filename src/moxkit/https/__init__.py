"""One HTTPS request at a time, with our resolver and our verdict on certificates (RFC 9110, RFC 9112).

For the small documents that mail needs from elsewhere: MTA-STS policies, registration data. h11 makes and
parses the messages; there are no cookies, proxies, kept connections or compression.

    client = HttpsClient(resolver, roots=system_roots(), now=clock.now)
    response = await client.get("https://mta-sts.mox.example/.well-known/mta-sts.txt", max_octets=65536)

Raises `HttpsError`, which says how far it came, and nothing else.
"""

from moxkit.https.client import HttpsClient
from moxkit.https.errors import HttpsError, Stage
from moxkit.https.response import Get, Response

__all__ = ["Get", "HttpsClient", "HttpsError", "Response", "Stage"]
