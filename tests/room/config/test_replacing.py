"""A file is written anew whole or not at all, and stays the same to all who look at it."""

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mox.config.replacing import replace_text

OLD, NEW = 'Old = "a text that is longer"\n', "New = 1\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "domains.toml"
    file.write_text(OLD)
    return file


def names(file: Path) -> list[str]:
    return sorted(each.name for each in file.parent.iterdir())


def test_it_is_another_file_with_the_same_mode(file: Path) -> None:
    file.chmod(0o640)
    before = file.stat()
    replace_text(file, NEW)
    after = file.stat()
    assert file.read_text() == NEW
    assert after.st_ino != before.st_ino
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert names(file) == ["domains.toml"]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root gives files away")
def test_its_owner_stays(file: Path) -> None:
    os.chown(file, 12345, 23456)
    replace_text(file, NEW)
    assert (file.stat().st_uid, file.stat().st_gid) == (12345, 23456)
    assert stat.S_IMODE(file.stat().st_mode) & 0o600 == 0o600


@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
def test_what_fails_leaves_the_old_text(file: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    match step:
        case "write":
            monkeypatch.setattr(os, "fdopen", _fails_after(os.fdopen, fail))
        case "fsync":
            monkeypatch.setattr(os, "fsync", fail)
        case _:
            monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="No space left"):
        replace_text(file, NEW)
    monkeypatch.undo()
    assert (file.read_text(), names(file)) == (OLD, ["domains.toml"])


def _fails_after(opens: Callable[..., object], fail: Callable[[], None]) -> Callable[..., object]:
    def open_and_fail(fd: int, *_arguments: object) -> object:
        os.close(fd)
        fail()
        return opens

    return open_and_fail


def test_a_link_stays_a_link(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "config" / "domains.toml"
    link.parent.mkdir()
    link.symlink_to(file)
    replace_text(link, NEW)
    assert link.is_symlink()
    assert file.read_text() == NEW


def test_what_somebody_left_beside_is_not_written_to(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("precious")
    (tmp_path / ".domains.toml.new").symlink_to(other)
    replace_text(file, NEW)
    assert (file.read_text(), other.read_text()) == (NEW, "precious")
    assert names(file) == ["domains.toml", "other"]


def test_in_place_where_none_can_be_made(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> int:
        raise PermissionError(13, "Permission denied")

    before = file.stat().st_ino
    monkeypatch.setattr(os, "open", refuse)
    replace_text(file, NEW)
    assert (file.read_text(), file.stat().st_ino) == (NEW, before)
