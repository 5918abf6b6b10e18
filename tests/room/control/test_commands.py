"""Commands of the running server."""

import asyncio

import pytest

from mox.control import Commands
from mox.control.server import CommandRefusedError
from mox.observe import LogLevels
from mox.runtime import Shutdown
from mox.store import MailboxAdded, Store
from mox.store.switchboard import Batch
from room.deposits import Deposit


@pytest.fixture
def commands(store: Store) -> Commands:
    return Commands(store=store, levels=LogLevels("warn"), shutdown=Shutdown())


def letter(subject: str, to: str = "mox@mox.example") -> bytes:
    return f"From: Friend <friend@else.example>\r\nTo: {to}\r\nSubject: {subject}\r\n\r\nhello\r\n".encode()


async def test_lists_newest_first_and_shows_all_octets(
    commands: Commands, store: Store, deposit: Deposit
) -> None:
    account = store.account("mox")
    for n in range(5):
        await deposit(account, letter(f"note {n}"), prefix=b"X: \xff\r\n")
    found = await commands.message_list({"account": "mox", "subject": "NOTE", "limit": 3})
    assert isinstance(found, list)
    assert [m["subject"] for m in found] == ["note 4", "note 3", "note 2"]
    assert found[0]["from"] == "Friend <friend@else.example>"
    shown = await commands.message_show({"account": "mox", "id": found[0]["id"]})
    assert isinstance(shown, dict)
    assert shown["octets"].encode("latin-1") == b"X: \xff\r\n" + letter("note 4")
    with pytest.raises(CommandRefusedError, match="no message 99"):
        await commands.message_show({"account": "mox", "id": 99})


async def test_waits_for_a_message_that_matches(commands: Commands, store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    await deposit(account, letter("other"))
    waiting = asyncio.ensure_future(commands.message_wait({"account": "mox", "subject": "wanted"}))
    await asyncio.sleep(0)
    await deposit(account, letter("another"))
    assert not waiting.done()
    await deposit(account, letter("=?utf-8?Q?wanted?="))
    found = await asyncio.wait_for(waiting, 5)
    assert isinstance(found, dict)
    assert found["subject"] == "wanted"
    assert len(account.switchboard) == 0


async def test_waiting_survives_more_changes_than_it_can_hear(commands: Commands, store: Store) -> None:
    account = store.account("mox")
    waiting = asyncio.ensure_future(
        commands.message_wait({"account": "mox", "subject": "wanted", "timeout": 0.05})
    )
    await asyncio.sleep(0)
    for listener in account.switchboard._listeners:
        listener.hear(Batch(None, (MailboxAdded(1, 1, "x"),) * 20_000))
    with pytest.raises(CommandRefusedError, match="in time"):
        await asyncio.wait_for(waiting, 5)


async def test_asks_for_the_end(commands: Commands) -> None:
    await commands.table()["stop"]({})
    assert commands._shutdown.is_asked
