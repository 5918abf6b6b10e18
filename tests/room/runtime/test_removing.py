"""Files are removed behind one's back, all of them, whatever goes wrong with one."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mox.runtime import FileRemover


def test_all_files_go_while_nobody_waits(tmp_path: Path) -> None:
    files = [tmp_path / f"{n}" for n in range(100)]
    for file in files:
        file.touch()
    goes_on = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        remover = FileRemover(pool)
        pool.submit(goes_on.wait)
        for file in files:
            remover.remove(file)
        assert all(file.exists() for file in files)
        goes_on.set()
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_removed_is_told_and_keeps_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory, file = tmp_path / "directory", tmp_path / "file"
    directory.mkdir()
    file.touch()
    with ThreadPoolExecutor(1) as pool, caplog.at_level(logging.WARNING):
        remover = FileRemover(pool)
        for path in (directory, tmp_path / "never there", file):
            remover.remove(path)
    assert list(tmp_path.iterdir()) == [directory]
    assert [record.getMessage() for record in caplog.records] == ["file not removed"]


def test_files_go_at_once_when_the_pool_has_ended(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    FileRemover(pool).remove(file)
    assert not file.exists()
