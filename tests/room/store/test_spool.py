"""Spools: what goes in comes out, lines end in CRLF, nothing stays behind."""

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from mox.runtime import FileRemover, Worker
from mox.store.spool import Spool, SpoolDirectory


@pytest.fixture
def spools(tmp_path: Path, pool: ThreadPoolExecutor) -> Iterator[SpoolDirectory]:
    yield SpoolDirectory(tmp_path / "tmp", pool)
    pool.shutdown()
    assert list((tmp_path / "tmp").iterdir()) == []


@given(st.lists(st.text("\r\nab", max_size=6).map(str.encode)))
def test_bare_line_feeds_become_crlf_over_any_split(pieces: list[bytes]) -> None:
    with ThreadPoolExecutor(1) as pool:
        spool = Spool(Path("never written"), pool, FileRemover(pool))
        for piece in pieces:
            spool.write_text_lines(piece)
    expected = re.sub(rb"(?<!\r)\n", b"\r\n", b"".join(pieces))
    assert b"".join(spool._buffer) == expected
    assert spool.size == len(expected)


async def test_a_small_message_stays_in_memory_until_the_end(spools: SpoolDirectory) -> None:
    spool = spools.new()
    spool.write(b"abc")
    spool.write(b"def")
    assert not spool.wants_flush
    content = await asyncio.get_running_loop().run_in_executor(None, spool.finish)
    assert (content.octets, content.size, content.path.stat().st_size) == (b"abcdef", 6, 6)
    spool.discard()
    spool.discard()


async def test_a_large_message_is_written_in_pieces(spools: SpoolDirectory) -> None:
    spool = spools.new()
    for _ in range(3):
        spool.write(b"x" * (256 << 10))
        assert spool.wants_flush
        await spool.flush()
        assert not spool.wants_flush
    spool.write(b"y")
    content = spool.finish()
    assert content.octets is None
    assert content.size == content.path.stat().st_size == 3 * (256 << 10) + 1
    spool.discard()


async def test_a_discarded_message_cannot_be_finished(spools: SpoolDirectory) -> None:
    spool = spools.new()
    spool.write(b"x" * (256 << 10))
    await spool.flush()
    spool.discard()
    with pytest.raises(OSError, match="given up"):
        spool.finish()
    with pytest.raises(OSError, match="given up"):
        await spool.flush()


def test_an_empty_message_leaves_no_file(spools: SpoolDirectory) -> None:
    spool = spools.new()
    assert spool.finish().size == 0
    spool.discard()


def test_what_an_earlier_process_left_is_removed(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    (tmp_path / "spool-1-1").write_bytes(b"x")
    (tmp_path / "other").write_bytes(b"x")
    SpoolDirectory(tmp_path, pool)
    assert [p.name for p in tmp_path.iterdir()] == ["other"]


def test_what_another_process_is_at_stays(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    paths = [SpoolDirectory(tmp_path, pool, Worker(number, 3)).new().path for number in range(3)]
    for path in paths:
        path.write_bytes(b"x")
    # Of a time with more processes, and of one before there were several.
    for name in ("spool-3-77-0", "spool-4711-0"):
        (tmp_path / name).write_bytes(b"x")
    SpoolDirectory(tmp_path, pool, Worker(1, 3))
    assert [path.exists() for path in paths] == [True, False, True]
    SpoolDirectory(tmp_path, pool, Worker(0, 3))
    assert sorted(tmp_path.iterdir()) == [paths[2]]


async def test_what_is_in_memory_alone_can_be_read_before_it_is_written(spools: SpoolDirectory) -> None:
    spool = spools.new()
    spool.write(b"abc")
    spool.write(b"def")
    content = spool.in_memory()
    assert content is not None
    assert (content.octets, content.size) == (b"abcdef", 6)
    spool.write(b"g")
    assert spool.finish().path.read_bytes() == b"abcdefg"
    assert spool.in_memory() is None
    spool.discard()
    large = spools.new()
    large.write(b"x" * (256 << 10))
    await large.flush()
    assert large.in_memory() is None
    large.discard()
