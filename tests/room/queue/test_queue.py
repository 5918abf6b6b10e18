"""The queue at work: durable, patient, and not to be stopped by a crash of what it calls."""

import asyncio
import errno
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from mox.database import GroupWriter, Transaction
from mox.queue import Failed, Queue, QueuedEntry, QueuedMessage, Result
from mox.store import Store
from moxkit.testing import FakeClock
from room.queue.remote import LATER, NEVER, OCTETS, OK, Remote, add, work
from room.waiting import reached

T = TypeVar("T")


def files(tmp_path: Path) -> list[str]:
    return sorted(p.name for p in (tmp_path / "queue" / "msg").rglob("*") if p.is_file())


async def test_delivers_and_forgets(
    queue: Queue, remote: Remote, store: Store, clock: FakeClock, tmp_path: Path
) -> None:
    await add(queue, store, "x@one.example")
    assert files(tmp_path) == ["1"]
    await work(queue, clock, lambda: not queue.entries())
    assert remote.seen == [("one.example", ("x@one.example",), OCTETS)]
    assert remote.finished_entries == [("x@one.example", OK)]
    await reached(lambda: files(tmp_path) == [])


async def test_recipients_at_one_domain_go_together(
    queue: Queue, remote: Remote, store: Store, clock: FakeClock
) -> None:
    await add(queue, store, "x@one.example", "y@TWO.example", "z@One.Example")
    await work(queue, clock, lambda: not queue.entries())
    assert sorted(seen[:2] for seen in remote.seen) == [
        ("one.example", ("x@one.example", "z@One.Example")),
        ("two.example", ("y@TWO.example",)),
    ]


async def test_what_was_added_survives_reopening(
    opened: Callable[[Remote], Queue], remote: Remote, store: Store, clock: FakeClock
) -> None:
    queue = opened(remote)
    await add(queue, store, "x@one.example")
    await queue.close()
    queue = opened(remote)
    [entry] = queue.entries()
    assert (entry["recipient"], entry["from"], entry["account"]) == ("x@one.example", "a@here.example", "mox")
    await work(queue, clock, lambda: not queue.entries())
    assert len(remote.seen) == 1


async def test_tries_again_when_due_and_then_gives_up(
    queue: Queue, remote: Remote, store: Store, clock: FakeClock
) -> None:
    remote.answer = lambda _m, _e: LATER
    await add(queue, store, "x@one.example")
    start = int(clock.now().timestamp())
    for attempt, wait_s in enumerate((450, 900, 1800), 1):
        await work(queue, clock, lambda n=attempt: len(remote.seen) == n)  # type: ignore[misc]
        [entry] = queue.entries()
        assert (entry["attempts"], entry["error"]) == (attempt, "busy")
        assert entry["due_at"] == int(clock.now().timestamp()) + wait_s
        clock.jump(wait_s)
    assert int(clock.now().timestamp()) - start == 3150
    await work(queue, clock, lambda: not queue.entries())
    [(_, result)] = remote.finished_entries
    assert isinstance(result, Failed)
    assert (result.code, result.text) == (451, "gave up after 0:52:30: busy")


async def test_each_recipient_has_its_own_fate(
    queue: Queue, remote: Remote, store: Store, clock: FakeClock, tmp_path: Path
) -> None:
    fates: dict[str, Result | None] = {
        "a@x.example": OK,
        "b@x.example": NEVER,
        "c@x.example": LATER,
        "d@x.example": None,
    }
    remote.answer = lambda _m, entry: fates[entry.recipient]
    await add(queue, store, *fates)
    await work(queue, clock, lambda: len(queue.entries()) == 2)
    assert {e["recipient"]: e["error"] for e in queue.entries()} == {
        "c@x.example": "busy",
        "d@x.example": "internal error, see the log",
    }
    assert remote.finished_entries == [("a@x.example", OK), ("b@x.example", NEVER)]
    assert files(tmp_path) == ["1"]


async def test_a_deliverer_that_crashes_is_tried_again(
    queue: Queue, remote: Remote, store: Store, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    def crash(_m: QueuedMessage, _e: QueuedEntry) -> Result:
        raise ZeroDivisionError

    remote.answer = crash
    await add(queue, store, "x@one.example")
    await work(queue, clock, lambda: len(remote.seen) == 1)
    assert [e["attempts"] for e in queue.entries()] == [1]
    assert "delivery crashed" in caplog.messages
    remote.answer = lambda _m, _e: OK
    clock.jump(450)
    await work(queue, clock, lambda: not queue.entries())


async def test_a_listener_that_crashes_does_not_deliver_twice(
    queue: Queue, remote: Remote, store: Store, clock: FakeClock
) -> None:
    remote.listener_error = OSError("no room")
    fates: dict[str, Result | None] = {"a@x.example": NEVER, "b@x.example": OK}
    remote.answer = lambda _m, entry: fates[entry.recipient]
    await add(queue, store, *fates)
    await work(queue, clock, lambda: len(remote.finished_entries) == 2)
    assert [e["recipient"] for e in queue.entries()] == ["a@x.example"]
    remote.listener_error = None
    clock.jump(450)
    await work(queue, clock, lambda: not queue.entries())
    assert [seen[1] for seen in remote.seen] == [("a@x.example", "b@x.example"), ("a@x.example",)]


async def test_ids_are_never_given_twice(
    opened: Callable[[Remote], Queue], remote: Remote, store: Store, clock: FakeClock, tmp_path: Path
) -> None:
    queue = opened(remote)
    assert await add(queue, store, "x@one.example") == 1
    await work(queue, clock, lambda: not queue.entries())
    assert await add(queue, store, "x@one.example") == 2
    remote.answer = lambda _m, _e: LATER
    await work(queue, clock, lambda: len(remote.seen) == 2)
    assert [e["id"] for e in queue.entries()] == [2]
    await queue.close()
    (tmp_path / "queue" / "msg" / "a" / "9").write_bytes(b"of a crash")
    queue = opened(remote)
    assert await add(queue, store, "x@one.example") == 10


async def test_an_attempt_is_counted_before_it_is_made(
    opened: Callable[[Remote], Queue], remote: Remote, store: Store, clock: FakeClock
) -> None:
    queue = opened(remote)
    await add(queue, store, "x@one.example")
    counted: list[object] = []

    def look(_m: QueuedMessage, _e: QueuedEntry) -> Result:
        counted.extend(e["attempts"] for e in queue.entries())
        return OK

    remote.answer = look
    await work(queue, clock, lambda: not queue.entries())
    assert counted == [1]


async def test_sleeps_until_the_next_entry_is_due(
    queue: Queue, remote: Remote, store: Store, clock: FakeClock
) -> None:
    remote.answer = lambda _m, _e: LATER if len(remote.seen) < 2 else OK
    await add(queue, store, "x@one.example")
    running = asyncio.ensure_future(queue.run())
    await reached(lambda: len(remote.seen) == 1 and not queue._in_progress)
    await clock.advance(440)
    assert len(remote.seen) == 1
    await clock.advance(11)
    await reached(lambda: not queue.entries())
    running.cancel()
    assert len(remote.seen) == 2


async def test_the_sender_hears_of_a_delay_once(
    tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor, remote: Remote, store: Store
) -> None:
    queue = Queue(directory=tmp_path, clock=clock, pool=pool, deliverer=remote, listeners=[remote])
    try:
        remote.answer = lambda _m, _e: LATER
        await add(queue, store, "x@one.example")
        queued_at = clock.now()
        told: list[float] = []
        for attempt in range(1, 9):
            await work(queue, clock, lambda n=attempt: len(remote.seen) == n)  # type: ignore[misc]
            if len(remote.delayed_entries) > len(told):
                told.append((clock.now() - queued_at).total_seconds())
            clock.jump(queue.entries()[0]["due_at"] - int(clock.now().timestamp()))  # type: ignore[operator]
        assert told == [450 + 900 + 1800 + 3600 + 7200]
        assert remote.delayed_entries == [
            ("x@one.example", queued_at.replace(microsecond=0) + timedelta(days=5))
        ]
        assert remote.finished_entries == []
    finally:
        await queue.close()


class Disk(GroupWriter):
    """Writes, unless the disk is full."""

    is_full = False

    def run(self, function: Callable[[Transaction], T]) -> asyncio.Future[T]:
        if not self.is_full:
            return super().run(function)
        refused: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        refused.set_exception(OSError(errno.ENOSPC, "no room"))
        return refused


async def test_begins_nothing_that_it_cannot_write_down_and_pauses(
    queue: Queue,
    remote: Remote,
    store: Store,
    clock: FakeClock,
    pool: ThreadPoolExecutor,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await add(queue, store, "x@one.example")
    queue._writer = disk = Disk(queue._writing, pool)
    disk.is_full = True
    running = asyncio.ensure_future(queue.run())
    for pauses in range(1, 4):
        while len(caplog.messages) < pauses:  # noqa: ASYNC110  a log sets no event
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.05)
        assert caplog.messages == ["queue cannot be written, deliveries pause"] * pauses
        assert remote.seen == []
        disk.is_full = pauses < 3
        await clock.advance(10)
    await reached(lambda: not queue.entries())
    running.cancel()
    assert len(remote.seen) == 1


async def test_what_was_delivered_is_written_down_when_that_can_be(
    queue: Queue,
    remote: Remote,
    store: Store,
    clock: FakeClock,
    pool: ThreadPoolExecutor,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await add(queue, store, "x@one.example")
    queue._writer = disk = Disk(queue._writing, pool)

    def answer(_message: QueuedMessage, _entry: QueuedEntry) -> Result:
        disk.is_full = True
        return OK

    remote.answer = answer
    running = asyncio.ensure_future(queue.run())
    await reached(lambda: "result cannot be written to the queue yet" in caplog.messages)
    # It is not sent again, whatever the time, until that is known.
    await clock.advance(5)
    assert len(queue.entries()) == 1
    disk.is_full = False
    await clock.advance(10)
    await reached(lambda: not queue.entries())
    running.cancel()
    assert len(remote.seen) == 1
