"""Attempts: equal ones counted in one row, failures held against networks, in one count for all processes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from mox.accounts import Attempt, Attempts, Result, Service
from mox.accounts.authdatabase import AuthDatabase
from moxkit.testing import FakeClock
from room.accounts.conftest import Desk

FAILED = Attempt(Service.IMAP, "PLAIN", Result.BAD_CREDENTIALS, "192.0.2.1", account="mox", address="mox@x")
GOOD = Attempt(Service.IMAP, "PLAIN", Result.OK, "192.0.2.1", account="mox", address="mox@x")


async def note(desk: Desk, *attempts: Attempt) -> None:
    for attempt in attempts:
        desk.identities.attempts.note(attempt)
        await desk.identities.attempts.settle()


async def test_equal_attempts_are_one_row_that_counts(desk: Desk, clock: FakeClock) -> None:
    first_at = clock.now().replace(microsecond=0)
    await note(desk, FAILED, FAILED)
    clock.jump(60)
    await note(desk, GOOD, FAILED)
    good, failed = sorted(desk.identities.attempts.recent("mox"), key=lambda each: each.count)
    assert (good.attempt, good.count) == (GOOD, 1)
    assert (failed.attempt, failed.count, failed.first_at) == (FAILED, 3, first_at)
    assert failed.last_at - failed.first_at == timedelta(seconds=60)
    assert desk.identities.attempts.recent("pat") == []


async def test_a_burst_is_few_writes_and_nothing_is_lost(desk: Desk) -> None:
    for _ in range(500):
        desk.identities.attempts.note(GOOD)
    await desk.identities.attempts.settle()
    assert [each.count for each in desk.identities.attempts.recent("mox")] == [500]


async def test_ten_failures_a_minute_and_fifty_a_day(desk: Desk, clock: FakeClock) -> None:
    attempts = desk.identities.attempts
    for failures in range(50):
        if failures and failures % 10 == 0:
            assert not attempts.has_room("192.0.2.1")
            clock.jump(60)
        assert attempts.has_room("192.0.2.1")
        await note(desk, FAILED)
    clock.jump(60)
    assert not attempts.has_room("192.0.2.1")
    assert attempts.has_room("192.0.2.2")
    clock.jump(86400)
    assert attempts.has_room("192.0.2.1")


async def test_neighbours_share_a_larger_allowance(desk: Desk) -> None:
    for host in range(30):
        await note(desk, Attempt(Service.IMAP, "PLAIN", Result.BAD_CREDENTIALS, f"192.0.2.{host + 1}"))
    assert not desk.identities.attempts.has_room("192.0.2.60")
    assert desk.identities.attempts.has_room("192.0.2.65")


async def test_success_forgives_the_address_and_not_its_neighbours(desk: Desk) -> None:
    neighbour = Attempt(Service.IMAP, "PLAIN", Result.BAD_CREDENTIALS, "192.0.2.2")
    await note(desk, *[FAILED] * 10, *[neighbour] * 10)
    assert not desk.identities.attempts.has_room("192.0.2.1")
    await note(desk, GOOD)
    assert desk.identities.attempts.has_room("192.0.2.1")
    assert not desk.identities.attempts.has_room("192.0.2.2")


@pytest.mark.parametrize("result", [Result.LOGIN_DISABLED, Result.ABORTED, Result.ERROR])
async def test_what_is_no_guess_is_not_held_against_anybody(desk: Desk, result: Result) -> None:
    await note(desk, *[Attempt(Service.IMAP, "PLAIN", result, "192.0.2.1")] * 20)
    assert desk.identities.attempts.has_room("192.0.2.1")


async def test_processes_count_together(
    desk: Desk, tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor
) -> None:
    other = AuthDatabase(directory=tmp_path, pool=pool)
    there = Attempts(database=other, clock=clock)
    await note(desk, *[FAILED] * 10)
    assert not there.has_room("192.0.2.1")
    await other.close()


async def test_old_attempts_are_forgotten(desk: Desk, clock: FakeClock) -> None:
    await note(desk, FAILED)
    clock.jump(31 * 86400)
    await note(desk, GOOD)
    assert [each.attempt for each in desk.identities.attempts.recent("mox")] == [GOOD]


async def test_texts_of_clients_are_bounded_and_never_break_the_record(desk: Desk) -> None:
    await note(
        desk, Attempt(Service.IMAP, "PLAIN", Result.OK, "192.0.2.1", account="mox", address="\udcff" * 5000)
    )
    assert [len(each.attempt.address) for each in desk.identities.attempts.recent("mox")] == [200]


async def test_without_limits_everybody_may_try(
    tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor
) -> None:
    database = AuthDatabase(directory=tmp_path, pool=pool)
    attempts = Attempts(database=database, clock=clock, limits=False)
    for _ in range(20):
        attempts.note(FAILED)
    await attempts.settle()
    assert attempts.has_room("192.0.2.1")
    assert attempts.recent("mox")
    await database.close()
