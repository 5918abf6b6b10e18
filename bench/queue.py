"""The outgoing queue without a server: accepting, draining, and looking at a long one."""

import asyncio
import re
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.mail import message
from bench.server import Report

from mox.database import Migrations, open_database
from mox.queue import Delivered, EntryFilter, NewMessage, NewRecipient, Queue, QueuedMessage, Result
from mox.queue.entries import insert_message
from mox.runtime import SystemClock
from mox.store import Store

_CONCURRENT = 10


class AnswersAtOnce:
    """A destination that takes everything; sets an event when it has enough."""

    def __init__(self, count: int) -> None:
        self._left = count
        self.is_done = asyncio.Event()

    async def deliver(self, message: QueuedMessage, content: Path) -> Mapping[int, Result]:
        self._left -= len(message.entries)
        if self._left <= 0:
            self.is_done.set()
        return {entry.id: Delivered(250, "2.0.0", "ok") for entry in message.entries}


class NeverAnswers:
    """A destination that accepts connections and says nothing."""

    async def deliver(self, message: QueuedMessage, content: Path) -> Mapping[int, Result]:
        await asyncio.Event().wait()
        return {}


async def _fill(store: Store, queue: Queue, count: int, domains: int) -> float:
    """Queue messages of 2 KB as submission does, ten at a time; return the seconds."""
    numbers = list(range(count))

    async def submit() -> None:
        while numbers:
            number = numbers.pop()
            spool = store.spools.new()
            spool.write(message(number, 2048))
            content, _ = await store.prepare(spool)
            to = f"x@d{number % domains}.example"
            await queue.add(
                NewMessage("mox", "a@bench.example", (NewRecipient(to),), b"Received: x\r\n", False, False),
                content,
            )
            spool.discard()

    began = time.perf_counter()
    await asyncio.gather(*(submit() for _ in range(_CONCURRENT)))
    return time.perf_counter() - began


async def _accept_and_drain(report: Report, pool: ThreadPoolExecutor, count: int, domains: int) -> None:
    with tempfile.TemporaryDirectory(prefix="mox-bench-") as name:
        directory, clock = Path(name), SystemClock()
        store = Store(directory=directory, clock=clock, pool=pool)
        deliverer = AnswersAtOnce(count)
        queue = Queue(directory=directory, clock=clock, pool=pool, deliverer=deliverer)
        report(f"queue_add_d{domains}_per_s", count / await _fill(store, queue, count, domains), "/s")
        began = time.perf_counter()
        running = asyncio.ensure_future(queue.run())
        await deliverer.is_done.wait()
        while queue.steering.entries(EntryFilter(limit=1)):  # noqa: ASYNC110  what is waited for sets no event
            await asyncio.sleep(0.001)
        report(f"queue_drain_d{domains}_per_s", count / (time.perf_counter() - began), "/s")
        running.cancel()
        await queue.close()
        await store.close()


async def _look(report: Report, pool: ThreadPoolExecutor, count: int) -> None:
    with tempfile.TemporaryDirectory(prefix="mox-bench-") as name:
        directory, clock = Path(name), SystemClock()
        before = _pss_mb()
        (directory / "queue").mkdir()
        writing = open_database(directory / "queue" / "index.db", Migrations("mox.queue"))
        writing.run("BEGIN")
        for n in range(count):
            # A tenth to one dead host, the rest to many.
            domain = "dead.example" if n % 10 == 0 else f"d{n % 9999}.example"
            new = NewMessage(
                "mox", "a@bench.example", (NewRecipient(f"x@{domain}"),), b"Received: x\r\n", False, False
            )
            insert_message(writing, new, content_size=2048, now=n)
        writing.run("COMMIT")
        writing.close()
        queue = Queue(directory=directory, clock=clock, pool=pool, deliverer=NeverAnswers())
        running = asyncio.ensure_future(queue.run())
        await asyncio.sleep(0.5)
        times = []
        for _ in range(10):
            began = time.perf_counter()
            queue.steering.entries(EntryFilter(limit=100))
            times.append(time.perf_counter() - began)
        report(f"queue_list_{count // 1000}k_first_page", sorted(times)[5] * 1000, "ms")
        began = time.perf_counter()
        queue.steering.entries(EntryFilter(recipient="nobody@", limit=100))
        report(f"queue_list_{count // 1000}k_search", (time.perf_counter() - began) * 1000, "ms")
        report(f"queue_{count // 1000}k_memory", _pss_mb() - before, "MB")
        running.cancel()
        await queue.close()


def _pss_mb() -> float:
    found = re.search(r"^Pss:\s+(\d+)", Path("/proc/self/smaps_rollup").read_text(), re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def measure_queue(report: Report, scale: float) -> None:
    """Accept and drain for one and for 100 destinations, then a queue of 100,000 entries."""
    with ThreadPoolExecutor(16) as pool:
        for domains in (1, 100):
            asyncio.run(_accept_and_drain(report, pool, max(100, round(3000 * scale)), domains))
        asyncio.run(_look(report, pool, round(100_000 * scale)))
