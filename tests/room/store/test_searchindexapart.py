"""Filling a search index in a process of its own: it does the work, ends when told, and is not missed."""

import asyncio
import time
from pathlib import Path

import pytest

from mox.runtime import ChildProcess
from mox.store import Account, Store
from mox.store.searchindex.apart import filling_process
from room.deposits import Deposit


@pytest.fixture
def account(store: Store) -> Account:
    return store.account("mox")


async def until_covered(account: Account, id_: int) -> None:
    async with asyncio.timeout(30):
        # Another process writes it.
        while (await account.search_index.look_up((), ())).covered_id != id_:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_takes_in_what_waits_and_what_comes(account: Account, deposit: Deposit) -> None:
    assert await account.search_index.fill_apart() is False
    first = await deposit(account, b"Subject: one\r\n\r\nneedle\r\n")
    filling = asyncio.ensure_future(account.search_index.fill_apart())
    await until_covered(account, first.id)
    second = await deposit(account, b"Subject: two\r\n\r\nneedle\r\n")
    await until_covered(account, second.id)
    began = time.monotonic()
    await account.search_index.finish()
    assert await filling is False
    assert time.monotonic() - began < 3
    lookup = await account.search_index.look_up((), ["needle"])
    assert lookup.candidates == {"needle": frozenset({first.id, second.id})}


async def test_ends_with_who_waits_for_it(account: Account, deposit: Deposit) -> None:
    await account.search_index.fill()
    first = await deposit(account, b"Subject: one\r\n\r\n")
    filling = asyncio.ensure_future(account.search_index.fill_apart())
    await until_covered(account, first.id)
    filling.cancel()
    async with asyncio.timeout(3):
        await account.search_index.finish()


async def test_is_not_missed(
    account: Account, deposit: Deposit, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await account.search_index.fill()
    added = await deposit(account, b"Subject: one\r\n\r\n")
    calls: list[None] = []

    def fail(_self: ChildProcess) -> str:
        calls.append(None)
        return "no memory"

    monkeypatch.setattr(ChildProcess, "run", fail)
    assert await account.search_index.fill_apart() is False
    assert await account.search_index.fill_apart() is False
    assert len(calls) == 1
    assert "going on without" in caplog.text
    await until_covered(account, added.id)


def test_says_what_went_wrong(tmp_path: Path) -> None:
    process = filling_process(search=tmp_path / "s.db", mail=tmp_path / "none" / "index.db", files=tmp_path)
    assert "Error" in process.run()


def test_does_not_start_once_stopped(tmp_path: Path) -> None:
    process = filling_process(search=tmp_path / "s.db", mail=tmp_path / "index.db", files=tmp_path)
    process.stop()
    assert process.run() == ""
    assert not (tmp_path / "s.db").exists()
