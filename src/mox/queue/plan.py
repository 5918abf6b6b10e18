"""When the next attempt is: pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

__all__ = ["RetryPlan", "is_late", "next_attempt"]


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """How patient the queue is (RFC 5321 §4.5.4.1 asks for at least 4-5 days).

    Attributes:
        first: Wait after the first attempt; doubles each time.
        longest: No wait is longer.
        give_up_after: Counted from when the message was queued, or released if its sender asked for that.
        late_after: The sender is told of the delay before it is older.
    """

    first: timedelta = timedelta(minutes=7.5)
    longest: timedelta = timedelta(hours=8)
    give_up_after: timedelta = timedelta(days=5)
    late_after: timedelta = timedelta(hours=4)


def next_attempt(plan: RetryPlan, *, attempts: int, since: datetime, now: datetime) -> datetime | None:
    """Return when to try again after that many failed attempts, or None to give up.

    Args:
        plan: How patient the queue is.
        attempts: Made so far.
        since: When the message was queued, or released.
        now: When the latest attempt failed.
    """
    # Bounded before it is raised to a power.
    wait = min(plan.longest, plan.first * 2 ** min(attempts - 1, 20))
    due_at = now + wait
    return due_at if due_at < since + plan.give_up_after else None


def is_late(plan: RetryPlan, *, since: datetime, next_at: datetime) -> bool:
    """Say whether the next attempt comes so late that a sender who was not told must hear of the delay."""
    return since + plan.late_after <= next_at
