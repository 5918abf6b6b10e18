"""Turns go to who came first, come back when they are given up, and are never lost."""

import asyncio

from mox.runtime import Turn, Turns
from room.waiting import reached


class Crowd:
    """Tasks that have a turn each, until they are told to go on."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self.events: list[str] = []
        self.goes_on: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def come(self, *names: str) -> None:
        for name in names:
            self.goes_on[name] = asyncio.Event()
            self.tasks[name] = asyncio.ensure_future(self._have(name))
        await self.settle()

    async def _have(self, name: str) -> None:
        async with self._turns.turn():
            self.events.append(f"{name} begins")
            await self.goes_on[name].wait()

    async def leave(self, *names: str) -> None:
        for name in names:
            self.goes_on[name].set()
        await self.settle()

    async def settle(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)


async def test_first_come_first_served() -> None:
    crowd = Crowd(Turns(2))
    await crowd.come("a", "b", "c", "d")
    assert crowd.events == ["a begins", "b begins"]
    await crowd.leave("b")
    assert crowd.events[2:] == ["c begins"]
    await crowd.leave("a", "c", "d")
    await crowd.come("e", "f", "g")
    assert crowd.events[3:] == ["d begins", "e begins", "f begins"]
    await crowd.leave("e", "f", "g")


async def test_who_gave_it_up_is_before_later_ones() -> None:
    turns, answered, events = Turns(1), asyncio.Event(), list[str]()

    async def asks() -> None:
        async with turns.turn() as turn:
            async with turn.given_up():
                await answered.wait()
            events.append("asked")

    asking = asyncio.ensure_future(asks())
    await asyncio.sleep(0)
    crowd = Crowd(turns)
    await crowd.come("a", "b")
    assert crowd.events == ["a begins"]
    answered.set()
    await crowd.settle()
    assert not events
    await crowd.leave("a")
    assert (events, crowd.events) == (["asked"], ["a begins", "b begins"])
    await crowd.leave("b")
    await asking


async def test_several_of_one_task_give_it_up_side_by_side() -> None:
    turns = Turns(1)

    async def ask(turn: Turn) -> None:
        async with turn.given_up():
            await asyncio.sleep(0)

    async with turns.turn() as turn:
        await asyncio.gather(*(ask(turn) for _ in range(3)))
        crowd = Crowd(turns)
        await crowd.come("a")
        assert not crowd.events
    await crowd.settle()
    assert crowd.events == ["a begins"]
    await crowd.leave("a")


async def test_who_stops_waiting_takes_none() -> None:
    crowd = Crowd(Turns(1))
    await crowd.come("a", "b", "c")
    crowd.tasks["b"].cancel()
    await crowd.leave("a")
    assert crowd.events == ["a begins", "c begins"]
    # Its turn came in the moment in which it was stopped.
    await crowd.come("d", "e")
    crowd.goes_on["c"].set()
    await asyncio.sleep(0)
    crowd.tasks["d"].cancel()
    await crowd.settle()
    assert crowd.events[-1] == "e begins"
    await crowd.leave("e")


async def test_who_takes_long_keeps_nobody_waiting() -> None:
    crowd = Crowd(Turns(1, longest_s=0.001))
    await crowd.come("a")
    await crowd.come("b")
    await reached(lambda: "b begins" in crowd.events)
    # What ended by itself does not end again.
    await crowd.leave("a", "b")
    crowd = Crowd(Turns(1, longest_s=60))
    await crowd.come("c", "d")
    assert crowd.events == ["c begins"]
    await crowd.leave("c", "d")
