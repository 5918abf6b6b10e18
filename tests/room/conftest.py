"""What tests of the server's rooms share: a clock that stands still, worker threads, a real store."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mox.store import Store
from moxkit.testing import FakeClock
from room.deposits import Deposit, depositor


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


@pytest.fixture
async def store(tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor) -> AsyncIterator[Store]:
    store = Store(directory=tmp_path / "data", clock=clock, pool=pool)
    yield store
    await store.close()


@pytest.fixture
def deposit(store: Store) -> Deposit:
    return depositor(store)


@pytest.fixture
def files_below() -> Callable[[Path], list[str]]:
    """Return a function that lists the files below a directory, by relative path."""

    def list_files(root: Path) -> list[str]:
        return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())

    return list_files


@pytest.fixture(autouse=True)
def _levels_of_the_log() -> Iterator[None]:
    """Leave the levels to the next test as they were: a server of a test may have set its own."""
    root = logging.getLogger()
    before = root.level
    yield
    root.setLevel(before)
