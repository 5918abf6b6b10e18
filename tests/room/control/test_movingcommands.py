"""Imports as the command line sees them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mox.control import MovingCommands
from mox.control.server import CommandRefusedError
from mox.moving import Imports, stage_in_thread
from mox.store import Store
from moxkit.testing import FakeClock
from room.moving.archives import letter, make_archive, mbox_of


@pytest.fixture
async def commands(store: Store, clock: FakeClock) -> AsyncIterator[MovingCommands]:
    imports = Imports(store=store, clock=clock, stager=stage_in_thread)
    yield MovingCommands(imports=imports)
    await imports.close()


async def run(commands: MovingCommands, command: str, /, **arguments: object) -> Any:
    return await commands.table()[command](arguments)


async def follow(commands: MovingCommands, token: str) -> list[dict[str, Any]]:
    """Return all answers; problems are not repeated."""
    states: list[dict[str, Any]] = []
    problems = 0
    while not states or not states[-1]["is_over"]:
        version = states[-1]["version"] if states else -1
        states.append(await run(commands, "importnews", token=token, version=version, problems_from=problems))
        problems += len(states[-1]["problems"])
    return states


async def test_news_until_it_is_over(commands: MovingCommands, tmp_path: Path) -> None:
    source = make_archive(tmp_path / "x", {"a.mbox": mbox_of(letter(n) for n in range(250)), "b": b""}, "tar")
    begun = await run(
        commands, "importbegin", account="mox", source=str(source), kind="archive", mailbox="Old"
    )
    states = await follow(commands, begun["token"])
    assert [problem for state in states for problem in state["problems"]] == [
        "unrecognized file b (skipping)"
    ]
    last = states[-1]
    assert (last["phase"], last["messages"], last["counts"]) == ("done", 250, {"Old/a": 250})
    assert last["read_octets"] == last["total_octets"] == source.stat().st_size
    with pytest.raises(CommandRefusedError, match="already finished"):
        await run(commands, "importabort", token=begun["token"])


async def test_given_up(commands: MovingCommands, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(mbox_of(letter(n) for n in range(20_000)))
    begun = await run(
        commands, "importbegin", account="mox", source=str(tmp_path / "x"), kind="mbox", mailbox="a"
    )
    await run(commands, "importabort", token=begun["token"])
    last = (await follow(commands, begun["token"]))[-1]
    assert (last["phase"], last["reason"]) == ("aborted", "cancelled")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"account": "un:known"}, "no account"),
        ({"source": "/nowhere"}, "cannot read /nowhere"),
        ({"kind": "archive", "source": __file__}, "not an archive"),
        ({"mailbox": "a//b"}, "no mailbox can be named"),
    ],
)
async def test_refusals(commands: MovingCommands, arguments: dict[str, str], reason: str) -> None:
    usual = {"account": "mox", "source": __file__, "kind": "mbox", "mailbox": "a"}
    with pytest.raises(CommandRefusedError, match=reason):
        await run(commands, "importbegin", **usual | arguments)


async def test_unknown_tokens(commands: MovingCommands) -> None:
    for command in ("importnews", "importabort"):
        with pytest.raises(CommandRefusedError, match="no such import"):
            await run(commands, command, token="x")
