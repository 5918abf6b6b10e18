"""Filters mean what they say, alone and together; sorting and limits."""

from datetime import UTC, datetime, timedelta

import pytest

from mox.queue import EntryFilter, EntrySort, NewMessage, NewRecipient, Period, Queue
from mox.store import Store
from moxkit.testing import FakeClock
from room.queue.remote import OCTETS

PAT, MOX = ("pat", "Pat@Other.example"), ("mox", "a@here.example")


@pytest.fixture
async def filled(queue: Queue, store: Store, clock: FakeClock) -> Queue:
    """Six entries, queued a minute apart; one on hold, one due in an hour, one on another way."""
    for (account, sender), recipient in [
        (MOX, "x@one.example"),
        (MOX, "y@Two.example"),
        (PAT, "x@one.example"),
        (PAT, "x@one.example.org"),
        (MOX, '"@one.example"@three.example'),
        (("mox", ""), "nobody@four.example"),
    ]:
        spool = store.spools.new()
        spool.write(OCTETS)
        content, _ = await store.prepare(spool)
        await queue.add(NewMessage(account, sender, (NewRecipient(recipient),), b"", False, False), content)
        spool.discard()
        clock.jump(60)
    await queue.steering.set_hold(EntryFilter(ids=(1,)), hold=True)
    await queue.steering.add_time(EntryFilter(ids=(2,)), timedelta(hours=1))
    await queue.steering.set_transport(EntryFilter(ids=(4,)), "out")
    return queue


def ago(clock: FakeClock, minutes: float) -> datetime:
    return clock.now() - timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (EntryFilter(), [1, 3, 4, 5, 6, 2]),
        (EntryFilter(ids=(3, 1, 99)), [1, 3]),
        (EntryFilter(ids=()), []),
        (EntryFilter(account="pat"), [3, 4]),
        (EntryFilter(account="nobody"), []),
        (EntryFilter(sender="pat@other.EXAMPLE"), [3, 4]),
        (EntryFilter(sender="@here"), [1, 5, 2]),
        (EntryFilter(recipient="@one.example"), [1, 3, 4, 5]),
        (EntryFilter(recipient="@two.example"), [2]),
        (EntryFilter(recipient="%"), []),
        (EntryFilter(recipient="\ud800"), []),
        (EntryFilter(hold=True), [1]),
        (EntryFilter(hold=False), [3, 4, 5, 6, 2]),
        (EntryFilter(transport="out"), [4]),
        (EntryFilter(transport=""), [1, 3, 5, 6, 2]),
        (EntryFilter(limit=2), [1, 3]),
        (EntryFilter(limit=0), []),
        (EntryFilter(account="mox", recipient="x@", hold=True), [1]),
        (EntryFilter(account="pat", hold=True), []),
    ],
)
def test_entries_that_match(filled: Queue, wanted: EntryFilter, ids: list[int]) -> None:
    assert [e["id"] for e in filled.steering.entries(wanted)] == ids


def test_times(filled: Queue, clock: FakeClock) -> None:
    def ids(**periods: Period) -> list[object]:
        return [e["id"] for e in filled.steering.entries(EntryFilter(**periods))]  # type: ignore[arg-type]  # periods only

    assert ids(queued=Period(before=ago(clock, 4.5))) == [1, 2]
    assert ids(queued=Period(after=ago(clock, 2.5))) == [5, 6]
    assert ids(queued=Period(after=ago(clock, 4.5), before=ago(clock, 2.5))) == [3, 4]
    assert ids(due=Period(after=clock.now())) == [2]
    assert ids(due=Period(before=clock.now())) == [1, 3, 4, 5, 6]


def test_sorting(filled: Queue) -> None:
    def ids(sort: EntrySort, is_descending: bool) -> list[object]:
        found = filled.steering.entries(EntryFilter(limit=3), sort, is_descending=is_descending)
        return [e["id"] for e in found]

    assert ids(EntrySort.NEXT_ATTEMPT, False) == [1, 3, 4]
    assert ids(EntrySort.NEXT_ATTEMPT, True) == [2, 6, 5]
    assert ids(EntrySort.QUEUED, False) == [1, 2, 3]
    assert ids(EntrySort.QUEUED, True) == [6, 5, 4]


def test_a_filter_knows_whether_it_means_everything() -> None:
    assert EntryFilter().is_everything
    assert EntryFilter(limit=5).is_everything
    assert not EntryFilter(hold=False).is_everything
    assert not EntryFilter(ids=()).is_everything
    assert not EntryFilter(due=Period(before=datetime(2030, 1, 1, tzinfo=UTC))).is_everything
