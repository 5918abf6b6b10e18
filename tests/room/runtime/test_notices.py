"""Notices between processes: heard by all others, each at least once, however slow somebody is."""

import asyncio
import logging
import socket
from collections.abc import Iterator

import pytest

from mox.runtime import Notices
from room.waiting import reached


@pytest.fixture
def crew() -> Iterator[list[Notices]]:
    pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(3)]
    yield [
        Notices(own, {other: pair[1].dup() for other, pair in enumerate(pairs) if other != number})
        for number, (own, _) in enumerate(pairs)
    ]
    for _, end in pairs:
        end.close()


async def test_all_others_hear(crew: list[Notices]) -> None:
    heard: list[tuple[int, str]] = []
    for number, each in enumerate(crew):
        each.on("account", lambda text, number=number: heard.append((number, text)))  # type: ignore[misc]  # bound now
        each.start()
    crew[1].tell("account", "müller")
    crew[1].tell("weather", "rain")
    await reached(lambda: sorted(heard) == [(0, "müller"), (2, "müller")])
    for each in crew:
        each.close()


async def test_what_finds_no_room_waits_and_is_said_once(crew: list[Notices]) -> None:
    heard: list[str] = []
    names = [f"account {number}" for number in range(3000)]
    for name in (*names, *names):
        crew[0].tell("account", name)
    crew[2].on("account", heard.append)
    crew[2].start()
    await reached(lambda: set(heard) == set(names))
    # Those that were in the socket already came again; those that waited did not.
    assert len(heard) < len(names) * 1.5
    for each in crew:
        each.close()


async def test_one_that_crashes_is_logged(crew: list[Notices], caplog: pytest.LogCaptureFixture) -> None:
    heard: list[str] = []

    def crash(_: str) -> None:
        raise ValueError("a bug")

    crew[0].on("bad", crash)
    crew[0].on("good", heard.append)
    crew[0].start()
    crew[1].tell("bad", "x")
    crew[1].tell("good", "x")
    with caplog.at_level(logging.ERROR):
        await reached(lambda: heard == ["x"])
    assert "notice of another worker crashed" in caplog.text
    for each in crew:
        each.close()


async def test_alone_nobody_is_told() -> None:
    alone = Notices()
    alone.start()
    alone.tell("account", "x")
    await asyncio.sleep(0)
    alone.close()
