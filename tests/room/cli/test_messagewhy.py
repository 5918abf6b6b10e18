"""`mox message why` and `refused` with a server that runs."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mox.store import Arrival, NewRefusal, note_refusal
from moxkit.testing import FakeClock
from room.app.servers import LocalServer, local_server
from room.cli.commandline import Outcome, Run
from room.deposits import depositor

STEPS = (
    {"check": "recipient", "outlook": "neutral", "text": "address"},
    {"check": "spf", "outlook": "bad", "text": "result fail: the domain does not send from there"},
    {"check": "end", "outlook": "good", "text": "nothing speaks against it", "decided": True},
    {"check": "verdict", "result": "accept", "reason": "no-bad-signals", "nearest": ["refused if it rained"]},
)
REFUSED = NewRefusal(
    envelope_from="eve@x.example",
    envelope_to="mox@localhost",
    remote_ip="192.0.2.2",
    author="eve@x.example",
    subject="pills \x1b[31m",
    message_id="",
    size=10,
    reply="451 4.3.0 no",
    reason="junk-content",
    decisions=({**STEPS[1], "decided": True}, {**STEPS[3], "result": "refuse", "reason": "junk-content"}),
    kept_id=7,
)


@pytest.fixture
async def local(tmp_path: Path, clock: FakeClock) -> AsyncIterator[LocalServer]:
    async with asyncio.timeout(30), local_server(tmp_path / "local", clock) as started:
        store = started.server.store
        account = store.account("mox")
        arrival = Arrival("ann@x.example", "mox@localhost", "192.0.2.1", decisions=STEPS)
        await depositor(store)(account, b"\r\n", arrival=arrival)
        await depositor(store)(account, b"\r\n")
        await account.write(lambda tx: note_refusal(tx.connection, REFUSED, tx.now))
        yield started


async def mox(run: Run, tmp_path: Path, *arguments: str) -> Outcome:
    config = str(tmp_path / "local" / "mox.toml")
    return await asyncio.to_thread(run, "--config", config, "message", *arguments)


async def test_why_in_words(local: LocalServer, run: Run, tmp_path: Path) -> None:
    done = await mox(run, tmp_path, "why", "mox", "1")
    assert (done.status, done.out) == (
        0,
        """2030-01-01 00:00:00 from <ann@x.example> [192.0.2.1]
to mox@localhost, now in Inbox

  recipient      address
- spf            result fail: the domain does not send from there
+ end            nothing speaks against it  <- decided

accepted, reason no-bad-signals
  refused if it rained
""",
    )
    assert "no check was made" in (await mox(run, tmp_path, "why", "mox", "2")).out


async def test_why_for_scripts(local: LocalServer, run: Run, tmp_path: Path) -> None:
    found = json.loads((await mox(run, tmp_path, "why", "mox", "1", "--json")).out)
    assert found["steps"] == list(STEPS)


async def test_refused_mail(local: LocalServer, run: Run, tmp_path: Path) -> None:
    listed = (await mox(run, tmp_path, "refused", "mox")).out
    assert listed.startswith(
        "   r1 2030-01-01 00:00:00 junk-content         eve@x.example -> mox@localhost: pills "
    )
    assert listed.endswith("(kept as 7)\n")
    assert "\x1b" not in listed
    told = (await mox(run, tmp_path, "why", "mox", "r1")).out
    assert "answered 451 4.3.0 no\n" in told
    assert "refused, reason junk-content\n" in told
    assert json.loads((await mox(run, tmp_path, "refused", "mox", "--json")).out)[0]["kept_id"] == 7


async def test_what_is_not_there(local: LocalServer, run: Run, tmp_path: Path) -> None:
    done = await mox(run, tmp_path, "why", "mox", "99")
    assert (done.status, done.err) == (1, "mox: account mox has no message 99\n")
