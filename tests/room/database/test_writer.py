"""Group commit: each function for itself, all of a batch in one COMMIT, nobody told too early."""

import asyncio
import errno
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import apsw
import pytest

from mox.database import Connection, GroupWriter, Migrations, Transaction, open_database

SCHEMA = (
    """CREATE TABLE t (n INTEGER PRIMARY KEY, parent INTEGER REFERENCES t(n) DEFERRABLE INITIALLY DEFERRED)"""
)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    connection = Connection(tmp_path / "x.db")
    connection.run("PRAGMA foreign_keys=ON")
    connection.run(SCHEMA)
    yield connection
    connection.close()


@pytest.fixture
def writer(connection: Connection, pool: ThreadPoolExecutor) -> GroupWriter:
    return GroupWriter(connection, pool)


def insert(n: int, parent: int | None = None) -> Callable[[Transaction], int]:
    def job(tx: Transaction) -> int:
        tx.connection.run("INSERT INTO t VALUES (:n, :parent)", n=n, parent=parent)
        return n

    return job


def rows(connection: Connection) -> list[int]:
    return [row[0] for row in connection.rows("SELECT n FROM t ORDER BY n")]


class Gate:
    """Holds the writer's thread, so that what follows becomes one batch."""

    def __init__(self, writer: GroupWriter) -> None:
        self._go = threading.Event()
        self.future = writer.run(lambda _: self._go.wait(10))

    def open(self) -> None:
        self._go.set()


async def test_one_failing_function_undoes_only_itself(
    connection: Connection, writer: GroupWriter, tmp_path: Path
) -> None:
    mine, others = tmp_path / "mine", tmp_path / "others"

    def with_file(path: Path, n: int, *, fails: bool) -> Callable[[Transaction], None]:
        def job(tx: Transaction) -> None:
            tx.on_rollback(path.unlink)
            path.write_bytes(b"")
            insert(n)(tx)
            if fails:
                raise LookupError(n)

        return job

    gate = Gate(writer)
    futures: list[asyncio.Future[Any]] = [
        writer.run(with_file(others, 1, fails=False)),
        writer.run(with_file(mine, 2, fails=True)),
        writer.run(insert(1)),
        writer.run(insert(3)),
    ]
    gate.open()
    results = await asyncio.gather(*futures, return_exceptions=True)
    assert [type(r) for r in results] == [type(None), LookupError, apsw.ConstraintError, int]
    assert rows(connection) == [1, 3]
    assert (others.exists(), mine.exists()) == (True, False)


async def test_a_batch_that_cannot_commit_fails_all_its_callers(
    connection: Connection, writer: GroupWriter, tmp_path: Path
) -> None:
    undone: list[str] = []
    told: list[str] = []

    def effect(tx: Transaction) -> None:
        insert(1)(tx)
        for name in ("first", "second"):
            tx.on_rollback(lambda name=name: undone.append(name))  # type: ignore[misc]
        tx.after_commit(lambda: told.append("effect"))

    gate = Gate(writer)
    futures: list[asyncio.Future[Any]] = [
        writer.run(effect),
        writer.run(insert(2, parent=77)),
        writer.run(insert(3)),
    ]
    gate.open()
    results = await asyncio.gather(*futures, return_exceptions=True)
    assert [type(r) for r in results] == [apsw.ConstraintError] * 3
    assert rows(connection) == []
    assert undone == ["second", "first"]
    assert told == []
    assert await writer.run(insert(4)) == 4


async def test_a_directory_that_cannot_be_synced_fails_the_batch(
    connection: Connection, writer: GroupWriter, tmp_path: Path
) -> None:
    def job(tx: Transaction) -> None:
        insert(1)(tx)
        tx.sync_directory(tmp_path / "gone")

    with pytest.raises(FileNotFoundError):
        await writer.run(job)
    assert rows(connection) == []


async def test_sqlite_may_roll_back_by_itself(connection: Connection, writer: GroupWriter) -> None:
    def job(tx: Transaction) -> None:
        tx.connection.run("INSERT OR ROLLBACK INTO t VALUES (1, NULL), (1, NULL)")

    gate = Gate(writer)
    futures: list[asyncio.Future[Any]] = [writer.run(insert(5)), writer.run(job), writer.run(insert(6))]
    gate.open()
    results = await asyncio.gather(*futures, return_exceptions=True)
    assert all(isinstance(r, apsw.Error) for r in results)
    assert rows(connection) == []
    assert await writer.run(insert(7)) == 7


async def test_callbacks_run_in_commit_order_before_callers_wake(writer: GroupWriter) -> None:
    order: list[str] = []

    async def call(n: int) -> None:
        def job(tx: Transaction) -> None:
            insert(n)(tx)
            tx.after_commit(lambda: order.append(f"commit {n}"))

        await writer.run(job)
        order.append(f"woken {n}")

    gate = Gate(writer)
    tasks = [asyncio.ensure_future(call(n)) for n in range(10)]
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(*tasks)
    assert [o for o in order if o.startswith("commit")] == [f"commit {n}" for n in range(10)]
    assert all(order.index(f"commit {n}") < order.index(f"woken {n}") for n in range(10))


async def test_a_crashing_callback_hurts_nobody(
    writer: GroupWriter, caplog: pytest.LogCaptureFixture
) -> None:
    def job(tx: Transaction) -> None:
        tx.after_commit([].pop)
        tx.after_commit(lambda: heard.append(1))

    heard: list[int] = []
    gate = Gate(writer)
    futures: list[asyncio.Future[Any]] = [writer.run(job), writer.run(job)]
    gate.open()
    await asyncio.wait_for(asyncio.gather(*futures), 5)
    assert heard == [1, 1]
    assert [r.message for r in caplog.records] == ["callback after a commit crashed"] * 2


async def test_the_change_of_a_cancelled_caller_lasts(connection: Connection, writer: GroupWriter) -> None:
    gate = Gate(writer)
    future = writer.run(insert(1))
    future.cancel()
    gate.open()
    await writer.run(lambda _: None)
    assert rows(connection) == [1]
    assert gate.future.done()


async def test_more_than_a_batch_is_written_in_order(connection: Connection, writer: GroupWriter) -> None:
    gate = Gate(writer)
    futures: list[asyncio.Future[Any]] = [writer.run(lambda tx, n=n: insert(n)(tx)) for n in range(200)]  # type: ignore[misc]
    gate.open()
    assert await asyncio.gather(*futures) == list(range(200))
    assert rows(connection) == list(range(200))
    await writer.run(lambda _: None)


async def test_full_disk_is_an_os_error(connection: Connection, writer: GroupWriter) -> None:
    connection.run("CREATE TABLE large (octets BLOB)")
    connection.run(f"PRAGMA max_page_count={connection.value('PRAGMA page_count') + 2}")
    with pytest.raises(OSError, match="no room on disk") as caught:
        await writer.run(lambda tx: tx.connection.run("INSERT INTO large VALUES (zeroblob(100000))"))
    assert caught.value.errno == errno.ENOSPC
    await writer.run(lambda tx: tx.connection.run("INSERT INTO t VALUES (1, NULL)"))


async def test_writers_of_several_processes_take_turns(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    migrations = Migrations("mox.queue", "schema")
    connections = [open_database(tmp_path / "y.db", migrations) for _ in range(2)]
    writers = [GroupWriter(each, pool, is_shared=True) for each in connections]
    inside, most = 0, 0
    undone = threading.Event()

    def look(_: Transaction) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.001)
        inside -= 1

    def fail(tx: Transaction) -> None:
        tx.on_rollback(undone.set)
        tx.connection.run("ROLLBACK")
        raise OSError("the batch is lost")

    await asyncio.gather(*(each.run(look) for _ in range(50) for each in writers))
    assert most == 1
    # Whose batch failed lets the others go on once everything is undone.
    failed, seen = writers[0].run(fail), writers[1].run(lambda _: undone.is_set())
    with pytest.raises(OSError, match="the batch is lost"):
        await failed
    assert await seen
    for each in writers:
        each.close()


async def test_where_there_are_no_locks_it_goes_on_without(
    tmp_path: Path,
    pool: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    writer = GroupWriter(
        open_database(tmp_path / "y.db", Migrations("mox.queue", "schema")), pool, is_shared=True
    )
    for _ in range(2):
        assert await writer.run(lambda _: 1) == 1
    writer.close()
    assert caplog.text.count("no lock on a directory, going on without") == 2  # One to make it, one to write.
