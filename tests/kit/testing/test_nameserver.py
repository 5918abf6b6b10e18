"""The name server of tests, asked by the real resolver."""

import pytest

from moxkit.dns import DnsResolver, Mx, NameServer, NotFound, Srv, TemporaryFailure, Tlsa
from moxkit.testing import serve_zone

LONG = "x" * 3000
ZONE = f"""
mox.example MX 10 mail.mox.example
mox.example TXT "v=spf1 \\"q\\" -all"
long.example TXT {LONG}
_a._tcp.mox.example SRV 1 2 3 mail.mox.example
_b._tcp.mox.example TLSA 3 1 1 {"ab" * 32}
"""


async def test_serves_every_kind_of_answer() -> None:
    with serve_zone(ZONE, authentic=["mox.example"], temporary=["bad.example"]) as address:
        host, _, port = address.partition(":")
        resolver = DnsResolver(servers=[NameServer(host, int(port))], attempts=1)
        answer = await resolver.mx("mox.example")
        assert (answer.records, answer.authentic) == ((Mx(10, "mail.mox.example"),), True)
        assert (await resolver.txt("mox.example")).records == ('v=spf1 "q" -all',)
        assert (await resolver.txt("long.example")).records == (LONG,)  # by TCP
        assert (await resolver.srv("_a._tcp.mox.example")).records == (Srv(1, 2, 3, "mail.mox.example"),)
        tlsa = await resolver.tlsa("_b._tcp.mox.example")
        assert (tlsa.records, tlsa.authentic) == ((Tlsa(3, 1, 1, b"\xab" * 32),), False)
        with pytest.raises(NotFound):
            await resolver.a("mox.example")
        with pytest.raises(TemporaryFailure):
            await resolver.a("bad.example")
        resolver.close()
