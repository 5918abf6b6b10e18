"""What tests of the queue share: a remote server that answers as the test says, and turns of the queue."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from mox.queue import (
    Attempted,
    Delivered,
    Failed,
    NewMessage,
    NewRecipient,
    Queue,
    QueuedEntry,
    QueuedMessage,
    Result,
    Retry,
)
from mox.store import Store
from moxkit.testing import FakeClock
from room.waiting import reached

OK = Delivered(250, "2.0.0", "ok")
LATER = Retry(451, "4.0.0", "busy")
NEVER = Failed(550, "5.1.1", "nobody")
OCTETS = b"Subject: x\r\n\r\nbody\r\n"

Answer = Callable[[QueuedMessage, QueuedEntry], Result | None]


class Remote:
    """Delivers as the test says; notes what it saw."""

    def __init__(self, answer: Answer = lambda _m, _e: OK) -> None:
        self.answer = answer
        self.seen: list[tuple[str, tuple[str, ...], bytes]] = []
        self.finished_entries: list[tuple[str, Result]] = []
        self.delayed_entries: list[tuple[str, datetime]] = []
        self.listener_error: Exception | None = None
        # Domains that do not answer until their event is set.
        self.silent: dict[str, asyncio.Event] = {}
        self.under_way = Counter[str]()
        self.most_at_once = 0
        self.most_at_once_there = Counter[str]()

    async def deliver(self, message: QueuedMessage, content: Path) -> Mapping[int, Result]:
        self.under_way[message.domain] += 1
        self.most_at_once = max(self.most_at_once, self.under_way.total())
        self.most_at_once_there[message.domain] = max(
            self.most_at_once_there[message.domain], self.under_way[message.domain]
        )
        if message.domain in self.silent:
            await self.silent[message.domain].wait()
        self.under_way[message.domain] -= 1
        octets = await asyncio.to_thread(content.read_bytes)
        self.seen.append((message.domain, tuple(e.recipient for e in message.entries), octets))
        answers = {entry.id: self.answer(message, entry) for entry in message.entries}
        return {id_: result for id_, result in answers.items() if result is not None}

    async def finished(self, message: QueuedMessage, attempted: Sequence[Attempted], content: Path) -> None:
        self.finished_entries.extend((each.entry.recipient, each.result) for each in attempted)
        if self.listener_error is not None:
            raise self.listener_error

    async def delayed(
        self, message: QueuedMessage, attempted: Sequence[Attempted], content: Path, gives_up_at: datetime
    ) -> None:
        self.delayed_entries.extend((each.entry.recipient, gives_up_at) for each in attempted)
        if self.listener_error is not None:
            raise self.listener_error


async def add(queue: Queue, store: Store, *recipients: str) -> int:
    given = tuple(map(NewRecipient, recipients))
    return await put(
        queue, store, NewMessage("mox", "a@here.example", given, b"Received: x\r\n", False, False)
    )


async def put(queue: Queue, store: Store, new: NewMessage) -> int:
    spool = store.spools.new()
    spool.write(OCTETS)
    content, _ = await store.prepare(spool)
    try:
        return await queue.add(new, content)
    finally:
        spool.discard()


async def add_many(queue: Queue, store: Store, domain: str, count: int) -> None:
    """Add messages of one recipient each."""
    spool = store.spools.new()
    spool.write(OCTETS)
    content, _ = await store.prepare(spool)
    new = NewMessage("mox", "a@here.example", (NewRecipient(f"x@{domain}"),), b"", False, False)
    try:
        await asyncio.gather(*(queue.add(new, content) for _ in range(count)))
    finally:
        spool.discard()


async def work(queue: Queue, clock: FakeClock, until: Callable[[], bool]) -> None:
    """Let the queue run until something is so; the clock stands still."""
    running = asyncio.ensure_future(queue.run())
    try:
        await reached(lambda: until() and not queue._in_progress)
    finally:
        running.cancel()
