"""Work in threads comes one after the other, even if nobody waits for it any more."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from mox.runtime import Lane


async def test_what_was_cancelled_still_comes_first(pool: ThreadPoolExecutor) -> None:
    lane, goes_on, done = Lane(pool), threading.Event(), list[str]()

    def first() -> None:
        goes_on.wait(20)
        done.append("first")

    waiting = asyncio.ensure_future(lane.run(first))
    await asyncio.sleep(0)
    waiting.cancel()
    then = asyncio.ensure_future(lane.run(lambda: done.append("second")))
    await asyncio.sleep(0.001)
    assert (lane.is_idle, done) == (False, [])
    goes_on.set()
    await then
    assert (lane.is_idle, done) == (True, ["first", "second"])
