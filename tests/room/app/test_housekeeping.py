"""Housekeeping erases what is due, in every account, now and then."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

from mox.app.housekeeping import Housekeeping
from mox.store import Account, Store, check_consistency, expunge_messages, get_mailbox
from moxkit.testing import FakeClock
from room.deposits import Deposit


async def forget_nothing(_now: datetime) -> None:
    pass


async def remove(account: Account, *uids: int) -> None:
    inbox = get_mailbox(account.reader, "Inbox").id
    await account.write(lambda tx: expunge_messages(tx, inbox, uids))


async def until_files(account: Account, clock: FakeClock, count: int) -> None:
    """Let rounds of housekeeping pass, and the thread that writes finish."""
    async with asyncio.timeout(30):
        while len(set(account.files.ids())) != count:
            # Again and again: the round before may not be through yet, and so not wait for the clock.
            await clock.advance(600)
            await asyncio.sleep(0.002)


async def test_removed_messages_lose_their_files_when_due(
    store: Store, clock: FakeClock, deposit: Deposit
) -> None:
    accounts = [store.account("mox"), store.account("other")]
    for account in accounts:
        for n in range(3):
            await deposit(account, b"Subject: %d\r\n\r\n" % n)
        await remove(account, 1, 3)
    names: list[str] = ["mox"]
    housekeeping = Housekeeping(
        store=store, clock=clock, account_names=lambda: names, forget_old=forget_nothing
    )
    running = asyncio.ensure_future(housekeeping.run())
    try:
        await clock.advance(1200)
        await accounts[0].write(lambda _: None)
        # Other sessions may still show them.
        assert [len(set(account.files.ids())) for account in accounts] == [3, 3]
        clock.jump(timedelta(days=30))
        await until_files(accounts[0], clock, 1)
        assert len(set(accounts[1].files.ids())) == 3
        # Accounts come and go with the configuration.
        names.append("other")
        await until_files(accounts[1], clock, 1)
        # Once more: what is removed later goes later.
        await remove(accounts[0], 2)
        clock.jump(timedelta(days=30))
        await until_files(accounts[0], clock, 0)
    finally:
        running.cancel()
    assert [check_consistency(account) for account in accounts] == [[], []]


async def test_nothing_due_is_nothing_done(store: Store, clock: FakeClock, deposit: Deposit) -> None:
    account = store.account("mox")
    await deposit(account, b"\r\n")
    await Housekeeping(
        store=store, clock=clock, account_names=lambda: ["mox"], forget_old=forget_nothing
    ).erase("mox")
    assert len(set(account.files.ids())) == 1
    assert check_consistency(account) == []


async def test_trouble_of_one_account_is_not_that_of_the_next(
    store: Store, clock: FakeClock, deposit: Deposit, tmp_path: Path
) -> None:
    account = store.account("mox")
    await deposit(account, b"Subject: x\r\n\r\n")
    await remove(account, 1)
    (tmp_path / "data" / "accounts" / "sick").write_bytes(b"")
    housekeeping = Housekeeping(
        store=store, clock=clock, account_names=lambda: ["sick", "mox"], forget_old=forget_nothing
    )
    running = asyncio.ensure_future(housekeeping.run())
    try:
        await until_files(account, clock, 0)
    finally:
        running.cancel()


async def test_what_is_old_is_forgotten_once_a_day_and_again_after_trouble(
    store: Store, clock: FakeClock
) -> None:
    times: list[datetime] = []

    async def forget_old(now: datetime) -> None:
        times.append(now)
        if len(times) == 1:
            raise OSError("disk full")

    housekeeping = Housekeeping(store=store, clock=clock, account_names=list, forget_old=forget_old)
    running = asyncio.ensure_future(housekeeping.run())
    try:
        await clock.advance(600 * (6 * 24 + 2))
    finally:
        running.cancel()
    # The first failed; then once in each of two days.
    assert len(times) == 3
    assert times[0].date() == times[1].date() != times[2].date()
