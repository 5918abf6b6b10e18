"""What tests of the server's rooms share: a clock that stands still, worker threads, a real store."""

from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import pytest

from mox.store import (
    Account,
    Added,
    Arrival,
    NewMessage,
    Store,
    Tx,
    add_message,
    ensure_mailbox,
    parse_flags,
)
from moxkit.testing import FakeClock

__all__ = ["Deposit"]


class Deposit(Protocol):
    """Files a message in an account, in one transaction of its own."""

    async def __call__(
        self,
        account: Account,
        octets: bytes,
        mailbox: str = "Inbox",
        flags: str = "",
        *,
        prefix: bytes = b"",
        received_at: int | None = None,
        arrival: Arrival | None = None,
        origin: object | None = None,
    ) -> Added: ...


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


def depositor(store: Store) -> Deposit:
    """Return a function that files messages through a store."""

    async def deposit(
        account: Account,
        octets: bytes,
        mailbox: str = "Inbox",
        flags: str = "",
        *,
        prefix: bytes = b"",
        received_at: int | None = None,
        arrival: Arrival | None = None,
        origin: object | None = None,
    ) -> Added:
        spool = store.spools.new()
        try:
            spool.write(octets)
            content, prepared = await store.prepare(spool)

            def file(tx: Tx) -> Added:
                new = NewMessage(
                    ensure_mailbox(tx, mailbox).id,
                    content,
                    prepared,
                    prefix,
                    parse_flags(flags.split()),
                    received_at,
                    arrival,
                )
                return add_message(tx, new)

            return await account.write(file, origin)
        finally:
            spool.discard()

    return deposit


@pytest.fixture
def files_below() -> Callable[[Path], list[str]]:
    """Return a function that lists the files below a directory, by relative path."""

    def list_files(root: Path) -> list[str]:
        return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())

    return list_files
