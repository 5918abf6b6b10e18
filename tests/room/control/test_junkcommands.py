"""Learning anew, as the command line asks for it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from mox.config import JunkFilter
from mox.control.junkcommands import JunkCommands
from mox.control.server import CommandRefusedError
from mox.filtering.classifier import Classifiers
from mox.store import Store
from room.deposits import Deposit

SETTINGS = JunkFilter(threshold=0.95, onegrams=True, max_power=0.01, top_words=10)
FILTERS: dict[str, JunkFilter | None] = {"mox": SETTINGS, "other": SETTINGS, "plain": None}


@pytest.fixture
async def classifiers(store: Store) -> AsyncIterator[Classifiers]:
    classifiers = Classifiers(store=store, settings=FILTERS.get)
    yield classifiers
    await classifiers.close()


@pytest.fixture
def called() -> list[str]:
    return []


@pytest.fixture
def commands(classifiers: Classifiers, called: list[str]) -> JunkCommands:
    return JunkCommands(
        classifiers=classifiers,
        has_filter=lambda name: FILTERS[name] is not None if name in FILTERS else None,
        account_names=lambda: FILTERS,
        call_trainer=called.append,
    )


async def ask(commands: JunkCommands, name: str, /, **arguments: object) -> Any:
    return await commands.table()[name](arguments)


async def test_one_or_all_that_have_a_filter(commands: JunkCommands, called: list[str]) -> None:
    assert await ask(commands, "retrain", account="mox") == ["mox"]
    assert called == ["mox"]
    assert await ask(commands, "retrain") == ["mox", "other"]


async def test_who_has_no_filter_is_refused(commands: JunkCommands) -> None:
    for name in ("retrain", "retrainprogress"):
        with pytest.raises(CommandRefusedError, match="no JunkFilter"):
            await ask(commands, name, account="plain")
        with pytest.raises(CommandRefusedError, match="no account 'nobody'"):
            await ask(commands, name, account="nobody")


async def test_progress_until_it_is_done(
    commands: JunkCommands, store: Store, deposit: Deposit, classifiers: Classifiers
) -> None:
    await deposit(store.account("mox"), b"\r\nwords", flags="$Junk")
    with pytest.raises(CommandRefusedError, match="cannot be read"):
        await ask(commands, "retrainprogress", account="mox")
    await ask(commands, "retrain", account="mox")
    progress = await ask(commands, "retrainprogress", account="mox")
    assert progress == {"looked_at": 0, "of": 1, "ham": 0, "junk": 0, "is_behind": True, "is_done": False}
    while await classifiers.of("mox").learn():
        pass
    progress = await ask(commands, "retrainprogress", account="mox")
    assert progress == {"looked_at": 1, "of": 1, "ham": 0, "junk": 1, "is_behind": False, "is_done": True}
