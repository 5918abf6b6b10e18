"""The queue as the command line sees it: what is asked for, what is refused, how answers are shown."""

from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mox.control import QueueCommands
from mox.control.server import CommandRefusedError
from mox.queue import NewMessage, NewRecipient, Queue, QueuedMessage, Result
from mox.store import Store
from moxkit.testing import FakeClock

OCTETS = b"Subject: \xff\r\n\r\nbody\r\n"


class Nowhere:
    """Delivers nothing."""

    async def deliver(self, message: QueuedMessage, content: Path) -> Mapping[int, Result]:
        return {}


@pytest.fixture
async def queue(tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor) -> AsyncIterator[Queue]:
    queue = Queue(
        directory=tmp_path,
        clock=clock,
        pool=pool,
        deliverer=Nowhere(),
        keep_retired=lambda _: timedelta(hours=1),
    )
    yield queue
    await queue.close()


@pytest.fixture
async def commands(queue: Queue, store: Store, clock: FakeClock) -> QueueCommands:
    """Return the commands of a queue with three entries."""
    for sender, recipients in (
        ("a@here.example", ("x@one.example", "y@two.example")),
        ("", ("z@one.example",)),
    ):
        spool = store.spools.new()
        spool.write(OCTETS)
        content, _ = await store.prepare(spool)
        await queue.add(
            NewMessage("mox", sender, tuple(map(NewRecipient, recipients)), b"X: y\r\n", False, True), content
        )
        spool.discard()
        clock.jump(60)
    return QueueCommands(queue=queue, clock=clock, transports={"smarthost"})


async def ask(commands: QueueCommands, name: str, /, **arguments: object) -> Any:
    return await commands.table()[name](arguments)


async def ids(commands: QueueCommands, **wanted: object) -> list[int]:
    return [each["id"] for each in await ask(commands, "queuelist", filter=wanted)]


async def test_lists_with_times_and_truths(commands: QueueCommands, clock: FakeClock) -> None:
    queued_at = (clock.now() - timedelta(minutes=2)).replace(microsecond=0).isoformat()
    [entry] = await ask(commands, "queuelist", filter={"limit": 1})
    assert entry == {
        "id": 1,
        "recipient": "x@one.example",
        "due_at": queued_at,
        "attempts": 0,
        "hold": False,
        "account": "mox",
        "from": "a@here.example",
        "size": 6 + len(OCTETS),
        "subject": "",
        "queued_at": queued_at,
        "last_attempt_at": None,
        "require_tls": None,
        "transport": "",
        "notify": "",
        "original_recipient": "",
        "envelope_id": "",
        "future_release": "",
        "message_id": "",
        "queue_message_id": 1,
        "error": None,
    }


async def test_filters(commands: QueueCommands) -> None:
    assert await ids(commands) == [1, 2, 3]
    assert await ids(commands, ids=[2, 3]) == [2, 3]
    assert await ids(commands, to="@one.example", submitted="<-90s") == [1]
    assert await ids(commands, submitted=">-90s") == [3]
    assert await ids(commands, nextattempt="<now", **{"from": "@here"}) == [1, 2]
    assert await ids(commands, nextattempt="> 1h") == []
    assert await ids(commands, hold=True) == []
    assert await ids(commands, account=None, limit=2) == [1, 2]


async def test_order(commands: QueueCommands) -> None:
    found = await ask(commands, "queuelist", sort="queued", descending=True)
    assert [each["id"] for each in found] == [3, 2, 1]


@pytest.mark.parametrize(
    "wanted",
    [
        {"surprise": 1},
        {"ids": 1},
        {"ids": ["1"]},
        {"ids": [True]},
        {"ids": [2**63]},
        {"limit": -1},
        {"submitted": "1h"},
        {"submitted": "<1d"},
        {"submitted": "<+1h"},
        {"submitted": "<--1h"},
        {"nextattempt": ">99999999h"},
        {"nextattempt": "<" + "9" * 5000 + "h"},
        [1],
    ],
    ids=str,
)
async def test_filters_that_are_refused(commands: QueueCommands, wanted: object) -> None:
    for name in ("queuelist", "queuefail", "queuedrop"):
        with pytest.raises(CommandRefusedError):
            await ask(commands, name, filter=wanted, all=True)
    assert await ids(commands) == [1, 2, 3]


async def test_hold_schedule_and_tls(commands: QueueCommands, clock: FakeClock) -> None:
    changed = {"changed": 1, "under_way": 0}
    assert await ask(commands, "queueholdset", filter={"ids": [1]}, hold=True) == changed
    assert await ask(commands, "queueschedule", filter={"ids": [2]}, duration="1h") == changed
    assert await ask(commands, "queueschedule", filter={"ids": [3]}, duration="-1h", now=True) == changed
    assert await ask(commands, "queuerequiretls", filter={"ids": [3]}, value="no") == changed
    third, first, second = await ask(commands, "queuelist")
    now = clock.now().replace(microsecond=0)
    assert (first["hold"], third["require_tls"]) == (True, False)
    assert third["due_at"] == (now - timedelta(hours=1)).isoformat()
    assert second["due_at"] == (now + timedelta(minutes=58)).isoformat()
    assert await ask(commands, "queueholdset", hold=False) == changed
    assert await ask(commands, "queuetransport", filter={"ids": [1]}, transport="smarthost") == changed
    assert await ids(commands, transport="smarthost") == [1]
    with pytest.raises(CommandRefusedError, match="no transport 'x': smarthost configured"):
        await ask(commands, "queuetransport", transport="x")
    assert await ask(commands, "queuetransport", transport="default") == changed
    assert await ids(commands, transport="default") == await ids(commands)
    for arguments in ({"duration": "soon"}, {"duration": "99999999h", "now": True}):
        with pytest.raises(CommandRefusedError):
            await ask(commands, "queueschedule", **arguments)
    with pytest.raises(CommandRefusedError):
        await ask(commands, "queuerequiretls", value="maybe")


async def test_what_cannot_be_undone_says_what_is_meant(commands: QueueCommands) -> None:
    for name in ("queuefail", "queuedrop"):
        with pytest.raises(CommandRefusedError, match="say which"):
            await ask(commands, name, filter={"limit": 1})
    assert await ask(commands, "queuefail", filter={"ids": [1]}) == {"changed": 1, "under_way": 0}
    assert await ask(commands, "queuedrop", all=True) == {"changed": 2, "under_way": 0}
    found = await ask(commands, "queueretiredlist", filter={"success": False})
    assert [each["id"] for each in found] == [3, 2, 1]
    assert [each["attempts"][0]["result"] for each in found] == ["dropped", "dropped", "failed"]
    assert found[0]["attempts"][0]["at"] == found[0]["last_activity_at"]
    assert await ask(commands, "queueretiredlist", filter={"lastactivity": "<-1h"}) == []
    assert await ask(commands, "queueretiredlist", sort="queued", descending=False, filter={"limit": 1}) == [
        found[2]
    ]
    with pytest.raises(CommandRefusedError):
        await ask(commands, "queueretiredlist", sort="nextattempt")
    with pytest.raises(CommandRefusedError):
        await ask(commands, "queueretiredlist", filter={"hold": True})


async def test_dump_keeps_each_octet(commands: QueueCommands) -> None:
    assert (await ask(commands, "queuedump", id=3)).encode("latin-1") == b"X: y\r\n" + OCTETS
    with pytest.raises(CommandRefusedError):
        await ask(commands, "queuedump", id=4)


async def test_hold_rules(commands: QueueCommands) -> None:
    rule = await ask(commands, "queueholdrulesadd", recipient_domain="One.example")
    assert rule == {
        "id": 1,
        "account": "",
        "sender_domain": "",
        "recipient_domain": "one.example",
        "held": 2,
    }
    rule.pop("held")
    assert await ask(commands, "queueholdruleslist") == [rule]
    assert await ask(commands, "queueholdrulesremove", id=1) is None
    with pytest.raises(CommandRefusedError):
        await ask(commands, "queueholdrulesremove", id=1)
