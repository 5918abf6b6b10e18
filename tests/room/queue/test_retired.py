"""Entries that are done with: remembered with their attempts as long as the account wants, then forgotten."""

from pathlib import Path

import pytest

from mox.database import open_reader
from mox.queue import NewMessage, NewRecipient, Period, Queue, RetiredFilter, RetiredSort
from mox.store import Store
from moxkit.testing import FakeClock
from room.queue.remote import LATER, NEVER, OCTETS, OK, Remote, add, work


async def add_of(queue: Queue, store: Store, account: str, recipient: str) -> None:
    spool = store.spools.new()
    spool.write(OCTETS)
    content, _ = await store.prepare(spool)
    await queue.add(
        NewMessage(account, "a@here.example", (NewRecipient(recipient),), b"", False, False), content
    )
    spool.discard()


async def test_history_of_an_entry(queue: Queue, remote: Remote, store: Store, clock: FakeClock) -> None:
    remote.answer = lambda _m, _e: OK if len(remote.seen) > 1 else LATER
    await add(queue, store, "x@one.example")
    began = int(clock.now().timestamp())
    await work(queue, clock, lambda: len(remote.seen) == 1)
    assert queue.steering.retired() == []
    clock.jump(450)
    await work(queue, clock, lambda: not queue.entries())
    [retired] = queue.steering.retired()
    assert retired == {
        "id": 1,
        "queue_message_id": 1,
        "account": "mox",
        "from": "a@here.example",
        "recipient": "x@one.example",
        "size": 13 + len(OCTETS),
        "message_id": "",
        "subject": "",
        "require_tls": None,
        "transport": "",
        "notify": "",
        "original_recipient": "",
        "envelope_id": "",
        "future_release": "",
        "attempt_count": 2,
        "queued_at": began,
        "last_activity_at": began + 450,
        "is_delivered": True,
        "keep_until": began + 450 + 7200,
        "attempts": [
            {"at": began, "result": "retry", "code": 451, "enhanced": "4.0.0", "text": "busy"},
            {"at": began + 450, "result": "delivered", "code": 250, "enhanced": "2.0.0", "text": "ok"},
        ],
    }


async def test_accounts_that_keep_nothing(
    queue: Queue, remote: Remote, store: Store, clock: FakeClock, tmp_path: Path
) -> None:
    await add_of(queue, store, "pat", "x@one.example")
    await work(queue, clock, lambda: not queue.entries())
    assert queue.steering.retired() == []
    reader = open_reader(tmp_path / "queue" / "index.db")
    assert reader.rows("SELECT * FROM attempt") == []


async def test_forgotten_after_their_time(
    queue: Queue, remote: Remote, store: Store, clock: FakeClock, tmp_path: Path
) -> None:
    reader = open_reader(tmp_path / "queue" / "index.db")
    await add(queue, store, "x@one.example")
    await work(queue, clock, lambda: not queue.entries())
    clock.jump(3600)
    await add(queue, store, "y@one.example")
    await work(queue, clock, lambda: not queue.entries())
    for left in (2, 1, 0):
        await queue.steering.forget_retired()
        assert len(queue.steering.retired()) == left
        clock.jump(3600)
    assert reader.rows("SELECT * FROM attempt") == []


async def test_filters_and_order(queue: Queue, remote: Remote, store: Store, clock: FakeClock) -> None:
    remote.answer = lambda _m, entry: NEVER if entry.recipient.startswith("no") else OK
    for recipient in ("x@one.example", "no@one.example", "y@two.example"):
        await add(queue, store, recipient)
        await work(queue, clock, lambda: not queue.entries())
        clock.jump(60)

    def ids(
        wanted: RetiredFilter, sort: RetiredSort = RetiredSort.LAST_ACTIVITY, *, is_descending: bool = True
    ) -> list[object]:
        return [r["id"] for r in queue.steering.retired(wanted, sort, is_descending=is_descending)]

    now = clock.now()
    assert ids(RetiredFilter()) == [3, 2, 1]
    assert ids(RetiredFilter(limit=1), RetiredSort.QUEUED, is_descending=False) == [1]
    assert ids(RetiredFilter(is_delivered=False)) == [2]
    assert ids(RetiredFilter(is_delivered=True)) == [3, 1]
    assert ids(RetiredFilter(account="mox", recipient="@one", sender="@here")) == [2, 1]
    assert ids(RetiredFilter(account="pat")) == []
    assert ids(RetiredFilter(queued=Period(after=now.replace(year=now.year + 1)))) == []
    assert ids(RetiredFilter(active=Period(before=now), ids=(1, 3))) == [3, 1]


@pytest.mark.parametrize("is_delivered", [True, False])
async def test_outcome(
    queue: Queue, remote: Remote, store: Store, clock: FakeClock, is_delivered: bool
) -> None:
    remote.answer = lambda _m, _e: OK if is_delivered else NEVER
    await add(queue, store, "x@one.example")
    await work(queue, clock, lambda: not queue.entries())
    assert [r["is_delivered"] for r in queue.steering.retired()] == [is_delivered]
