"""Suppression lists as the command line sees them."""

from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mox.control import SuppressionCommands
from mox.control.server import CommandRefusedError
from mox.queue import Queue, QueuedMessage, Result
from moxkit.testing import FakeClock


class Nowhere:
    """Delivers nothing."""

    async def deliver(self, message: QueuedMessage, content: Path) -> Mapping[int, Result]:
        return {}


@pytest.fixture
async def commands(
    tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor
) -> AsyncIterator[SuppressionCommands]:
    queue = Queue(directory=tmp_path, clock=clock, pool=pool, deliverer=Nowhere())
    yield SuppressionCommands(suppressions=queue.suppressions, exists=lambda name: name in {"mox", "other"})
    await queue.close()


SHOWN = {
    "account": "mox",
    "base_address": "jdoe@x.example",
    "address": "J.Doe+a@x.example",
    "is_manual": True,
    "reason": "asked us",
    "added_at": "2030-01-01T00:00:00+00:00",
}


async def test_added_listed_found_and_removed(commands: SuppressionCommands) -> None:
    added = await commands.add({"account": "mox", "address": "J.Doe+a@x.example", "reason": "asked us"})
    assert added == SHOWN
    await commands.add({"account": "other", "address": "z@x.example"})
    assert await commands.list_({"account": "mox"}) == [SHOWN]
    listed = await commands.list_({})
    assert isinstance(listed, list)
    assert [each["address"] for each in listed] == ["J.Doe+a@x.example", "z@x.example"]
    assert await commands.lookup({"address": "jdoe@X.example"}) == [SHOWN]
    assert await commands.lookup({"address": "jdoe@x.example", "account": "other"}) == []
    await commands.remove({"account": "mox", "address": "jdoe@x.example"})
    assert await commands.lookup({"address": "jdoe@x.example"}) == []


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("queuesuppressadd", {"account": "nobody", "address": "a@x.example"}, "there is no account 'nobody'"),
        ("queuesuppressadd", {"account": "mox", "address": "a"}, "'a' is not an address"),
        (
            "queuesuppressremove",
            {"account": "mox", "address": "a@x.example"},
            "not on the list of account mox",
        ),
        ("queuesuppresslookup", {"address": "a b@x.example"}, "is not an address"),
    ],
)
async def test_says_what_cannot_be(
    commands: SuppressionCommands, name: str, arguments: dict[str, Any], says: str
) -> None:
    with pytest.raises(CommandRefusedError, match=says):
        await commands.table()[name](arguments)
