"""The search index follows the mail: at the start, after a change, and after it was damaged."""

import asyncio
from pathlib import Path

import pytest

from mox.app.searchindexing import SearchIndexing
from mox.runtime import Tasks
from mox.store import Account, Store, expunge_messages, get_mailbox
from moxkit.testing import FakeClock
from room.deposits import Deposit


async def covered(account: Account) -> int:
    lookup = await account.search_index.look_up((), ())
    return lookup.covered_id


async def until_covered(account: Account, clock: FakeClock, id_: int) -> None:
    while await covered(account) != id_:
        await clock.advance(1)
        await asyncio.sleep(0.001)


async def test_catches_up_at_the_start_and_follows(store: Store, deposit: Deposit, clock: FakeClock) -> None:
    account = store.account("mox")
    before = await deposit(account, b"Subject: before\r\n\r\n")
    indexing, tasks = SearchIndexing(store=store, clock=clock, account_names=lambda: ["mox"]), Tasks()
    tasks.spawn(indexing.run(), "search indexing")
    await until_covered(account, clock, before.id)
    added = await deposit(account, b"Subject: after\r\n\r\n")
    await until_covered(account, clock, added.id)
    await tasks.close()


async def test_removed_messages_leave(store: Store, deposit: Deposit, clock: FakeClock) -> None:
    account = store.account("mox")
    indexing = SearchIndexing(store=store, clock=clock, account_names=lambda: ["mox"])
    added = [await deposit(account, b"Subject: x\r\n\r\nbody") for _ in range(3)]
    inbox = get_mailbox(account.reader, "Inbox").id
    tasks = Tasks()
    tasks.spawn(indexing.run(), "search indexing")
    await until_covered(account, clock, added[-1].id)
    await account.write(lambda tx: expunge_messages(tx, inbox, [added[1].uid]))
    ids = [each.id for each in added]
    while set(account.search_index.texts(ids)) != {ids[0], ids[2]}:
        await clock.advance(1)
        await asyncio.sleep(0.001)
    lookup = await account.search_index.look_up((), ["body"])
    assert lookup.candidates == {"body": frozenset({ids[0], ids[2]})}
    await tasks.close()


async def test_an_account_that_is_gone_is_passed_over(clock: FakeClock, store: Store) -> None:
    indexing = SearchIndexing(store=store, clock=clock, account_names=lambda: ["no/such/account"])
    tasks = Tasks()
    tasks.spawn(indexing.run(), "search indexing")
    for _ in range(10):
        await clock.advance(1)
        await asyncio.sleep(0)
    assert len(tasks) == 1
    await tasks.close()


async def test_a_crash_in_one_account_stops_no_other(
    store: Store, deposit: Deposit, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = store.account("first"), store.account("second")
    await deposit(first, b"Subject: one\r\n\r\n")
    added = await deposit(second, b"Subject: two\r\n\r\n")
    await first.write(lambda tx: tx.connection.run("UPDATE content SET header = 7"))
    indexing = SearchIndexing(store=store, clock=clock, account_names=lambda: ["first", "second"])
    tasks = Tasks()
    tasks.spawn(indexing.run(), "search indexing")
    await until_covered(second, clock, added.id)
    assert "background work crashed" in caplog.text
    assert await covered(first) == 0
    await tasks.close()


async def test_an_account_that_cannot_be_opened_for_now_stops_nothing(
    clock: FakeClock, store: Store, deposit: Deposit, tmp_path: Path
) -> None:
    other = store.account("mox")
    added = await deposit(other, b"Subject: x\r\n\r\n")
    # A file where its directory would be, as trouble of a disk.
    (tmp_path / "data" / "accounts" / "sick").write_bytes(b"")
    indexing, tasks = SearchIndexing(store=store, clock=clock, account_names=lambda: ["sick", "mox"]), Tasks()
    tasks.spawn(indexing.run(), "search indexing")
    async with asyncio.timeout(20):
        await until_covered(other, clock, added.id)
    await tasks.close()
