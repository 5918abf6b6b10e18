"""`mox queue` with a server that runs: what people read, and what scripts get."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from mox.queue import NewMessage, NewRecipient
from moxkit.testing import FakeClock
from room.app.servers import LocalServer, local_server
from room.cli.commandline import Outcome, Run

OCTETS = b"Subject: x\r\n\r\nbody \xc3\xa9\r\n"

Mox = Callable[..., Awaitable[Outcome]]


@pytest.fixture
async def local(tmp_path: Path, clock: FakeClock) -> AsyncIterator[LocalServer]:
    async with asyncio.timeout(30), local_server(tmp_path / "local", clock) as started:
        yield started


@pytest.fixture
async def mox(local: LocalServer, tmp_path: Path, run: Run) -> Mox:
    """Return a function that runs `mox queue`; three messages wait, since delivery fails for now."""
    store = local.server.store
    for recipient in (
        "queue-temperror@one.example",
        "queue-temperror@two.example",
        "queue-temperror@three.example",
    ):
        spool = store.spools.new()
        spool.write(OCTETS)
        content, _ = await store.prepare(spool)
        new = NewMessage("mox", "mox@localhost", (NewRecipient(recipient),), b"X: y\r\n", False, True)
        await local.server.queue.add(new, content)
        spool.discard()
    await local.queued(3)

    async def execute(*arguments: str) -> Outcome:
        config = str(tmp_path / "local" / "mox.toml")
        return await asyncio.to_thread(run, "--config", config, "queue", *arguments)

    return execute


async def recipients(mox: Mox, *arguments: str) -> list[str]:
    found = json.loads((await mox("list", "--json", *arguments)).out)
    return [each["recipient"].partition("@")[2] for each in found]


async def test_list(mox: Mox) -> None:
    done = await mox("list")
    first, *lines = done.out.splitlines()
    assert (done.status, first, len(lines)) == (0, "messages:", 3)
    assert all(f"{n:5} " == line[:6] for n, line in enumerate(lines, 1))
    assert " from:mox@localhost to:queue-temperror@one.example next " in lines[0]
    assert ' error "' in lines[0]
    assert (await mox("list", "--to", "nobody")).out == "messages:\n(none)\n"


@pytest.mark.parametrize(
    ("arguments", "domains"),
    [
        ((), ["one.example", "two.example", "three.example"]),
        (("--sort", "queued", "--desc", "-n", "2"), ["three.example", "two.example"]),
        (("--ids", "1,3"), ["one.example", "three.example"]),
        (("--account", "pat"), []),
        (("--from", "@LOCALHOST", "--to", "@two"), ["two.example"]),
        (("--submitted", ">now"), []),
        (("--next-attempt", ">1m", "--limit", "1"), ["one.example"]),
        (("--hold", "true"), []),
        (("--hold", "no", "--ids", "2"), ["two.example"]),
    ],
    ids=str,
)
async def test_flags_that_say_what_is_meant(mox: Mox, arguments: tuple[str, ...], domains: list[str]) -> None:
    assert await recipients(mox, *arguments) == domains


async def test_steering(mox: Mox, local: LocalServer) -> None:
    assert (await mox("hold", "--to", "@one")).out == "1 message(s) changed\n"
    assert " hold " in (await mox("list", "--hold", "true")).out
    assert (await mox("unhold")).out == "1 message(s) changed\n"
    assert (await mox("requiretls", "--ids", "2", "yes")).out == "1 message(s) changed\n"
    refused = await mox("transport", "--ids", "2", "smarthost")
    assert (refused.status, refused.err) == (1, "mox: no transport 'smarthost': none configured\n")
    assert (await mox("transport", "--ids", "2", "default", "--json")).out == (
        '{\n  "changed": 0,\n  "under_way": 0\n}\n'
    )
    assert (await mox("schedule", "--ids", "1", "24h")).out == "1 message(s) rescheduled\n"
    assert await recipients(mox) == ["two.example", "three.example", "one.example"]
    assert (await mox("schedule", "--ids", "1", "--", "-24h")).out == "1 message(s) rescheduled\n"
    assert await recipients(mox) == ["one.example", "two.example", "three.example"]
    done = await mox("schedule", "--ids", "3", "--now", "0", "--json")
    assert json.loads(done.out) == {"changed": 1, "under_way": 0}
    while local.server.queue.entries()[-1]["attempts"] != 2:  # noqa: ASYNC110  what is waited for sets no event
        await asyncio.sleep(0.005)


async def test_ends_of_messages(mox: Mox, local: LocalServer) -> None:
    for name in ("fail", "drop"):
        refused = await mox(name)
        assert (refused.status, refused.out) == (1, "")
        assert "say which messages are meant" in refused.err
    assert (await mox("fail", "--ids", "1")).out == "1 message(s) failed\n"
    [notification] = await local.inbox(1)
    assert b"failed by the administrator" in notification
    assert (await mox("drop", "--all")).out == "2 message(s) dropped\n"
    assert await recipients(mox) == []
    lines = (await mox("retired", "list")).out.splitlines()
    assert [line[:6].strip() for line in lines[1:]] == ["3", "2", "1"]
    assert lines[3].endswith(' attempts 1 "failed by the administrator"')
    assert (await mox("retired", "list", "--result", "success")).out == "retired messages:\n(none)\n"
    shown = json.loads((await mox("retired", "print", "1")).out)
    assert [each["result"] for each in shown["attempts"]] == ["retry", "failed"]
    assert json.loads((await mox("retired", "list", "--ids", "1", "--json")).out) == [shown]
    missing = await mox("retired", "print", "9")
    assert (missing.status, missing.err) == (1, "mox: no retired message 9\n")


async def test_dump(mox: Mox) -> None:
    assert (await mox("dump", "2")).out.encode() == b"X: y\r\n" + OCTETS
    missing = await mox("dump", "9")
    assert (missing.status, missing.err) == (1, "mox: no message 9 in the queue\n")


async def test_hold_rules(mox: Mox) -> None:
    assert (await mox("holdrules", "list")).out == "(none)\n"
    added = await mox("holdrules", "add", "--recipient-domain", "two.example")
    assert added.out == "hold rule 1 added, 1 message(s) put on hold\n"
    assert json.loads((await mox("holdrules", "add", "--json")).out)["held"] == 2
    assert (await mox("holdrules", "list")).out == ("    1 recipient-domain:two.example\n    2 everything\n")
    assert [rule["id"] for rule in json.loads((await mox("holdrules", "list", "--json")).out)] == [1, 2]
    assert (await mox("holdrules", "remove", "2")).out == "hold rule removed\n"
    assert (await mox("holdrules", "remove", "2")).status == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "--ids", "1,x"),
        ("list", "--ids", ""),
        ("list", "--sort", "size"),
        ("list", "--limit", "-1"),
        ("requiretls", "maybe"),
        ("dump", "-1"),
        ("schedule",),
    ],
    ids=" ".join,
)
def test_wrong_usage(run: Run, arguments: tuple[str, ...]) -> None:
    done = run("queue", *arguments)
    assert (done.status, done.out) == (2, "")


async def test_suppression(mox: Mox) -> None:
    assert (await mox("suppress", "list")).out == "(none)\n"
    assert (await mox("suppress", "lookup", "a@x.example")).status == 1
    added = await mox("suppress", "add", "mox", "J.Doe@x.example", "--reason", "asked us to stop")
    assert (added.status, added.out) == (0, "address added\n")
    listed = (await mox("suppress", "list", "--account", "mox")).out
    assert listed.endswith(" manual   J.Doe@x.example  asked us to stop\n")
    assert listed.startswith("mox  ")
    found = await mox("suppress", "lookup", "jdoe+x@x.example", "--json")
    assert found.status == 0
    assert [entry["base_address"] for entry in json.loads(found.out)] == ["jdoe@x.example"]
    assert (await mox("suppress", "remove", "mox", "jdoe@x.example")).out == "address removed\n"
    missing = await mox("suppress", "remove", "mox", "jdoe@x.example")
    assert (missing.status, missing.err) == (1, "mox: jdoe@x.example is not on the list of account mox\n")
