"""Durable files."""

import errno
import os
import sys
from pathlib import Path

import pytest

from mox.runtime import link_or_copy, remove_file, sync_directory, sync_file, write_file_durably
from mox.runtime.disk import _copy


def test_a_link_shares_the_octets_and_replaces_nothing(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"x")
    link_or_copy(source, target)
    assert target.read_bytes() == b"x"
    other = tmp_path / "other"
    other.write_bytes(b"y")
    with pytest.raises(FileExistsError):
        link_or_copy(other, target)
    assert target.read_bytes() == b"x"


def test_a_copy_does_the_same_where_nothing_links(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"x" * 1_000_000)
    _copy(source, target)
    assert target.read_bytes() == source.read_bytes()
    source.write_bytes(b"other")
    with pytest.raises(FileExistsError):
        _copy(source, target)
    assert len(target.read_bytes()) == 1_000_000


def test_nothing_is_left_when_neither_works(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        link_or_copy(tmp_path / "none", tmp_path / "target")
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(OSError, match=r".") as refused:
        link_or_copy(folder, tmp_path / "target")
    assert refused.value.errno in {errno.EISDIR, errno.EACCES, errno.EPERM}
    assert not (tmp_path / "target").exists()


@pytest.mark.skipif(
    sys.platform == "win32" or not Path("/dev/shm").is_dir(), reason="needs a second file system"
)
def test_another_file_system_gets_a_copy(tmp_path: Path) -> None:
    target = Path("/dev/shm") / f"moxtest-{os.getpid()}"
    source = tmp_path / "source"
    source.write_bytes(b"x")
    try:
        link_or_copy(source, target)
        assert target.read_bytes() == b"x"
    finally:
        remove_file(target)


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for octets in (b"long content", b"short"):
        write_file_durably(path, octets, 0o600)
        assert path.read_bytes() == octets
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o077 == 0


def test_syncing_and_removing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x")
    sync_file(path)
    sync_directory(tmp_path)
    remove_file(path)
    remove_file(path)
    assert not path.exists()
