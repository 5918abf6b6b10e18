"""What a submission asked for stays with its entries: notifications, a later release."""

from dataclasses import replace
from datetime import timedelta

from mox.queue import NewMessage, NewRecipient, Queue, QueuedEntry, QueuedMessage, Result
from mox.store import Store
from moxkit.smtp import Notify, RecipientAddress, Ret
from moxkit.testing import FakeClock
from room.queue.remote import LATER, OK, Remote, put, work

ASKED = frozenset({Notify.SUCCESS, Notify.DELAY})
ORCPT = RecipientAddress("rfc822", "Bob;Smith@one.example")
NEW = NewMessage(
    "mox",
    "a@here.example",
    (NewRecipient("x@one.example", ASKED, ORCPT), NewRecipient("y@one.example")),
    b"Received: x\r\n",
    False,
    False,
)


async def test_wishes_come_to_the_delivery_and_to_lists(
    queue: Queue, remote: Remote, store: Store, clock: FakeClock
) -> None:
    seen: list[tuple[QueuedMessage, QueuedEntry]] = []

    def answer(message: QueuedMessage, entry: QueuedEntry) -> Result:
        seen.append((message, entry))
        return OK

    remote.answer = answer
    await put(queue, store, replace(NEW, ret=Ret.HDRS, envid="QQ 314159", transport="smarthost"))
    shown = {"notify": "DELAY,SUCCESS", "original_recipient": "rfc822;Bob;Smith@one.example"}
    shown |= {"transport": "smarthost", "envelope_id": "QQ 314159"}
    assert shown.items() <= queue.entries()[0].items()
    await work(queue, clock, lambda: not queue.entries())
    (message, x), (_, y) = seen
    assert (message.ret, message.envid, message.transport) == (Ret.HDRS, "QQ 314159", "smarthost")
    assert (x.notify, x.orcpt) == (ASKED, ORCPT)
    assert (y.notify, y.orcpt) == (frozenset(), None)
    assert shown.items() <= queue.steering.retired()[1].items()


async def test_a_later_release_is_waited_for_and_patience_begins_with_it(
    queue: Queue, remote: Remote, store: Store, clock: FakeClock
) -> None:
    remote.answer = lambda _m, _e: LATER
    release_at = clock.now().replace(microsecond=0) + timedelta(days=3)
    await put(queue, store, replace(NEW, release_at=release_at, future_release="for;259200"))
    assert {e["due_at"] for e in queue.entries()} == {int(release_at.timestamp())}
    assert {e["future_release"] for e in queue.entries()} == {"for;259200"}
    queue._start_due()
    assert not queue._in_progress
    clock.jump(3 * 24 * 3600)
    await work(queue, clock, lambda: len(remote.seen) == 1)
    # Three days old, with an hour of patience, and not given up.
    assert len(queue.entries()) == 2
    assert remote.finished_entries == []
    clock.jump(3600)
    await work(queue, clock, lambda: not queue.entries())
    assert [result.text for _, result in remote.finished_entries] == ["gave up after 1:00:00: busy"] * 2


async def test_a_release_in_the_past_is_now(queue: Queue, store: Store, clock: FakeClock) -> None:
    await put(queue, store, replace(NEW, release_at=clock.now() - timedelta(hours=1)))
    assert {e["due_at"] for e in queue.entries()} == {int(clock.now().timestamp())}
