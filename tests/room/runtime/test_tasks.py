"""Owned tasks, shutdown and connection ids."""

import asyncio
from datetime import UTC, datetime

import pytest

from mox.runtime import ConnectionIds, Shutdown, Tasks


async def test_a_crash_is_logged_by_its_owner(caplog: pytest.LogCaptureFixture) -> None:
    async def crash() -> None:
        raise LookupError

    tasks = Tasks()
    tasks.spawn(crash(), "crashing")
    assert await tasks.wait(5)
    await asyncio.sleep(0)
    [record] = caplog.records
    assert (record.message, vars(record)["task"]) == ("background task crashed", "crashing")
    assert record.exc_info is not None


async def test_closing_ends_what_still_runs_and_what_it_begins_meanwhile() -> None:
    tasks, ended = Tasks(), list[str]()

    async def run(name: str, *, begets: bool) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)
            if begets:
                tasks.spawn(run("child", begets=False), "child")

    tasks.spawn(run("parent", begets=True), "parent")
    await asyncio.sleep(0)
    assert not await tasks.wait(0)
    await tasks.close()
    assert len(tasks) == 0
    assert ended[0] == "parent"


async def test_the_first_reason_to_end_stays() -> None:
    shutdown = Shutdown()
    assert not shutdown.is_asked
    shutdown.ask("first", 3)
    shutdown.ask("second", 4)
    await shutdown.wait()
    assert (shutdown.is_asked, shutdown.reason, shutdown.code) == (True, "first", 3)


def test_connection_ids_keep_growing_over_restarts() -> None:
    first = ConnectionIds(datetime(2030, 1, 1, tzinfo=UTC))
    ids = [first.take() for _ in range(1000)]
    assert ids == sorted(set(ids))
    assert ConnectionIds(datetime(2030, 1, 1, 0, 0, 1, tzinfo=UTC)).take() > ids[-1]
