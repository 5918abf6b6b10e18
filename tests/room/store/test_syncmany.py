"""Syncing many files; that they survive power loss no test can see."""

from pathlib import Path

import pytest

from mox.store.syncmany import sync_many


@pytest.mark.parametrize("one_call", [True, False])
def test_syncs_files_there_are(tmp_path: Path, *, one_call: bool) -> None:
    files = [tmp_path / str(n) for n in range(2500)]
    for file in files:
        file.write_bytes(b"x")
    sync_many(iter(files), [tmp_path], one_call=one_call)


def test_says_that_a_file_is_gone(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sync_many([tmp_path / "none"], [tmp_path], one_call=False)
    with pytest.raises(FileNotFoundError):
        sync_many([], [tmp_path / "none"])
