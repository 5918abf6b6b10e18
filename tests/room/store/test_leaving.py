"""Accounts that are removed: nobody opens them, and their files go when nobody has them open."""

import asyncio
from pathlib import Path

import pytest

from mox.store import AccountUnknownError, Store
from moxkit.testing import FakeClock
from room.deposits import Deposit


async def turn(clock: FakeClock) -> None:
    for _ in range(20):
        await clock.advance(1)
        await asyncio.sleep(0.005)


async def test_files_go_once_the_last_session_ended(
    store: Store, deposit: Deposit, clock: FakeClock, tmp_path: Path
) -> None:
    account = store.account("sam")
    await deposit(account, b"\r\nhello\r\n")
    session = account.switchboard.listen()
    store.remove("sam")
    removing = asyncio.ensure_future(store.run_removals())
    with pytest.raises(AccountUnknownError):
        store.account("sam")
    await turn(clock)
    assert account.files.root.exists()
    account.switchboard.leave(session)
    await turn(clock)
    assert list((tmp_path / "data" / "accounts").iterdir()) == []
    removing.cancel()


async def test_what_a_killed_server_left_goes_at_the_next_start(
    store: Store, clock: FakeClock, tmp_path: Path
) -> None:
    for name in ("sam", "pat", "old"):
        store.account(name)
    store.remove("sam")
    await store.close()
    accounts = tmp_path / "data" / "accounts"
    (accounts / "old").rename(accounts / ".gone-old")
    next_one = Store(directory=tmp_path / "data", clock=clock, pool=store.pool, exists=lambda _: False)
    removing = asyncio.ensure_future(next_one.run_removals())
    await turn(clock)
    removing.cancel()
    # Others stay, whatever the configuration says.
    assert [each.name for each in accounts.iterdir()] == ["pat"]


async def test_one_that_was_brought_back_stays(store: Store, clock: FakeClock, tmp_path: Path) -> None:
    store.account("sam")
    store.account("pat")
    store.remove("sam")
    store.remove("pat")
    await store.close()
    next_one = Store(
        directory=tmp_path / "data", clock=clock, pool=store.pool, exists=lambda name: name == "sam"
    )
    removing = asyncio.ensure_future(next_one.run_removals())
    await turn(clock)
    removing.cancel()
    assert [each.name for each in (tmp_path / "data" / "accounts").iterdir()] == ["sam"]
    assert next_one.account("sam").name == "sam"
    await next_one.close()
