"""Writing behind."""

import asyncio

import pytest

from mox.database import WriteBehind
from moxkit.testing import FakeClock


class Written:
    """What is to be written, and what was."""

    def __init__(self) -> None:
        self.pending: list[str] = []
        self.batches: list[list[str]] = []
        self.error: OSError | None = None

    async def write(self) -> None:
        batch, self.pending = self.pending, []
        if self.error is not None:
            raise self.error
        self.batches.append(batch)


async def test_what_comes_within_seconds_is_written_at_once() -> None:
    written, clock = Written(), FakeClock()
    behind = WriteBehind(written.write, clock=clock, what="things")
    for name in ("a", "b"):
        written.pending.append(name)
        behind.soon()
        await clock.advance(2)
    assert written.batches == []
    await clock.advance(2)
    assert written.batches == [["a", "b"]]
    written.pending.append("c")
    behind.soon()
    await clock.advance(6)
    assert written.batches == [["a", "b"], ["c"]]
    await behind.close()


async def test_the_end_writes_what_is_left() -> None:
    written, clock = Written(), FakeClock()
    behind = WriteBehind(written.write, clock=clock, what="things")
    written.pending.append("a")
    behind.soon()
    await asyncio.sleep(0)
    await behind.close()
    assert written.batches == [["a"]]
    await clock.advance(6)
    assert written.batches == [["a"]]


@pytest.mark.parametrize("at_end", [False, True])
async def test_what_cannot_be_written_is_said_and_nothing_stops(
    caplog: pytest.LogCaptureFixture, *, at_end: bool
) -> None:
    written, clock = Written(), FakeClock()
    behind = WriteBehind(written.write, clock=clock, what="things")
    written.error = OSError("disk is full")
    behind.soon()
    if not at_end:
        await clock.advance(6)
        assert [record.message for record in caplog.records] == ["things are lost"]
        written.error = None
        written.pending.append("a")
        behind.soon()
    await behind.close()
    assert "things are lost" in caplog.text
    assert written.batches == ([] if at_end else [["a"]])
