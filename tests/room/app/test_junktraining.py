"""Classifiers learn what came while the server was down, and what comes; one that crashes stops no other."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from mox.app.junktraining import JunkTraining
from mox.config import JunkFilter
from mox.filtering.classifier import Classifiers
from mox.runtime import Tasks
from mox.store import Store, get_mailbox, move_messages
from moxkit.testing import FakeClock
from room.deposits import Deposit

SETTINGS = JunkFilter(threshold=0.95, onegrams=True, max_power=0.01, top_words=10)
LETTER = b"Subject: hello\r\n\r\nsome words\r\n"


@pytest.fixture
async def classifiers(store: Store) -> AsyncIterator[Classifiers]:
    classifiers = Classifiers(store=store, settings=lambda _: SETTINGS)
    yield classifiers
    await classifiers.close()


def training(classifiers: Classifiers, clock: FakeClock, *names: str) -> JunkTraining:
    return JunkTraining(classifiers=classifiers, clock=clock, account_names=lambda: names)


async def until_learned(classifiers: Classifiers, clock: FakeClock, name: str, ham: int, junk: int) -> None:
    while True:
        progress = await classifiers.of(name).progress()
        if progress is not None and (progress.ham, progress.junk) == (ham, junk):
            return
        await clock.advance(1)
        await asyncio.sleep(0.001)


async def test_catches_up_at_the_start_and_follows_when_called(
    store: Store, deposit: Deposit, clock: FakeClock, classifiers: Classifiers
) -> None:
    account = store.account("mox")
    await deposit(account, LETTER, flags="$Junk")
    runs, tasks = training(classifiers, clock, "mox"), Tasks()
    tasks.spawn(runs.run(), "junk training")
    await until_learned(classifiers, clock, "mox", 0, 1)
    await deposit(account, LETTER, flags="$NotJunk")
    runs.call("mox")
    await until_learned(classifiers, clock, "mox", 1, 1)
    inbox = get_mailbox(account.reader, "Inbox").id
    await account.write(lambda tx: move_messages(tx, inbox, [(1, 2)], "Junk"))
    runs.call("mox")
    await until_learned(classifiers, clock, "mox", 0, 2)
    await tasks.close()


async def test_much_is_learned_in_a_process_of_its_own(
    store: Store, deposit: Deposit, clock: FakeClock, classifiers: Classifiers
) -> None:
    account = store.account("mox")
    added = [await deposit(account, LETTER) for _ in range(620)]
    assert len(added) == 620
    await account.write(lambda tx: tx.connection.run("UPDATE message SET flags = 64"))
    runs, tasks = training(classifiers, clock, "mox"), Tasks()
    tasks.spawn(runs.run(), "junk training")
    await until_learned(classifiers, clock, "mox", 0, 620)
    await tasks.close()


async def test_an_account_that_is_gone_is_passed_over(clock: FakeClock, classifiers: Classifiers) -> None:
    runs, tasks = training(classifiers, clock, "no/such/account"), Tasks()
    tasks.spawn(runs.run(), "junk training")
    for _ in range(10):
        await clock.advance(1)
        await asyncio.sleep(0)
    assert len(tasks) == 1
    await tasks.close()


async def test_a_crash_in_one_account_stops_no_other(
    store: Store,
    deposit: Deposit,
    clock: FakeClock,
    classifiers: Classifiers,
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, second = store.account("first"), store.account("second")
    for account in (first, second):
        await deposit(account, LETTER, flags="$Junk")
    await first.write(lambda tx: tx.connection.run("UPDATE content SET prefix = 7"))
    runs, tasks = training(classifiers, clock, "first", "second"), Tasks()
    tasks.spawn(runs.run(), "junk training")
    await until_learned(classifiers, clock, "second", 0, 1)
    assert "background work crashed" in caplog.text
    await tasks.close()
