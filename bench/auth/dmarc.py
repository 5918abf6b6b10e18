"""DMARC: evaluations a second without waiting for DNS, and reports of 1,000 rows a second."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_address

from bench.server import Report as Reporter

from moxkit.dmarc import Identifier, Status, verify
from moxkit.dmarcreport import (
    AuthResult,
    Disposition,
    DkimAuth,
    Metadata,
    PublishedPolicy,
    Report,
    Row,
    SpfAuth,
    encode_report_xml,
    parse_report_xml,
)
from moxkit.domain import parse_domain
from moxkit.testing import FakeResolver

ROUNDS = 5
ZONE = '_dmarc.mox.example TXT "v=DMARC1; p=reject; sp=reject; rua=mailto:dmarc@mox.example"'
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)


def measure_dmarc(report: Reporter, scale: float) -> None:
    """Measure evaluations that pass at once, and that fail after walks; reading and writing a report."""
    author, elsewhere = parse_domain("mox.example"), parse_domain("a.b.c.d.mox.example")
    below = Identifier(parse_domain("x.mox.example"), "pass")
    foreign = [Identifier(parse_domain("list.other.example"), "pass")]

    async def aligned(resolver: FakeResolver) -> None:
        result = await verify(resolver, author, spf=None, dkim=[Identifier(author, "pass")])
        assert result.status is Status.PASS

    async def walking(resolver: FakeResolver) -> None:
        result = await verify(resolver, elsewhere, spf=foreign[0], dkim=foreign)
        assert result.status is Status.FAIL

    async def relaxed(resolver: FakeResolver) -> None:
        result = await verify(resolver, elsewhere, spf=None, dkim=[below])
        assert result.status is Status.PASS

    count = max(100, int(5000 * scale))
    for name, evaluate in (("pass", aligned), ("relaxed_pass", relaxed), ("fail_walk", walking)):
        per_s = count / _best(partial(_run, evaluate, count))
        report(f"dmarc_{name}", per_s, "evaluations/s")

    value = _report(1000)
    xml = encode_report_xml(value)
    assert parse_report_xml(xml) == value
    report("dmarcreport_parse_1000_rows", 1 / _best(lambda: parse_report_xml(xml)), "reports/s")
    report("dmarcreport_write_1000_rows", 1 / _best(lambda: encode_report_xml(value)), "reports/s")


def _run(evaluate: Callable[[FakeResolver], Awaitable[None]], count: int) -> None:
    async def many() -> None:
        # A new resolver now and then, since it remembers all queries.
        for _ in range(count // 100):
            resolver = FakeResolver(ZONE)
            for _ in range(100):
                await evaluate(resolver)

    asyncio.run(many())


def _best(function: Callable[[], object]) -> float:
    """Return the shortest of some rounds, in seconds."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - began)
    return best


def _report(count: int) -> Report:
    rows = tuple(
        Row(
            source_ip=ip_address(0xC0000200 + number),
            count=number,
            disposition=Disposition.NONE,
            dkim_aligned=True,
            spf_aligned=False,
            header_from="mox.example",
            envelope_from="bounces.mox.example",
            dkim=(DkimAuth("mox.example", "s1", AuthResult.PASS),),
            spf=(SpfAuth("other.example", AuthResult.PASS, "mfrom"),),
        )
        for number in range(count)
    )
    about = Metadata(
        org_name="Receiver",
        email="postmaster@receiver.example",
        report_id="1",
        begin_at=BEGIN,
        end_at=BEGIN + timedelta(days=1),
    )
    return Report(
        about, PublishedPolicy(domain="mox.example", policy="reject", subdomain_policy="none"), rows
    )
