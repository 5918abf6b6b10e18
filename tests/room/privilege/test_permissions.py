"""Ownership and modes: what differs is told and put right, and nothing else is touched."""

import logging
import os
import socket
from pathlib import Path

import pytest

from mox.privilege import Expected, PrivilegeError, repair

# Without root, everything stays one's own: modes can be looked at all the same.
UID, GID = os.getuid(), os.getgid()


def tree(directory: Path) -> Expected:
    data = directory / "data"
    (data / "accounts").mkdir(parents=True)
    (data / "accounts" / "index.db").write_bytes(b"x")
    (data / "link").symlink_to("/etc/passwd")
    (data / "accounts" / "index.db").chmod(0o666)
    for each in (data, data / "accounts"):
        each.chmod(0o755)
    return Expected(data, UID, GID, 0o2750, below=True)


def modes(directory: Path) -> dict[str, int]:
    return {
        str(each.relative_to(directory)): each.lstat().st_mode & 0o7777
        for each in sorted(directory.rglob("*"))
        if not each.is_symlink()
    }


def test_what_differs_is_put_right_and_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    wanted, before = tree(tmp_path), Path("/etc/passwd").stat()
    with caplog.at_level(logging.INFO):
        assert repair([wanted], fix=True) == 3
    assert modes(tmp_path) == {"data": 0o2750, "data/accounts": 0o2750, "data/accounts/index.db": 0o640}
    told = [record for record in caplog.records if record.message == "permissions differ"]
    assert [vars(each)["path"].name for each in told] == ["data", "accounts", "index.db"]
    assert (vars(told[2])["mode"], vars(told[2])["mode_wanted"]) == ("0666", "0640")
    # Links lead nowhere.
    assert Path("/etc/passwd").stat().st_mode == before.st_mode
    assert repair([wanted], fix=True) == 0


def test_it_is_only_told_when_it_is_not_to_be_fixed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    wanted = tree(tmp_path)
    before = modes(tmp_path)
    with caplog.at_level(logging.INFO):
        assert repair([wanted], fix=False) == 3
    assert modes(tmp_path) == before
    assert "permissions are not as they should be, and are left so" in caplog.messages


def test_what_is_below_a_good_directory_is_not_looked_at(tmp_path: Path) -> None:
    wanted = tree(tmp_path)
    wanted.path.chmod(0o2750)
    assert repair([wanted], fix=True) == 0
    assert modes(tmp_path)["data/accounts/index.db"] == 0o666


def test_a_path_that_has_to_be_there_is_missed(tmp_path: Path) -> None:
    missing = Expected(tmp_path / "config", UID, GID, 0o2750)
    with pytest.raises(PrivilegeError, match="config: No such file"):
        repair([missing], fix=True)
    assert repair([Expected(tmp_path / "mox.service", 0, 0, 0o644, is_optional=True)], fix=True) == 0


def test_what_is_no_file_is_left_alone_and_holds_nothing_up(tmp_path: Path) -> None:
    wanted = tree(tmp_path)
    os.mkfifo(tmp_path / "data" / "pipe", 0o600)
    with socket.socket(socket.AF_UNIX) as control:
        control.bind(str(tmp_path / "data" / "ctl"))
        assert repair([wanted], fix=True) == 3
    assert (tmp_path / "data" / "pipe").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(UID != 0, reason="only root can give files away")
def test_a_file_of_root_that_somebody_linked_here_stays_root_s(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tree(tmp_path)
    (tmp_path / "shadow").write_text("secret")
    (tmp_path / "shadow").chmod(0o600)
    (tmp_path / "data" / "mine").hardlink_to(tmp_path / "shadow")
    (tmp_path / "data" / "away").symlink_to(tmp_path)
    with caplog.at_level(logging.INFO):
        repair([Expected(tmp_path / "data", 1, 0, 0o2750, below=True)], fix=True)
    found = (tmp_path / "shadow").stat()
    assert (found.st_uid, found.st_mode & 0o777) == (0, 0o600)
    assert tmp_path.stat().st_uid == 0
    assert (tmp_path / "data" / "accounts" / "index.db").stat().st_uid == 1
    [told] = [vars(each)["error"] for each in caplog.records if each.message == "permissions not fixed"]
    assert told == "a file of root with other names"
