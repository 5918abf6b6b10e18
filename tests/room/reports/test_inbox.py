"""Reports are kept once, within bounds, and listed."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mox.reports import DmarcSummary, ReportProblem, Reports, TlsSummary, ValidReport
from moxkit.domain import parse_domain
from moxkit.testing import FakeClock
from room.reports.mails import (
    BIG,
    DAY,
    NOW,
    OURS,
    RESULTS,
    ROWS,
    dmarc_mail,
    dmarc_report,
    tls_mail,
    tls_report,
    verified,
)

END = DAY + timedelta(hours=24)


@pytest.fixture
async def reports(tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor) -> AsyncIterator[Reports]:
    reports = Reports(directory=tmp_path, clock=clock, pool=pool, own_domains=lambda: OURS)
    yield reports
    await reports.close()


async def take(reports: Reports, octets: bytes) -> bool:
    checked = await reports.inbox.check(octets, verified(), NOW)
    assert isinstance(checked, ValidReport)
    return await reports.inbox.keep(checked, NOW)


async def test_a_dmarc_report_is_kept_once(reports: Reports) -> None:
    octets = dmarc_mail(dmarc_report())
    assert await take(reports, octets)
    assert not await take(reports, octets)
    [listed] = reports.inbox.list_dmarc()
    assert (listed.policy_domain, listed.from_domain, listed.org_name) == (
        "mox.example",
        "big.example",
        "Big",
    )
    assert (listed.begin_at, listed.end_at, listed.received_at) == (DAY, END, NOW)
    assert (listed.messages, listed.passed, listed.rows_left_out) == (43, 3, 0)
    assert listed.policy == dmarc_report().policy
    assert reports.inbox.dmarc_rows(listed.id) == ROWS[::-1]
    # Another's with the same identifier is another.
    checked = ValidReport(dmarc_report(), parse_domain("other.example"))
    assert await reports.inbox.keep(checked, NOW)
    assert len(reports.inbox.list_dmarc("mox.example")) == 2


async def test_lists_by_domain_and_time(reports: Reports) -> None:
    for number in range(3):
        end_at = END - timedelta(days=number)
        report = dmarc_report(report_id=str(number), begin_at=end_at - timedelta(hours=24), end_at=end_at)
        assert await take(reports, dmarc_mail(report))
    listed = reports.inbox.list_dmarc(limit=2)
    assert [each.report_id for each in listed] == ["0", "1"]
    assert [each.report_id for each in reports.inbox.list_dmarc(since=END - timedelta(days=1))] == ["0", "1"]
    assert [each.report_id for each in reports.inbox.list_dmarc(until=END)] == ["1", "2"]
    assert reports.inbox.list_dmarc("other.example") == ()
    assert reports.inbox.summarise_dmarc(since=END) == (DmarcSummary("mox.example", 1, 43, 3, 0, 40, 40, 43),)
    await reports.inbox.forget(END)
    assert [each.report_id for each in reports.inbox.list_dmarc()] == ["0"]
    assert reports._reader.value("SELECT count(*) FROM dmarc_row") == 2


async def test_a_tls_report_is_kept_once(reports: Reports) -> None:
    octets = tls_mail(tls_report())
    assert await take(reports, octets)
    assert not await take(reports, octets)
    [listed] = reports.inbox.list_tls()
    assert (listed.from_domain, listed.organization, listed.contact) == (
        "big.example",
        "Big",
        "tls@big.example",
    )
    assert (listed.begin_at, listed.end_at) == (DAY, END)
    assert (listed.successes, listed.failures) == (107, 5)
    assert reports.inbox.tls_results(listed.id) == RESULTS[:2]
    [of_host] = reports.inbox.list_tls("mail.mox.example")
    assert (of_host.successes, of_host.failures) == (7, 0)
    assert reports.inbox.summarise_tls() == (
        TlsSummary("mail.mox.example", 1, 7, 0, ()),
        TlsSummary("mox.example", 1, 100, 5, (("certificate-expired", 3), ("starttls-not-supported", 2))),
    )
    await reports.inbox.forget(END + timedelta(seconds=1))
    assert reports.inbox.list_tls() == ()
    for table in ("tls_report", "tls_result", "tls_failure"):
        assert reports._reader.value(f"SELECT count(*) FROM {table}") == 0


async def test_strangers_choose_no_sizes(reports: Reports) -> None:
    row = replace(ROWS[0], count=2**63 - 1, header_from="x" * 10_000, dkim=ROWS[0].dkim * 100)
    report = replace(dmarc_report(org_name="a\nb" * 1000), rows=(row,) * 6000)
    assert await reports.inbox.keep(ValidReport(report, BIG), NOW)
    [listed] = reports.inbox.list_dmarc()
    assert (listed.rows_left_out, len(listed.org_name)) == (1000, 255)
    assert listed.org_name.isprintable()
    assert listed.messages == 5000 << 40
    kept = reports.inbox.dmarc_rows(listed.id)[0]
    assert (len(kept.header_from), len(kept.dkim)) == (255, 10)
    failure = replace(RESULTS[0].failures[0], reason_code="x" * 10_000, failed_sessions=2**63 - 1)
    result = replace(RESULTS[0], successful_sessions=2**63 - 1, failures=(failure,) * 4000)
    tls = ValidReport(tls_report(results=(result,) * 1000), BIG)
    assert await reports.inbox.keep(tls, NOW)
    assert reports._reader.value("SELECT count(*) FROM tls_failure") == 5000
    [summary] = reports.inbox.summarise_tls()
    assert (summary.successes, summary.by_type) == (500 << 40, (("certificate-expired", 5000 << 40),))


async def test_one_sender_fills_no_disk(reports: Reports, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(1000):
        reports._writing.run(
            "INSERT INTO tls_report VALUES (NULL, 'big.example', 'Big', '', :id, 0, 0, :now)",
            id=f"n{number}",
            now=int(NOW.timestamp()),
        )
    assert not await reports.inbox.keep(ValidReport(dmarc_report(), BIG), NOW)
    assert "too many reports from one domain, some are not kept" in caplog.messages
    assert await reports.inbox.keep(ValidReport(dmarc_report(), parse_domain("other.example")), NOW)
    tomorrow = NOW + timedelta(days=1, seconds=1)
    assert await reports.inbox.keep(ValidReport(dmarc_report(), BIG), tomorrow)


async def test_what_is_wrong_is_logged(reports: Reports, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    checked = await reports.inbox.check(b"Subject: spam\r\n\r\n", verified(), NOW)
    assert isinstance(checked, ReportProblem)
    assert "report cannot be used" in caplog.messages
