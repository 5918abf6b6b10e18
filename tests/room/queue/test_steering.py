"""What people do to the queue: what changes, who is told, and what is left alone."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from mox.queue import EntryFilter, Failed, Queue, QueuedEntry, QueuedMessage, Result, RetiredFilter, Steered
from mox.store import Store
from moxkit.testing import FakeClock
from room.queue.remote import LATER, OCTETS, OK, Remote, add, work
from room.waiting import reached

ALL = EntryFilter()
FAILED = Failed(None, "5.0.0", "failed by the administrator")


def only(*ids: int) -> EntryFilter:
    return EntryFilter(ids=ids)


def has_files(tmp_path: Path) -> bool:
    return any(p.is_file() for p in (tmp_path / "queue" / "msg").rglob("*"))


async def test_held_entries_wait_until_released(
    queue: Queue, remote: Remote, store: Store, clock: FakeClock
) -> None:
    await add(queue, store, "x@one.example", "y@two.example")
    assert await queue.steering.set_hold(only(1), hold=True) == Steered(1)
    assert await queue.steering.set_hold(only(1), hold=True) == Steered(0)
    await work(queue, clock, lambda: len(queue.entries()) == 1)
    assert [seen[0] for seen in remote.seen] == ["two.example"]
    running = asyncio.ensure_future(queue.run())
    assert await queue.steering.set_hold(ALL, hold=False) == Steered(1)
    await reached(lambda: not queue.entries())
    running.cancel()


async def test_schedule(queue: Queue, store: Store, clock: FakeClock) -> None:
    await add(queue, store, "x@one.example", "y@two.example")
    now = int(clock.now().timestamp())
    assert await queue.steering.add_time(only(1), timedelta(hours=2)) == Steered(1)
    assert await queue.steering.add_time(only(1), -timedelta(hours=1)) == Steered(1)
    assert await queue.steering.set_due_at(only(2), clock.now() + timedelta(days=1)) == Steered(1)
    assert [e["due_at"] for e in queue.entries()] == [now + 3600, now + 86400]
    assert await queue.steering.kick(ALL) == Steered(2)
    assert [e["due_at"] for e in queue.entries()] == [now, now]


async def test_recipients_that_go_another_way_are_another_delivery(
    queue: Queue, remote: Remote, store: Store, clock: FakeClock
) -> None:
    await add(queue, store, "x@one.example", "y@one.example", "z@one.example")
    assert await queue.steering.set_transport(only(2), "smarthost") == Steered(1)
    assert await queue.steering.set_transport(only(2), "smarthost") == Steered(0)
    seen: list[tuple[str, int]] = []

    def answer(message: QueuedMessage, entry: QueuedEntry) -> Result:
        seen.append((message.transport, entry.id))
        return OK

    remote.answer = answer
    await work(queue, clock, lambda: not queue.entries())
    assert sorted(seen) == [("", 1), ("", 3), ("smarthost", 2)]
    assert len(remote.seen) == 2
    gone = queue.steering.retired(RetiredFilter(transport="smarthost"))
    assert [(each["id"], each["transport"]) for each in gone] == [(2, "smarthost")]


@pytest.mark.parametrize("by", [timedelta.max, timedelta.min])
async def test_no_time_is_beyond_the_calendar(queue: Queue, store: Store, by: timedelta) -> None:
    await add(queue, store, "x@one.example")
    for _ in range(3):
        await queue.steering.add_time(ALL, by)
    assert queue.entries()[0]["due_at"] in (0, 253402300799)


async def test_kicked_entries_are_attempted_at_once(
    queue: Queue, remote: Remote, store: Store, clock: FakeClock
) -> None:
    remote.answer = lambda _m, _e: LATER
    await add(queue, store, "x@one.example")
    running = asyncio.ensure_future(queue.run())
    await reached(lambda: len(remote.seen) == 1 and not queue._in_progress)
    await queue.steering.kick(ALL)
    await reached(lambda: len(remote.seen) == 2)
    running.cancel()


@pytest.mark.parametrize("require_tls", [True, False])
async def test_required_tls(queue: Queue, store: Store, require_tls: bool) -> None:
    await add(queue, store, "x@one.example", "y@two.example")
    assert await queue.steering.set_require_tls(only(2), require_tls) == Steered(1)
    assert await queue.steering.set_require_tls(only(2), require_tls) == Steered(0)
    assert [e["require_tls"] for e in queue.entries()] == [None, require_tls]
    assert await queue.steering.set_require_tls(ALL, None) == Steered(1)


async def test_senders_hear_of_failed_entries(
    queue: Queue, remote: Remote, store: Store, tmp_path: Path
) -> None:
    await add(queue, store, "x@one.example", "y@two.example", "z@two.example")
    assert await queue.steering.fail(only(1, 3)) == Steered(2)
    assert remote.finished_entries == [("x@one.example", FAILED), ("z@two.example", FAILED)]
    assert [e["id"] for e in queue.entries()] == [2]
    assert has_files(tmp_path)
    assert await queue.steering.fail(ALL) == Steered(1)
    assert queue.entries() == []
    await reached(lambda: not has_files(tmp_path))
    [retired] = queue.steering.retired(RetiredFilter(ids=(3,)))
    assert [(a["result"], a["text"]) for a in retired["attempts"]] == [  # type: ignore[attr-defined]  # a list
        ("failed", "failed by the administrator")
    ]


async def test_an_entry_stays_if_its_sender_cannot_be_told(
    queue: Queue, remote: Remote, store: Store
) -> None:
    await add(queue, store, "x@one.example")
    remote.listener_error = OSError("no room")
    assert await queue.steering.fail(ALL) == Steered(0)
    assert len(queue.entries()) == 1
    remote.listener_error = None
    assert await queue.steering.fail(ALL) == Steered(1)


async def test_nobody_hears_of_dropped_entries(
    queue: Queue, remote: Remote, store: Store, tmp_path: Path
) -> None:
    await add(queue, store, "x@one.example", "y@two.example")
    await add(queue, store, "z@one.example")
    assert await queue.steering.drop(EntryFilter(recipient="@one.example")) == Steered(2)
    assert [e["id"] for e in queue.entries()] == [2]
    assert [p.name for p in (tmp_path / "queue" / "msg").rglob("*") if p.is_file()] == ["1"]
    assert await queue.steering.drop(ALL) == Steered(1)
    await reached(lambda: not has_files(tmp_path))
    assert remote.finished_entries == []
    assert {r["attempts"][0]["result"] for r in queue.steering.retired()} == {"dropped"}  # type: ignore[index]  # a list


@pytest.mark.parametrize("way", ["fail", "drop"])
async def test_what_is_under_way_is_left_alone(
    queue: Queue, remote: Remote, store: Store, tmp_path: Path, way: str
) -> None:
    answered = remote.silent["one.example"] = asyncio.Event()
    await add(queue, store, "x@one.example", "y@two.example")
    await queue.steering.set_hold(only(2), hold=True)
    running = asyncio.ensure_future(queue.run())
    await reached(lambda: remote.under_way["one.example"] == 1)
    steer = queue.steering.fail if way == "fail" else queue.steering.drop
    assert await steer(ALL) == Steered(1, under_way=1)
    assert [e["id"] for e in queue.entries()] == [1]
    assert has_files(tmp_path)
    answered.set()
    await reached(lambda: not queue.entries() and not has_files(tmp_path))
    running.cancel()
    assert [seen[2] for seen in remote.seen] == [OCTETS]


async def test_changes_to_what_is_under_way_concern_its_next_attempt(
    queue: Queue, remote: Remote, store: Store
) -> None:
    remote.answer = lambda _m, _e: LATER
    answered = remote.silent["one.example"] = asyncio.Event()
    await add(queue, store, "x@one.example")
    running = asyncio.ensure_future(queue.run())
    await reached(lambda: remote.under_way["one.example"] == 1)
    assert await queue.steering.set_hold(ALL, hold=True) == Steered(1)
    assert await queue.steering.kick(ALL) == Steered(1)
    answered.set()
    await reached(lambda: len(remote.seen) == 1 and not queue._in_progress)
    [entry] = queue.entries()
    assert (entry["hold"], entry["attempts"], entry["error"]) == (1, 1, "busy")
    await queue.steering.set_hold(ALL, hold=False)
    await reached(lambda: len(remote.seen) == 2)
    running.cancel()


async def test_an_entry_that_is_being_failed_is_not_attempted(
    queue: Queue, remote: Remote, store: Store
) -> None:
    await add(queue, store, "x@one.example")
    failing = asyncio.ensure_future(queue.steering.fail(ALL))
    await asyncio.sleep(0)
    running = asyncio.ensure_future(queue.run())
    assert await queue.steering.drop(ALL) == Steered(0, under_way=1)
    assert await failing == Steered(1)
    await reached(lambda: not queue.entries())
    running.cancel()
    assert remote.seen == []


async def test_the_sender_hears_of_a_delay_once_whatever_people_do(
    tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor, remote: Remote, store: Store
) -> None:
    queue = Queue(directory=tmp_path, clock=clock, pool=pool, deliverer=remote, listeners=[remote])
    remote.answer = lambda _m, _e: LATER
    await add(queue, store, "x@one.example")
    running = asyncio.ensure_future(queue.run())
    for attempt, hours in enumerate((1, 2, 3, 1, 5), 1):
        await reached(lambda n=attempt: len(remote.seen) == n and not queue._in_progress)  # type: ignore[misc]  # bound now
        clock.jump(hours * 3600)
        await queue.steering.kick(ALL)
    await reached(lambda: len(remote.seen) == 6 and not queue._in_progress)
    assert [recipient for recipient, _ in remote.delayed_entries] == ["x@one.example"]
    running.cancel()
    await queue.close()


async def test_the_sender_hears_of_a_delay_after_a_listener_crashed(
    tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor, remote: Remote, store: Store
) -> None:
    queue = Queue(directory=tmp_path, clock=clock, pool=pool, deliverer=remote, listeners=[remote])
    remote.answer = lambda _m, _e: LATER
    await add(queue, store, "x@one.example")
    clock.jump(4 * 3600)
    remote.listener_error = OSError("no room")
    await work(queue, clock, lambda: len(remote.seen) == 1)
    remote.listener_error = None
    for attempt in (2, 3):
        clock.jump(4 * 3600)
        await work(queue, clock, lambda n=attempt: len(remote.seen) == n)  # type: ignore[misc]  # bound now
    assert len(remote.delayed_entries) == 2  # One of them in vain.
    await queue.close()


async def test_content_is_what_is_sent(queue: Queue, store: Store, tmp_path: Path) -> None:
    await add(queue, store, "x@one.example", "y@one.example")
    assert await queue.steering.content(2) == b"Received: x\r\n" + OCTETS
    assert await queue.steering.content(3) is None
    (tmp_path / "queue" / "msg" / "a" / "1").unlink()
    assert await queue.steering.content(2) is None
