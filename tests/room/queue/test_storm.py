"""People steer at random while deliveries come to random results: each message has exactly one end."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mox.queue import (
    Attempted,
    Delivered,
    EntryFilter,
    Failed,
    NewHoldRule,
    Queue,
    QueuedMessage,
    Result,
    Retry,
)
from mox.store import Store
from moxkit.testing import FakeClock
from room.queue.remote import add
from room.waiting import reached

RESULTS = (Delivered(250, "2.0.0", "ok"), Retry(451, "4.0.0", "busy"), Failed(550, "5.1.1", "nobody"))
ALL = EntryFilter()


class Fickle:
    """Takes some turns of the loop for a delivery, and answers at random."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.is_calm = False
        self.missed_files = 0
        self.delivered = Counter[int]()
        self.failed = Counter[int]()

    def _look(self, content: Path) -> None:
        self.missed_files += not content.exists()

    async def deliver(self, message: QueuedMessage, content: Path) -> Mapping[int, Result]:
        self._look(content)
        for _ in range(self._chance.randrange(20)):
            await asyncio.sleep(0)
        results = {
            entry.id: RESULTS[0] if self.is_calm else self._chance.choice(RESULTS)
            for entry in message.entries
        }
        self.delivered.update(id_ for id_, result in results.items() if isinstance(result, Delivered))
        return results

    async def finished(self, message: QueuedMessage, attempted: Sequence[Attempted], content: Path) -> None:
        self._look(content)
        await asyncio.sleep(0)
        self.failed.update(each.entry.id for each in attempted if isinstance(each.result, Failed))

    async def delayed(
        self, message: QueuedMessage, attempted: Sequence[Attempted], content: Path, gives_up_at: datetime
    ) -> None:
        """Take no note."""


async def steer(queue: Queue, chance: random.Random) -> None:
    """Do something to some entries."""
    some = EntryFilter(ids=tuple(chance.sample(range(1, 201), 12)))
    steering = queue.steering
    match chance.randrange(8):
        case 0:
            await steering.drop(some)
        case 1:
            await steering.fail(some)
        case 2:
            await steering.set_hold(some, hold=True)
        case 3:
            await steering.set_hold(ALL, hold=False)
        case 4:
            await steering.set_require_tls(some, chance.choice((None, True, False)))
        case 5:
            await steering.add_time(some, timedelta(seconds=chance.randrange(-600, 600)))
        case 6:
            rule, _ = await steering.add_hold_rule(NewHoldRule(recipient_domain="d1.example"))
            await steering.remove_hold_rule(rule.id)
        case _:
            await steering.kick(ALL)


@pytest.mark.parametrize("seed", range(3))
async def test_each_message_has_one_end(
    tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor, store: Store, seed: int
) -> None:
    chance = random.Random(seed)
    remote = Fickle(chance)
    queue = Queue(
        directory=tmp_path,
        clock=clock,
        pool=pool,
        deliverer=remote,
        listeners=[remote],
        concurrency=10,
        concurrency_per_domain=3,
        keep_retired=lambda _: timedelta(days=1),
    )
    running = asyncio.ensure_future(queue.run())
    for n in range(40):
        await add(queue, store, *(f"x{n}@d{m % 4}.example" for m in range(5)))
        await asyncio.gather(*(steer(queue, chance) for _ in range(chance.randrange(1, 5))))
    remote.is_calm = True
    while queue.entries():
        await queue.steering.set_hold(ALL, hold=False)
        await queue.steering.kick(ALL)
        await asyncio.sleep(0.001)
    await reached(lambda: not queue._in_progress)
    running.cancel()
    ends = {
        each["id"]: each["attempts"][-1]["result"]  # type: ignore[index]  # a list
        for each in queue.steering.retired()
    }
    assert sorted(ends) == list(range(1, 201))  # type: ignore[type-var]  # numbers
    assert set(ends.values()) == {"delivered", "failed", "dropped"}
    assert remote.missed_files == 0
    assert remote.delivered == Counter(id_ for id_, end in ends.items() if end == "delivered")
    assert remote.failed == Counter(id_ for id_, end in ends.items() if end == "failed")
    files = tmp_path / "queue" / "msg"
    await reached(lambda: not [p for p in files.rglob("*") if p.is_file()])
    assert queue._reader.rows("SELECT * FROM destination") == []
    assert queue._active == {}
    await queue.close()
