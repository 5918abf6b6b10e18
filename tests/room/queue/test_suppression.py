"""Addresses that nothing is sent to any more."""

import pytest

from mox.queue import Failed, Queue, Result, Retry
from mox.queue.suppression import base_address, is_lasting
from mox.store import Store
from moxkit.testing import FakeClock
from room.queue.remote import NEVER, OK, Remote, add, work


@pytest.mark.parametrize(
    ("address", "base"),
    [
        ("User@Example.org", "user@example.org"),
        ("first.last+shop@example.org", "firstlast@example.org"),
        ("sales-fr@example.org", "sales-fr@example.org"),
        ("+x@example.org", "+x@example.org"),
        ("...@example.org", "...@example.org"),
        ("x@[192.0.2.1]", "x@[192.0.2.1]"),
    ],
)
def test_base_address(address: str, base: str) -> None:
    assert base_address(address) == base


@pytest.mark.parametrize(
    ("code", "enhanced", "lasting"),
    [
        (550, "5.1.1", True),
        (550, "5.0.0", True),
        (521, "", True),
        (554, "5.0.0", False),
        (554, "5.2.1", True),
        (552, "5.2.2", False),
        (550, "5.7.1", True),
        # Whoever is refused for a lack of signatures writes again when there are some.
        (550, "5.7.26", False),
        (None, "5.1.2", False),
    ],
)
def test_which_refusals_last(code: int | None, enhanced: str, lasting: bool) -> None:
    assert is_lasting(Failed(code, enhanced, "no")) is lasting


async def attempt(queue: Queue, store: Store, clock: FakeClock, recipient: str) -> None:
    await add(queue, store, recipient)
    await work(queue, clock, lambda: not queue.entries())


async def test_an_address_that_nobody_has_is_tried_once(
    queue: Queue, store: Store, clock: FakeClock, remote: Remote, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    remote.answer = lambda _m, _e: NEVER
    await attempt(queue, store, clock, "j.doe@x.example")
    [listed] = queue.suppressions.list_("mox")
    assert (listed.base_address, listed.address, listed.is_manual) == (
        "jdoe@x.example",
        "j.doe@x.example",
        False,
    )
    assert listed.reason == "delivery failed: 550 5.1.1 nobody"
    assert "address is on the suppression list now" in caplog.messages
    await attempt(queue, store, clock, "JDoe+again@X.example")
    assert len(remote.seen) == 1
    [_, (recipient, result)] = remote.finished_entries
    assert recipient == "JDoe+again@X.example"
    assert isinstance(result, Failed)
    assert (result.code, result.enhanced) == (None, "5.7.1")
    assert "suppression list since 2030-01-01: delivery failed: 550 5.1.1 nobody" in result.text
    # What is on the list already, and what we say ourselves, changes nothing.
    assert queue.suppressions.list_() == [listed]
    assert await queue.suppressions.remove("mox", "jdoe@x.example")
    remote.answer = lambda _m, _e: OK
    await attempt(queue, store, clock, "j.doe@x.example")
    assert len(remote.seen) == 2


async def test_only_the_address_is_left_out(
    queue: Queue, store: Store, clock: FakeClock, remote: Remote
) -> None:
    await queue.suppressions.add("mox", "b@x.example", "asked us to stop")
    await queue.suppressions.add("other", "a@x.example", "theirs")
    await add(queue, store, "a@x.example", "b@x.example")
    await work(queue, clock, lambda: not queue.entries())
    assert [seen[1] for seen in remote.seen] == [("a@x.example",)]
    assert {r: type(result).__name__ for r, result in remote.finished_entries} == {
        "a@x.example": "Delivered",
        "b@x.example": "Failed",
    }


@pytest.mark.parametrize(
    ("answers", "is_listed"),
    [
        ([Failed(554, "5.0.0", "spam")] * 3, True),
        ([Failed(554, "5.0.0", "spam")] * 2, False),
        (
            [Failed(554, "5.0.0", "spam"), OK, Failed(554, "5.0.0", "spam"), Failed(554, "5.0.0", "spam")],
            False,
        ),
        ([Failed(None, "5.1.2", "no domain")] * 3, False),
    ],
)
async def test_an_address_that_refuses_again_and_again(
    queue: Queue, store: Store, clock: FakeClock, remote: Remote, answers: list[Result], is_listed: bool
) -> None:
    for answer in answers:
        remote.answer = lambda _m, _e, answer=answer: answer  # type: ignore[misc]  # bound now
        clock.jump(60)
        await attempt(queue, store, clock, "x@x.example")
    assert (queue.suppressions.find("mox", "x@x.example") is not None) is is_listed


async def test_trouble_that_passes_puts_nobody_on_the_list(
    queue: Queue, store: Store, clock: FakeClock, remote: Remote
) -> None:
    remote.answer = lambda _m, _e: Retry(450, "4.1.1", "not now")
    await add(queue, store, "x@x.example")
    await work(queue, clock, lambda: len(remote.seen) == 1)
    assert queue.suppressions.list_() == []


async def test_a_person_keeps_the_last_word_on_the_reason(queue: Queue, clock: FakeClock) -> None:
    await queue.suppressions.add("mox", "x@x.example", "first")
    clock.jump(10)
    await queue.suppressions.add("mox", "X+y@x.example", "second")
    [listed] = queue.suppressions.list_()
    assert (listed.address, listed.reason, listed.is_manual) == ("x@x.example", "second", True)
    assert not await queue.suppressions.remove("mox", "y@x.example")
    await queue.suppressions.remove_account("mox")
    assert queue.suppressions.list_() == []
