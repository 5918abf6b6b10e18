"""How much an account may send in a day."""

import asyncio

import pytest

from mox.queue import (
    FromIdTakenError,
    LimitKind,
    NewMessage,
    NewRecipient,
    Queue,
    SendLimitError,
    SendLimits,
)
from mox.store import Store
from moxkit.testing import FakeClock
from room.queue.remote import OCTETS, Remote, work

DAY_S = 24 * 3600


async def send(
    queue: Queue,
    store: Store,
    limits: SendLimits | None,
    *recipients: str,
    account: str = "mox",
    from_id: str = "",
) -> list[int]:
    spool = store.spools.new()
    spool.write(OCTETS)
    content, _ = await store.prepare(spool)
    given = tuple(map(NewRecipient, recipients))
    new = NewMessage(account, "a@here.example", given, b"", False, False, from_id=from_id)
    try:
        return await queue.add_all([new], content, limits=limits)
    finally:
        spool.discard()


async def test_recipients_of_a_day(queue: Queue, store: Store, clock: FakeClock) -> None:
    limits = SendLimits(3, 100)
    await send(queue, store, limits, "a@x.example", "b@x.example")
    with pytest.raises(SendLimitError, match="at most 3 recipients in 24 hours") as refused:
        await send(queue, store, limits, "a@x.example", "b@x.example")
    assert (refused.value.kind, refused.value.limit) == (LimitKind.RECIPIENTS, 3)
    assert len(queue.entries()) == 2
    # What was refused was not counted, nor is anybody else's.
    await send(queue, store, limits, "a@x.example")
    await send(queue, store, limits, "a@x.example", account="other")
    clock.jump(DAY_S - 1)
    with pytest.raises(SendLimitError):
        await send(queue, store, limits, "a@x.example")
    clock.jump(1)
    await send(queue, store, limits, "a@x.example")


async def test_new_recipients_of_a_day(queue: Queue, store: Store, clock: FakeClock) -> None:
    limits = SendLimits(100, 2)
    await send(queue, store, limits, "a@x.example", "b@x.example")
    with pytest.raises(SendLimitError, match="at most 2 new recipients in 24 hours"):
        await send(queue, store, limits, "c@x.example")
    # Whom it knows it may write to.
    await send(queue, store, limits, "A@X.example", "b@x.example")
    clock.jump(DAY_S)
    await send(queue, store, limits, "a@x.example", "c@x.example", "d@x.example")
    with pytest.raises(SendLimitError):
        await send(queue, store, limits, "e@x.example")


async def test_without_limits_all_is_counted_for_later(queue: Queue, store: Store) -> None:
    await send(queue, store, None, *(f"u{n}@x.example" for n in range(50)))
    await send(queue, store, SendLimits(51, 0), "u7@x.example")
    with pytest.raises(SendLimitError):
        await send(queue, store, SendLimits(51, 0), "u7@x.example")


async def test_a_crowd_at_once_keeps_to_the_limit(queue: Queue, store: Store) -> None:
    sending = (send(queue, store, SendLimits(20, 100), f"u{n}@x.example") for n in range(50))
    results = await asyncio.gather(*sending, return_exceptions=True)
    assert sum(isinstance(each, SendLimitError) for each in results) == 30
    assert len(queue.entries()) == 20
    assert len([path for path in queue._files.root.rglob("*") if path.is_file()]) == 20


async def test_a_unique_return_path_is_taken_once(
    queue: Queue, store: Store, clock: FakeClock, remote: Remote
) -> None:
    await send(queue, store, None, "a@x.example", from_id="one")
    with pytest.raises(FromIdTakenError):
        await send(queue, store, None, "a@x.example", from_id="one")
    await work(queue, clock, lambda: not queue.entries())
    # The account's retired messages are kept, and with them what came back to the path.
    with pytest.raises(FromIdTakenError):
        await send(queue, store, None, "a@x.example", from_id="one")
    await send(queue, store, None, "a@x.example", from_id="two")
