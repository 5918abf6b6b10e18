"""Connections that wait for the next message: when they are used again, and when they are closed."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from ipaddress import ip_address

import pytest

from kit.smtpclient.mailhost import HOST, Server, running
from mox.outgoing import Connections
from moxkit.smtp import MailFrom, RcptTo, parse_path
from moxkit.smtpclient import (
    Dialer,
    HostConnection,
    Letter,
    NotSent,
    TlsPolicy,
    TlsUse,
    Verification,
)
from moxkit.testing import FakeClock

POLICY = TlsPolicy(TlsUse.NONE, Verification.NONE, ())


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def everything(_: HostConnection) -> bool:
    return True


async def dial(dialer: Dialer) -> HostConnection:
    connection = await dialer.dial(HOST, [ip_address("127.0.0.1")], POLICY)
    assert isinstance(connection, HostConnection)
    return connection


async def send(connection: HostConnection) -> None:
    def content() -> Iterator[bytes]:
        yield b"Subject: x\r\n"

    letter = Letter(MailFrom(None), (RcptTo(parse_path("you@mox.example")),), content)
    assert not isinstance(await connection.send(letter), NotSent)


@asynccontextmanager
async def opened(connections: Connections) -> AsyncIterator[tuple[Dialer, Server]]:
    server = Server()
    async with running(server) as dialer:
        try:
            yield dialer, server
        finally:
            await connections.close()


async def closed(server: Server, count: int = 1) -> None:
    async with asyncio.timeout(5):
        while server.commands.count("QUIT") < count:  # noqa: ASYNC110  the server sets no event
            await asyncio.sleep(0.001)


async def test_the_next_message_to_the_same_place_takes_it(clock: FakeClock) -> None:
    connections = Connections(clock)
    async with opened(connections) as (dialer, server):
        lease = connections.opened("here", await dial(dialer))
        await send(lease.connection)
        assert connections.take("here", everything) is None
        connections.give_back(lease)
        assert connections.take("elsewhere", everything) is None
        assert connections.take("here", lambda _: False) is None
        assert connections.take("here", everything) is lease
        assert connections.take("here", everything) is None
        await send(lease.connection)
        connections.give_back(lease)
    assert len(server.taken) == 2
    assert [each.split()[0] for each in server.commands] == ["EHLO", *["MAIL", "RCPT", "DATA"] * 2, "QUIT"]


async def test_it_waits_for_some_seconds_only(clock: FakeClock) -> None:
    connections = Connections(clock, idle_s=5)
    async with opened(connections) as (dialer, server):
        first, second = [connections.opened("here", await dial(dialer)) for _ in range(2)]
        connections.give_back(first)
        await clock.advance(3)
        connections.give_back(second)
        await clock.advance(2.5)
        await closed(server, 1)
        assert connections.take("here", everything) is second
        assert connections.take("here", everything) is None
        connections.give_back(second)
        await clock.advance(6)
        await closed(server, 2)


async def test_it_is_closed_when_it_has_done_enough(clock: FakeClock) -> None:
    connections = Connections(clock, most_letters=2, longest_s=60)
    async with opened(connections) as (dialer, server):
        busy = connections.opened("here", await dial(dialer))
        for _ in range(2):
            await send(busy.connection)
        connections.give_back(busy)
        await closed(server, 1)
        old = connections.opened("here", await dial(dialer))
        await clock.advance(60)
        connections.give_back(old)
        await closed(server, 2)
        assert connections.take("here", everything) is None


async def test_not_too_many_wait(clock: FakeClock) -> None:
    connections = Connections(clock, most_idle=3, most_idle_of_key=2)
    async with opened(connections) as (dialer, server):
        for key in ("here", "here", "here", "there", "there"):
            connections.give_back(connections.opened(key, await dial(dialer)))
        await closed(server, 2)
        taken = [connections.take(key, everything) for key in ("here", "here", "here", "there", "there")]
        assert [each is None for each in taken] == [False, False, True, False, True]
        for lease in taken:
            if lease is not None:
                connections.discard(lease)


async def test_one_that_is_over_is_not_kept(clock: FakeClock) -> None:
    connections = Connections(clock)
    async with opened(connections) as (dialer, _):
        lease = connections.opened("here", await dial(dialer))
        await lease.connection.close()
        connections.give_back(lease)
        assert connections.take("here", everything) is None


async def test_closing_closes_those_that_wait_and_keeps_none_after(clock: FakeClock) -> None:
    connections = Connections(clock)
    async with opened(connections) as (dialer, server):
        waiting = connections.opened("here", await dial(dialer))
        busy = connections.opened("here", await dial(dialer))
        connections.give_back(waiting)
        await connections.close()
        assert server.commands.count("QUIT") == 1
        connections.give_back(busy)
        assert connections.take("here", everything) is None
        await closed(server, 2)
