"""Files written in threads: all of them, and no failure is lost."""

from pathlib import Path

import pytest

from mox.store.filewriting import FileWriting, write_file


def test_writes_all(tmp_path: Path) -> None:
    writing = FileWriting()
    for n in range(300):
        writing.write(tmp_path / str(n), b"%d" % n * 20_000)
    writing.wait()
    writing.close()
    assert all((tmp_path / str(n)).read_bytes() == b"%d" % n * 20_000 for n in range(300))


def test_tells_of_failures(tmp_path: Path) -> None:
    writing = FileWriting()
    writing.write(tmp_path / "none" / "x", b"")
    with pytest.raises(FileNotFoundError):
        writing.wait()
    writing.write(tmp_path / "none" / "x", b"")
    with pytest.raises(FileNotFoundError):
        write_many(writing, tmp_path)
    writing.close()


def test_replaces_what_is_there(tmp_path: Path) -> None:
    assert write_file(tmp_path / "x", [b"long", b"er"]) == 6
    assert write_file(tmp_path / "x", [b"short"]) == 5
    assert (tmp_path / "x").read_bytes() == b"short"


def write_many(writing: FileWriting, directory: Path) -> None:
    for n in range(200):
        writing.write(directory / str(n), b"")
