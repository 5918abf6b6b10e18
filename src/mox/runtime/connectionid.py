"""Connection ids: one number per connection, request or background job, for finding its log lines.

The context variable serves logs only; nothing may depend on it.
"""

from contextvars import ContextVar
from datetime import datetime
from itertools import count

__all__ = ["ConnectionIds", "connection_id"]

connection_id: ContextVar[int | None] = ContextVar("connection_id", default=None)


class ConnectionIds:
    """Numbers that keep growing over restarts, because they start at the time of the start."""

    def __init__(self, started_at: datetime) -> None:
        # Microseconds leave room for more ids than can be used before the next start.
        self._next = count(int(started_at.timestamp() * 1_000_000))

    def take(self) -> int:
        """Return the next id."""
        return next(self._next)
