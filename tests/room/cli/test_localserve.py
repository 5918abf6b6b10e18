"""`mox localserve`: what it refuses, and `--init-only`."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mox.config import load_config
from room.cli.commandline import Run


@pytest.fixture(autouse=True)
def _same_switch_interval() -> Iterator[None]:
    before = sys.getswitchinterval()
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize(
    "option", [("--ip", "127.0.0.1"), ("--port-offset", "2000"), ("--workers", "2")], ids=" ".join
)
def test_options_of_a_new_directory_are_refused_for_an_old_one(
    run: Run, tmp_path: Path, option: tuple[str, str]
) -> None:
    done = run("localserve", "--dir", str(tmp_path), *option)
    assert (done.status, done.out) == (1, "")
    assert "--ip, --port-offset and --workers are for a new directory" in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--log-level", "loud", "localserve"), "invalid log level 'loud'"),
        (("localserve", "--ip", "localhost"), "'localhost' is not an IP address"),
    ],
)
def test_bad_options_make_no_directory(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = run(*arguments, "--dir", str(tmp_path / "new"))
    assert (done.status, done.out) == (1, "")
    [line] = done.err.splitlines()
    assert line.startswith(f"mox: {said}")
    assert not (tmp_path / "new").exists()


def test_a_directory_that_cannot_be_made(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    done = run("localserve", "--dir", str(tmp_path / "file" / "new"), "--init-only")
    assert (done.status, done.out) == (1, "")
    [line] = done.err.splitlines()
    assert str(tmp_path / "file") in line


def test_init_only_writes_files_once_and_ends(run: Run, tmp_path: Path) -> None:
    directory = tmp_path / "new"
    options = ("--port-offset", "31000", "--ip", "127.0.0.1")
    done = run("--log-level", "error", "localserve", "--dir", str(directory), "--init-only", *options)
    assert (done.status, done.out, done.err) == (0, "", "")
    listener = load_config(directory / "mox.toml").static.listeners["local"]
    assert listener.ips == ("127.0.0.1",)
    assert listener.smtp is not None
    assert listener.smtp.port == 31025
    before = (directory / "mox.toml").read_bytes()
    again = run("--log-level", "error", "localserve", "--dir", str(directory), "--init-only")
    assert (again.status, again.out) == (0, "")
    assert "nothing was changed" in again.err
    assert (directory / "mox.toml").read_bytes() == before
