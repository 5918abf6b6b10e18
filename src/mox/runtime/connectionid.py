"""Connection ids: one number per connection, request or background job, for finding its log lines.

The context variable serves logs only; nothing may depend on it.
"""

from contextvars import ContextVar
from datetime import datetime
from itertools import count

from mox.runtime.worker import Worker

__all__ = ["ConnectionIds", "connection_id"]

connection_id: ContextVar[int | None] = ContextVar("connection_id", default=None)


class ConnectionIds:
    """Numbers that keep growing over restarts, because they start at the time of the start."""

    def __init__(self, started_at: datetime, worker: Worker = Worker()) -> None:  # noqa: B008  frozen
        # Microseconds leave room for more ids than are used before the next start; each worker has its own.
        turns = int(started_at.timestamp() * 1_000_000) // worker.count
        self._next = count(turns * worker.count + worker.number, worker.count)

    def take(self) -> int:
        """Return the next id."""
        return next(self._next)
