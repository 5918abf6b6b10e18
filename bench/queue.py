"""The outgoing queue: accepting, draining by itself and to a real sink, and looking at a long one."""

import asyncio
import contextlib
import re
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import uvloop
from bench.drain import direct_delivery, measure_submission, smtp_sink
from bench.mail import message
from bench.server import Report

from mox.database import Migrations, open_database
from mox.queue import (
    Delivered,
    Deliverer,
    EntryFilter,
    NewMessage,
    NewRecipient,
    Queue,
    QueuedMessage,
    Result,
)
from mox.queue.entries import insert_message
from mox.runtime import SystemClock
from mox.store import Store

_CONCURRENT = 10


class AnswersAtOnce:
    """A destination that takes everything."""

    async def deliver(self, message: QueuedMessage, content: Path) -> Mapping[int, Result]:
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


async def _accept_and_drain(
    report: Report, pool: ThreadPoolExecutor, count: int, domains: int, sink: int | None = None
) -> None:
    """Fill, then drain to a destination that answers at once, or by SMTP to a sink."""
    async with contextlib.AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mox-bench-")))
        clock = SystemClock()
        store = Store(directory=directory, clock=clock, pool=pool)
        deliverer: Deliverer = AnswersAtOnce()
        if sink is not None:
            deliverer = await stack.enter_async_context(
                direct_delivery(directory, clock, pool, port=sink, domains=domains)
            )
        queue = Queue(directory=directory, clock=clock, pool=pool, deliverer=deliverer)
        took = await _fill(store, queue, count, domains)
        if sink is None:
            report(f"queue_add_d{domains}_per_s", count / took, "/s")
        began, busy = time.perf_counter(), time.process_time()
        running = asyncio.ensure_future(queue.run())
        while queue.steering.entries(EntryFilter(limit=1)):  # noqa: ASYNC110  what is waited for sets no event
            await asyncio.sleep(0.005)
        name = "drain" if sink is None else "sink"
        report(f"queue_{name}_d{domains}_per_s", count / (time.perf_counter() - began), "/s")
        report(f"queue_{name}_d{domains}_cpu", (time.process_time() - busy) / count * 1e6, "us")
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
    count = max(100, round(3000 * scale))
    measure_submission(report, count)
    with ThreadPoolExecutor(16) as pool, smtp_sink() as sink:
        for domains in (1, 100):
            uvloop.run(_accept_and_drain(report, pool, count, domains))
            if sink is not None:
                uvloop.run(_accept_and_drain(report, pool, count, domains, sink))
        uvloop.run(_look(report, pool, round(100_000 * scale)))
