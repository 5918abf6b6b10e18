"""The clock of tests: order of waking, and that nothing moves by itself."""

import asyncio
import datetime as dt

import pytest

from moxkit.testing import FakeClock


async def test_wakes_in_order_each_at_its_own_time() -> None:
    clock, woken = FakeClock(), list[tuple[str, float]]()
    start = clock.monotonic()

    async def sleeper(name: str, *seconds: float) -> None:
        for each in seconds:
            await clock.sleep(each)
            woken.append((name, clock.monotonic() - start))

    tasks = [asyncio.ensure_future(sleeper("late", 30)), asyncio.ensure_future(sleeper("twice", 10, 15))]
    await clock.advance(26)
    assert woken == [("twice", 10), ("twice", 25)]
    assert clock.sleeping == 1
    await clock.advance(dt.timedelta(seconds=4))
    assert woken[2:] == [("late", 30)]
    await asyncio.gather(*tasks)


async def test_cancelled_sleeper_is_forgotten() -> None:
    clock = FakeClock()
    task = asyncio.ensure_future(clock.sleep(5))
    await clock.advance(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert clock.sleeping == 0
    await clock.advance(10)


def test_jump_moves_both_clocks() -> None:
    clock = FakeClock(dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    before = clock.monotonic()
    clock.jump(dt.timedelta(days=1))
    assert clock.now() == dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    assert clock.monotonic() - before == 86400
