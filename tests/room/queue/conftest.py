"""A queue with a remote server that answers as the test says."""

from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from mox.queue import Queue, RetryPlan
from moxkit.testing import FakeClock
from room.queue.remote import Remote


@pytest.fixture
def remote() -> Remote:
    return Remote()


@pytest.fixture
async def opened(
    tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor
) -> AsyncIterator[Callable[[Remote], Queue]]:
    queues: list[Queue] = []

    def open_queue(remote: Remote) -> Queue:
        plan = RetryPlan(give_up_after=timedelta(hours=1))
        queues.append(
            Queue(
                directory=tmp_path,
                clock=clock,
                pool=pool,
                deliverer=remote,
                listeners=[remote],
                plan=plan,
                keep_retired=lambda account: timedelta(hours=2 if account == "mox" else 0),
            )
        )
        return queues[-1]

    yield open_queue
    await queues[-1].close()


@pytest.fixture
def queue(opened: Callable[[Remote], Queue], remote: Remote) -> Queue:
    return opened(remote)
