"""MTA-STS policies: kept as long as they say, whatever happens meanwhile (RFC 8461 §3.3, §5.1)."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from mox.database import DriverError
from mox.outgoing import PolicyUnknownError, StsPolicies
from moxkit.domain import parse_domain
from moxkit.https import HttpsError, Response, Stage
from moxkit.mtasts import Mode
from moxkit.testing import FakeClock, FakeResolver

DOMAIN = parse_domain("other.example")
NAME = "_mta-sts.other.example"


class World:
    """DNS and HTTPS of one domain, and the policies kept of it."""

    def __init__(self, directory: Path, clock: FakeClock, pool: ThreadPoolExecutor) -> None:
        self.clock = clock
        self.resolver = FakeResolver()
        self.mode = "enforce"
        self.is_up = True
        self.fetches = 0
        self._directory = directory
        self._pool = pool
        self.policies = self._open()

    def _open(self) -> StsPolicies:
        return StsPolicies(
            directory=self._directory,
            clock=self.clock,
            pool=self._pool,
            resolver=self.resolver,
            get=self._get,
        )

    async def _get(self, url: str, *, max_octets: int) -> Response:
        self.fetches += 1
        if not self.is_up:
            raise HttpsError(Stage.CONNECT, "nobody there")
        text = f"version: STSv1\r\nmode: {self.mode}\r\nmx: mx.mox.example\r\nmax_age: 604800\r\n"
        return Response(200, "text/plain", "utf-8", text.encode())

    def dns(self, id_: str | None, *, temporary: bool = False) -> None:
        """Have a record with an id, none, or no answer; from now on."""
        self.resolver = FakeResolver(
            "" if id_ is None else f'{NAME} TXT "v=STSv1; id={id_};"', temporary=[NAME] if temporary else []
        )
        self.policies._resolver = self.resolver

    async def mode_now(self) -> Mode | None:
        policy = (await self.policies.find(DOMAIN)).policy
        return None if policy is None else policy.mode

    async def reopen(self) -> None:
        await self.policies.close()
        self.policies = self._open()


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor) -> AsyncIterator[World]:
    world = World(tmp_path, clock, pool)
    yield world
    await world.policies.close()


async def test_domains_without_a_record_have_none(world: World) -> None:
    assert await world.mode_now() is None
    assert world.fetches == 0


async def test_is_fetched_once_and_kept_over_restarts(world: World) -> None:
    world.dns("1")
    assert await world.mode_now() is Mode.ENFORCE
    await world.reopen()
    world.dns("1")
    assert await world.mode_now() is Mode.ENFORCE
    assert world.fetches == 1


async def test_a_new_id_means_a_new_policy(world: World) -> None:
    world.dns("1")
    await world.mode_now()
    world.mode = "testing"
    world.dns("2")
    assert await world.mode_now() is Mode.TESTING
    assert world.fetches == 2


@pytest.mark.parametrize("temporary", [True, False])
async def test_who_suppresses_answers_takes_no_policy_away(world: World, temporary: bool) -> None:
    world.dns("1")
    await world.mode_now()
    world.dns(None, temporary=temporary)
    world.is_up = False
    assert await world.mode_now() is Mode.ENFORCE
    world.clock.jump(timedelta(days=7).total_seconds() - 1)
    assert await world.mode_now() is Mode.ENFORCE


async def test_ends_with_its_age(world: World) -> None:
    world.dns("1")
    await world.mode_now()
    world.dns(None)
    world.clock.jump(timedelta(days=7).total_seconds())
    assert await world.mode_now() is None


async def test_a_policy_that_cannot_be_fetched_counts_as_none_for_a_while(world: World) -> None:
    world.dns("1")
    world.is_up = False
    assert await world.mode_now() is None
    assert await world.mode_now() is None
    assert world.fetches == 1
    world.is_up = True
    world.clock.jump(301)
    assert await world.mode_now() is Mode.ENFORCE


async def test_a_newer_one_that_cannot_be_fetched_leaves_the_old_one(world: World) -> None:
    world.dns("1")
    await world.mode_now()
    world.dns("2")
    world.is_up = False
    assert await world.mode_now() is Mode.ENFORCE
    assert await world.mode_now() is Mode.ENFORCE
    assert world.fetches == 2


async def test_dns_that_does_not_answer_may_hide_one(world: World) -> None:
    world.dns(None, temporary=True)
    with pytest.raises(PolicyUnknownError):
        await world.mode_now()


async def test_is_refreshed_before_it_ends_and_forgotten_when_unused(world: World) -> None:
    world.dns("1")
    await world.mode_now()
    for _ in range(10):
        world.clock.jump(timedelta(days=1).total_seconds())
        refreshing = world.policies.refresh()
        await _through(world.clock, refreshing)
    world.dns(None)
    assert await world.mode_now() is Mode.ENFORCE
    assert world.fetches == 11
    world.clock.jump(timedelta(days=181).total_seconds())
    await _through(world.clock, world.policies.refresh())
    assert world.policies._reader.rows("SELECT * FROM policy") == []


async def _through(clock: FakeClock, work: Coroutine[object, object, None]) -> None:
    task = asyncio.ensure_future(work)
    while not task.done():
        await clock.advance(1)
        await asyncio.sleep(0.001)
    await task


async def test_what_cannot_be_kept_counts_all_the_same(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """A full disk is no reason to send in the clear, nor not to send."""
    world.dns("1")
    writing = world.policies._writing
    writing.run(f"PRAGMA max_page_count={writing.value('PRAGMA page_count')}")
    # Until nothing fits any more.
    for size in (1000, 100, 10):
        with suppress(DriverError):
            for number in range(1000):
                writing.run(
                    "INSERT INTO policy VALUES (:domain, '', zeroblob(:size), 0, 0, 0, 0, '')",
                    domain=f"other{size}.{number}",
                    size=size,
                )
    assert await world.mode_now() is Mode.ENFORCE
    assert "mta-sts policy cannot be kept" in caplog.text
