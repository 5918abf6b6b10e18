"""Why mail was taken or refused, as the command line asks for it."""

from pathlib import Path
from typing import Any

import pytest

from mox.control import WhyCommands
from mox.control.server import CommandRefusedError
from mox.store import Arrival, NewRefusal, Store, note_refusal
from room.deposits import depositor

STEPS = (
    {"check": "spf", "outlook": "good", "text": "result pass"},
    {"check": "verdict", "result": "accept", "reason": "no-bad-signals", "nearest": []},
)


@pytest.fixture
async def commands(store: Store, tmp_path: Path) -> WhyCommands:
    """An account with a message that came, one that was written here, and a refusal."""
    account, deposit = store.account("mox"), depositor(store)
    arrival = Arrival("ann@x.example", "mox@mox.example", "192.0.2.1", decisions=STEPS)
    await deposit(account, b"Subject: hello\r\n\r\n", arrival=arrival)
    await deposit(account, b"Subject: note\r\n\r\n", "Drafts")
    refused = NewRefusal(
        envelope_from="eve@x.example",
        envelope_to="mox@mox.example",
        remote_ip="192.0.2.2",
        author="eve@x.example",
        subject="pills",
        message_id="",
        size=10,
        reply="451 4.3.0 no",
        reason="junk-content",
        decisions=STEPS,
    )
    await account.write(lambda tx: note_refusal(tx.connection, refused, tx.now))
    return WhyCommands(store=store)


async def test_a_message_tells_all_steps(commands: WhyCommands) -> None:
    found = await commands.why({"account": "mox", "id": "1"})
    assert found == {
        "id": "1",
        "received_at": 1893456000,
        "mailbox": "Inbox",
        "envelope_from": "ann@x.example",
        "envelope_to": "mox@mox.example",
        "remote_ip": "192.0.2.1",
        "steps": STEPS,
    }


async def test_what_did_not_come_by_smtp_has_no_steps(commands: WhyCommands) -> None:
    found: Any = await commands.why({"account": "mox", "id": 2})
    assert (found["remote_ip"], found["steps"]) == (None, ())


async def test_refusals(commands: WhyCommands) -> None:
    found: Any = await commands.refused({"account": "mox"})
    [listed] = found
    assert (listed["id"], listed["subject"], listed["steps"]) == ("r1", "pills", STEPS)
    assert await commands.why({"account": "mox", "id": "r1"}) == listed


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"account": "mox", "id": "x"}, "'x' is not a number"),
        ({"account": "mox", "id": "3"}, "account mox has no message 3"),
        ({"account": "mox", "id": "r2"}, "account mox has no refusal r2"),
        ({"account": "a/b", "id": "1"}, "there is no account 'a/b'"),
    ],
)
async def test_what_cannot_be_told(commands: WhyCommands, arguments: dict[str, str], says: str) -> None:
    with pytest.raises(CommandRefusedError, match=says):
        await commands.why(arguments)
