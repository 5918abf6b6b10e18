"""What is remembered of incoming mail for DMARC reports (RFC 7489 §7.2, RFC 9990)."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from mox.reports import Evaluation, Reports, evaluation_of, report_interval_hours
from moxkit import dkim, dmarc, dmarcreport, spf
from moxkit.testing import FakeClock
from room.reports.mails import BIG, NOW, OURS, PASSED, dmarc_result, signature, verified


@pytest.fixture
async def reports(tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor) -> AsyncIterator[Reports]:
    reports = Reports(directory=tmp_path, clock=clock, pool=pool, own_domains=lambda: OURS)
    yield reports
    await reports.close()


def evaluate(*, is_rejected: bool = False, **found: Any) -> Evaluation | None:
    return evaluation_of(
        verified(**found),
        now=NOW,
        is_rejected=is_rejected,
        recipient_domain="mox.example",
        overrides=("mailing_list",),
    )


def test_what_is_told_of_a_message() -> None:
    others = (
        replace(PASSED, signature=signature("other.example")),
        replace(PASSED, status=dkim.Status.FAIL, signature=signature("news.big.example")),
        dkim.Result(dkim.Status.PERMERROR),
    )
    found = evaluate(dkim=(PASSED, *others))
    assert found is not None
    assert (found.policy_domain, found.interval_hours, found.is_optional) == ("big.example", 24, False)
    assert found.record == "v=DMARC1; p=reject; rua=mailto:rua@big.example"
    assert found.row == dmarcreport.Row(
        source_ip=ip_address("192.0.2.9"),
        count=1,
        disposition=dmarcreport.Disposition.NONE,
        dkim_aligned=True,
        spf_aligned=True,
        header_from="big.example",
        envelope_from="mail.big.example",
        envelope_to="mox.example",
        reasons=(dmarcreport.OverrideReason("mailing_list"),),
        dkim=(
            dmarcreport.DkimAuth("big.example", "s", dmarcreport.AuthResult.PASS),
            dmarcreport.DkimAuth("news.big.example", "s", dmarcreport.AuthResult.FAIL),
        ),
        spf=(dmarcreport.SpfAuth("mail.big.example", dmarcreport.AuthResult.PASS, "mfrom"),),
    )


def test_a_rejected_message_with_the_null_path() -> None:
    sender = spf.Sender(ip_address("192.0.2.9"), "", "mx.big.example")
    result = spf.Result(spf.Status.TEMPERROR, spf.Identity.HELO, BIG)
    found = evaluate(is_rejected=True, sender=sender, spf=result, dmarc=dmarc_result(dmarc.Status.FAIL))
    assert found is not None
    row = found.row
    assert (row.disposition, row.dkim_aligned, row.spf_aligned) == ("reject", False, False)
    assert row.envelope_from == ""
    assert row.spf == (dmarcreport.SpfAuth("big.example", dmarcreport.AuthResult.TEMPERROR, "helo"),)


@pytest.mark.parametrize(
    "found",
    [
        {"dmarc": None},
        {"author_domain": None},
        {"dmarc": dmarc.Result(dmarc.Status.NONE, dmarc.Lookup(BIG))},
        {"dmarc": dmarc_result(dmarc.Status.PASS, "")},
        {"dmarc": dmarc_result(dmarc.Status.PASS, "https://big.example/")},
    ],
)
def test_who_asks_for_no_reports_gets_none(found: dict[str, Any]) -> None:
    assert evaluate(**found) is None


@pytest.mark.parametrize(
    ("seconds", "hours"),
    [
        (86400, 24),
        (10**9, 24),
        (43200, 12),
        (43199, 12),
        (39600, 8),
        (25200, 6),
        (18000, 4),
        (3601, 2),
        (3600, 1),
        (0, 1),
    ],
)
def test_interval(seconds: int, hours: int) -> None:
    assert report_interval_hours(seconds) == hours


async def test_they_are_kept_until_told(reports: Reports, clock: FakeClock) -> None:
    found = evaluate()
    assert found is not None
    since, until = NOW, NOW + timedelta(hours=1)
    reports.evaluations.note(found)
    reports.evaluations.note(replace(found, is_optional=True, evaluated_at=NOW + timedelta(minutes=1)))
    reports.evaluations.note(replace(found, is_optional=True, policy_domain="quiet.example"))
    reports.evaluations.note(replace(found, evaluated_at=until))
    await clock.advance(5)
    assert await reports.evaluations.domains(since=since, until=until) == ("big.example",)
    kept = await reports.evaluations.of_domain("big.example", since=since, until=until)
    assert [each.is_optional for each in kept] == [False, True]
    assert kept[0] == found
    await reports.evaluations.forget(until, domain="quiet.example")
    assert await reports.evaluations.of_domain("quiet.example", since=since, until=until) == ()
    await reports.evaluations.forget(until + timedelta(seconds=1))
    assert reports._reader.value("SELECT count(*) FROM evaluation") == 0


async def test_a_flood_is_not_remembered_whole(
    reports: Reports, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    found = evaluate()
    assert found is not None
    for _ in range(10_001):
        reports.evaluations.note(found)
    assert "too many evaluations, some are not recorded" in caplog.messages
    kept = await reports.evaluations.of_domain("big.example", since=NOW, until=NOW + timedelta(hours=1))
    assert len(kept) == 10_000
