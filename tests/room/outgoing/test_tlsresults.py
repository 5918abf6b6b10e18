"""Results of TLS by day: added up, written behind the delivery, bounded, forgotten."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mox.outgoing import DayResults, Noted, TlsResults
from moxkit.testing import FakeClock
from moxkit.tlsrpt import FailureDetails, Policy, PolicyResult

DAY = dt.date(2026, 6, 1)
POLICY = Policy("sts", "other.example", ("version: STSv1", "mode: enforce"), ("mx.other.example",))
EXPIRED = FailureDetails(
    result_type="certificate-expired",
    failed_sessions=1,
    sending_mta_ip="192.0.2.9",
    receiving_mx_hostname="mx.other.example",
    receiving_mx_helo="mx",
    receiving_ip="192.0.2.1",
    reason_code="since yesterday",
)


def noted(good: int = 1, bad: int = 0, *failures: FailureDetails, policy: Policy = POLICY) -> Noted:
    return Noted("other.example", "other.example", False, PolicyResult(policy, good, bad, failures))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(dt.datetime(2026, 6, 1, 23, 59, tzinfo=dt.UTC))


@pytest.fixture
async def results(tmp_path: Path, pool: ThreadPoolExecutor, clock: FakeClock) -> AsyncIterator[TlsResults]:
    results = TlsResults(directory=tmp_path, clock=clock, pool=pool)
    yield results
    await results.close()


async def test_what_is_just_being_written_is_not_missed(results: TlsResults) -> None:
    results.note([noted()])
    one, other = await asyncio.gather(results.of_day(DAY), results.of_day(DAY))
    assert one == other != ()


async def test_equal_policies_and_failures_are_added_up(results: TlsResults, clock: FakeClock) -> None:
    results.note([noted(), noted(0, 1, EXPIRED)])
    await clock.advance(6)
    results.note([noted(0, 1, EXPIRED)])
    results.note([Noted("mx.other.example", "other.example", True, PolicyResult(POLICY, 1))])
    failure = FailureDetails(
        result_type="certificate-expired",
        failed_sessions=2,
        sending_mta_ip="192.0.2.9",
        receiving_mx_hostname="mx.other.example",
        receiving_mx_helo="mx",
        receiving_ip="192.0.2.1",
        reason_code="since yesterday",
    )
    own = Policy("sts", "mx.other.example", POLICY.strings, POLICY.mx_hosts)
    assert await results.of_day(DAY) == (
        DayResults("mx.other.example", "other.example", True, True, (PolicyResult(own, 1),)),
        DayResults("other.example", "other.example", False, True, (PolicyResult(POLICY, 1, 2, (failure,)),)),
    )


async def test_a_policy_that_changes_in_a_day_has_two_results(results: TlsResults) -> None:
    newer = Policy("sts", "other.example", ("version: STSv1", "mode: testing"), ())
    results.note([noted(), noted(policy=newer)])
    [day] = await results.of_day(DAY)
    assert [each.policy for each in day.results] == [POLICY, newer]


async def test_days_are_of_utc_and_are_forgotten(results: TlsResults, clock: FakeClock) -> None:
    results.note([noted(0, 1, EXPIRED)])
    await clock.advance(61)
    results.note([noted(0, 1, EXPIRED)])
    assert len(await results.of_day(DAY)) == 1
    assert len(await results.of_day(DAY + dt.timedelta(days=1))) == 1
    await results.forget(DAY + dt.timedelta(days=1))
    assert await results.of_day(DAY) == ()
    [day] = await results.of_day(DAY + dt.timedelta(days=1))
    assert day.results[0].failures == (EXPIRED,)
    # Details do not outlive their results.
    assert results._reader.value("SELECT count(*) FROM failure") == 1


async def test_reports_ask_for_no_reports(results: TlsResults) -> None:
    results.note([noted()], sends_report=False)
    assert [day.sends_report for day in await results.of_day(DAY)] == [False]
    results.note([noted()])
    assert [day.sends_report for day in await results.of_day(DAY)] == [True]
    results.note([noted()], sends_report=False)
    [day] = await results.of_day(DAY)
    assert (day.sends_report, day.results[0].successful_sessions) == (True, 3)


async def test_they_outlive_the_server(tmp_path: Path, pool: ThreadPoolExecutor, clock: FakeClock) -> None:
    for _ in range(2):
        results = TlsResults(directory=tmp_path, clock=clock, pool=pool)
        results.note([noted()])
        await results.close()
    results = TlsResults(directory=tmp_path, clock=clock, pool=pool)
    [day] = await results.of_day(DAY)
    assert day.results[0].successful_sessions == 2
    await results.close()


async def test_nothing_is_recorded_where_no_reports_are_sent(
    tmp_path: Path, pool: ThreadPoolExecutor, clock: FakeClock
) -> None:
    results = TlsResults(directory=tmp_path, clock=clock, pool=pool, is_wanted=lambda: False)
    results.note([noted()])
    assert await results.of_day(DAY) == ()
    await results.close()


async def test_what_others_can_make_grow_is_bounded(results: TlsResults) -> None:
    many = tuple(f"mx: host{number}.example" + "x" * 1000 for number in range(1000))
    policy = Policy("sts", "other.example", many, many)
    kinds = [
        FailureDetails(result_type="validation-failure", failed_sessions=1, reason_code=f"{number}" * 300)
        for number in range(300)
    ]
    results.note([noted(0, 300, *kinds, policy=policy)])
    [day] = await results.of_day(DAY)
    [result] = day.results
    assert sum(map(len, (*result.policy.strings, *result.policy.mx_hosts))) < 50_000
    assert (result.failed_sessions, len(result.failures)) == (300, 100)
    assert all(len(each.reason_code) <= 255 for each in result.failures)
    # Those that are known are counted on.
    results.note([noted(0, 1, kinds[0], policy=policy)])
    [day] = await results.of_day(DAY)
    assert day.results[0].failures[0].failed_sessions == 2


async def test_too_many_domains_are_left_out(results: TlsResults, caplog: pytest.LogCaptureFixture) -> None:
    results.note(
        Noted(f"d{number}.example", "x.example", False, PolicyResult(Policy("sts", "x"), 1))
        for number in range(10_001)
    )
    assert len(await results.of_day(DAY)) == 10_000
    assert "too many tls results" in caplog.text


async def test_on_a_full_disk_they_are_lost_and_nothing_else(
    results: TlsResults, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    results._writing.run(f"PRAGMA max_page_count={results._writing.value('PRAGMA page_count')}")
    results.note(
        Noted(f"d{number}.example", "x.example", False, PolicyResult(Policy("sts", "x" * 200), 1))
        for number in range(1000)
    )
    await clock.advance(6)
    async with asyncio.timeout(5):
        while "tls results are lost" not in caplog.text:  # noqa: ASYNC110  a log sets no event
            await asyncio.sleep(0.001)
    results.note([noted()])
