"""What may start: every destination has its turn, and a backlog for one costs the others nothing."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from mox.database import Connection, open_reader
from mox.queue import EntryFilter, Queue, Steered, selection
from mox.queue.selection import due_groups, groups_of, next_due_at
from mox.store import Store
from moxkit.testing import FakeClock
from room.queue.remote import Remote, add, add_many, work
from room.waiting import reached

FUTURE = 2**40


@pytest.fixture
def reader(queue: Queue, tmp_path: Path) -> Connection:
    return open_reader(tmp_path / "queue" / "index.db")


def chosen(
    reader: Connection, room: int = 100, active: dict[str, int] | None = None, under_way: tuple[int, ...] = ()
) -> list[str]:
    """Return the domains of what may start, at most 3 each."""
    found = due_groups(
        reader, now=FUTURE, room=room, per_domain=3, active=active or {}, under_way=set(under_way)
    )
    return [message.domain for message in found]


def fill(queue: Queue, **domains: int) -> None:
    """Write entries without files, many at once."""
    writing = queue._writing
    writing.run("BEGIN")
    for domain, count in domains.items():
        first: int = 1 + writing.value("SELECT coalesce(max(id), 0) FROM message")
        ids = [{"id": first + n, "domain": domain} for n in range(count)]
        writing.run_many(
            "INSERT INTO message(id, account, reverse_path, prefix, size, smtputf8, has_8bit, queued_at)"
            " VALUES (:id, 'mox', 'a@here.example', x'', 9, 0, 0, :id)",
            [{"id": each["id"]} for each in ids],
        )
        writing.run_many(
            "INSERT INTO entry(message_id, recipient, domain, due_at)"
            " VALUES (:id, 'x@' || :domain, :domain, :id)",
            ids,
        )
    writing.run("COMMIT")


def test_destinations_take_turns(queue: Queue, reader: Connection) -> None:
    fill(queue, a=10, b=2, c=1)
    assert chosen(reader) == ["a", "b", "c", "a", "b", "a"]
    assert chosen(reader, room=2) == ["a", "b"]


def test_a_destination_that_is_served_comes_after_one_that_waits(queue: Queue, reader: Connection) -> None:
    fill(queue, a=10, b=10, c=10)
    assert chosen(reader, active={"a": 3, "b": 1}, room=3) == ["c", "c", "b"]
    assert chosen(reader, active={"a": 2}, room=4) == ["b", "c", "b", "c"]


def test_a_destination_with_its_share_is_left_out(queue: Queue, reader: Connection) -> None:
    fill(queue, a=10, b=1)
    assert chosen(reader, active={"a": 3}) == ["b"]
    assert next_due_at(reader) == 1
    assert next_due_at(reader, without=["a"]) == 11
    assert next_due_at(reader, without=["a", "b"]) is None


def test_what_is_under_way_is_not_chosen(queue: Queue, reader: Connection) -> None:
    fill(queue, a=3)
    assert chosen(reader, under_way=(1, 3)) == ["a"]


async def test_recipients_of_one_message_go_together_if_they_want_the_same_tls(
    queue: Queue, reader: Connection, store: Store
) -> None:
    await add(queue, store, *(f"{n}@one.example" for n in range(5)))
    await queue.steering.set_require_tls(EntryFilter(ids=(2, 4)), True)
    groups = list(due_groups(reader, now=FUTURE, room=9, per_domain=9, active={}, under_way=()))
    assert [(g.require_tls, [e.id for e in g.entries]) for g in groups] == [
        (None, [1, 3, 5]),
        (True, [2, 4]),
    ]
    [whole] = groups_of(reader, [5, 2, 77])
    assert [e.id for e in whole.entries] == [2, 5]


async def test_destinations_are_known_by_their_first_entry(
    queue: Queue, reader: Connection, store: Store
) -> None:
    """The triggers keep the table true whatever is done to entries."""

    def is_true() -> bool:
        kept = reader.rows("SELECT domain, due_at FROM destination ORDER BY domain")
        meant = reader.rows("SELECT domain, min(due_at) FROM entry WHERE NOT hold GROUP BY 1 ORDER BY 1")
        return kept == meant

    fill(queue, a=4, b=1)
    assert is_true()
    steering = queue.steering
    changes: tuple[Callable[[], Awaitable[Steered]], ...] = (
        lambda: steering.set_hold(EntryFilter(ids=(1, 5)), hold=True),
        lambda: steering.set_hold(EntryFilter(ids=(5,)), hold=False),
        lambda: steering.kick(EntryFilter(ids=(2,))),
        lambda: steering.drop(EntryFilter(ids=(3, 5))),
        lambda: steering.set_hold(EntryFilter(), hold=True),
        lambda: steering.set_hold(EntryFilter(), hold=False),
        lambda: steering.drop(EntryFilter()),
    )
    for change in changes:
        await change()
        assert is_true()
    assert reader.rows("SELECT * FROM destination") == []


def test_ten_thousand_entries_for_one_host_are_not_read(queue: Queue, reader: Connection) -> None:
    fill(queue, dead=10_000, live=1)

    def best_of(function: Callable[[], object]) -> float:
        times = []
        for _ in range(5):
            began = time.perf_counter()
            function()
            times.append(time.perf_counter() - began)
        return min(times)

    assert chosen(reader, active={"dead": 3}) == ["live"]
    assert next_due_at(reader, without=["dead"]) == 10_001
    assert best_of(lambda: chosen(reader, active={"dead": 3})) < 0.005
    assert best_of(lambda: next_due_at(reader, without=["dead"])) < 0.005


@pytest.mark.parametrize(
    "sql",
    [selection._NEXT_DUE, selection._DUE_DOMAINS, selection._HEADS, selection._READ + selection._OF_GROUP],
)
def test_statements_use_an_index(queue: Queue, reader: Connection, sql: str) -> None:
    names = ("now", "without", "limit", "domain", "message_id", "require_tls", "transport")
    plan = reader.rows("EXPLAIN QUERY PLAN " + sql, **{name: "[]" for name in names if f":{name}" in sql})
    steps = [step for *_, step in plan if "json_each" not in step]
    assert not [step for step in steps if step.startswith("SCAN") and "INDEX" not in step]
    assert sql.endswith(selection._OF_GROUP) or not [step for step in steps if "TEMP B-TREE" in step]


async def test_a_dead_host_does_not_starve_others(
    queue: Queue, remote: Remote, store: Store, clock: FakeClock
) -> None:
    released = remote.silent["dead.example"] = asyncio.Event()
    await add_many(queue, store, "dead.example", 300)
    running = asyncio.ensure_future(queue.run())
    await reached(lambda: remote.under_way["dead.example"] == 20)
    await add(queue, store, "x@live.example", "x@other.example")
    await reached(lambda: len(remote.seen) == 2)
    assert sorted(domain for domain, *_ in remote.seen) == ["live.example", "other.example"]
    assert remote.most_at_once_there["dead.example"] == 20
    released.set()
    await reached(lambda: not queue.entries())
    running.cancel()
    assert remote.most_at_once_there["dead.example"] <= 20


async def test_ten_thousand_entries_for_a_dead_host_hold_up_nobody(
    queue: Queue, remote: Remote, store: Store
) -> None:
    remote.silent["dead.example"] = asyncio.Event()
    fill(queue, **{"dead.example": 10_000})
    await add_many(queue, store, "live.example", 50)
    running = asyncio.ensure_future(queue.run())
    await reached(lambda: len(remote.seen) == 50 and len(queue._in_progress) == 20)
    assert remote.under_way["dead.example"] == 20
    # What is due and has no place is no reason to look again and again.
    assert queue._wait_s() > 60
    running.cancel()


async def test_many_entries_are_dropped_in_few_statements(queue: Queue) -> None:
    """In a savepoint each statement costs more than the one before: one for each entry took minutes."""
    fill(queue, **{f"d{n}.example": 200 for n in range(100)})
    before = time.perf_counter()
    assert await queue.steering.drop(EntryFilter()) == Steered(20_000)
    assert time.perf_counter() - before < 3
    assert len(queue.steering.retired()) == 20_000


async def test_no_more_at_once_than_allowed(
    queue: Queue, remote: Remote, store: Store, clock: FakeClock
) -> None:
    hosts = [f"h{n}.example" for n in range(8)]
    released = asyncio.Event()
    remote.silent = dict.fromkeys(hosts, released)
    for host in hosts:
        await add_many(queue, store, host, 20)
    running = asyncio.ensure_future(queue.run())
    await reached(lambda: remote.under_way.total() == 100)
    # All have their turn: the last did not have to wait until the first were done.
    assert min(remote.under_way[host] for host in hosts) >= 12
    released.set()
    await reached(lambda: not queue.entries())
    running.cancel()
    assert remote.most_at_once == 100


async def test_what_was_held_after_it_was_chosen_is_not_attempted(
    queue: Queue, remote: Remote, store: Store, clock: FakeClock
) -> None:
    await add(queue, store, "x@one.example", "y@one.example", "z@one.example")
    held = asyncio.ensure_future(queue.steering.set_hold(EntryFilter(ids=(1,)), hold=True))
    dropped = asyncio.ensure_future(queue.steering.drop(EntryFilter(ids=(2,))))
    await asyncio.sleep(0)  # Both wait for the writer, and what is read is still as it was.
    await work(queue, clock, lambda: len(queue.entries()) == 1)
    await asyncio.gather(held, dropped)
    assert [seen[:2] for seen in remote.seen] == [("one.example", ("z@one.example",))]
    assert [e["id"] for e in queue.entries()] == [1]
