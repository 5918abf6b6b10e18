"""When the next attempt is."""

from datetime import UTC, datetime, timedelta

import pytest

from mox.queue import RetryPlan, is_late, next_attempt

QUEUED = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attempts", "wait_minutes"),
    [(1, 7.5), (2, 15), (3, 30), (4, 60), (5, 120), (6, 240), (7, 480), (8, 480), (1000, 480)],
)
def test_waits_double_up_to_the_longest(attempts: int, wait_minutes: float) -> None:
    due_at = next_attempt(RetryPlan(), attempts=attempts, since=QUEUED, now=QUEUED)
    assert due_at == QUEUED + timedelta(minutes=wait_minutes)


def test_gives_up_when_the_next_attempt_would_be_too_late() -> None:
    plan = RetryPlan(give_up_after=timedelta(hours=1), longest=timedelta(minutes=10))
    for minutes, gives_up in ((0, False), (49, False), (50, True), (500, True)):
        now = QUEUED + timedelta(minutes=minutes)
        assert (next_attempt(plan, attempts=9, since=QUEUED, now=now) is None) is gives_up


def test_the_usual_plan_is_patient_for_days() -> None:
    now, attempts = QUEUED, 0
    while True:
        attempts += 1
        due_at = next_attempt(RetryPlan(), attempts=attempts, since=QUEUED, now=now)
        if due_at is None:
            break
        now = due_at
    assert now - QUEUED > timedelta(days=4, hours=12)
    assert attempts < 30


def test_the_sender_hears_of_a_delay_after_the_attempt_whose_next_is_too_late() -> None:
    plan = RetryPlan()
    assert not is_late(plan, since=QUEUED, next_at=QUEUED + timedelta(hours=3.875))
    assert is_late(plan, since=QUEUED, next_at=QUEUED + timedelta(hours=4))
    assert is_late(plan, since=QUEUED, next_at=QUEUED + timedelta(hours=30))
