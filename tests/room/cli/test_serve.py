"""`mox serve`: what it says where it cannot serve; that it does is seen end to end."""

import subprocess
import sys
from pathlib import Path

import pytest

from room.cli.commandline import Run


def test_a_configuration_that_is_missing_is_named(tmp_path: Path) -> None:
    # In a process of its own: root's begins anew, isolated.
    done = subprocess.run(
        [sys.executable, "-m", "mox", "--config", str(tmp_path / "mox.toml"), "serve"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{tmp_path}/mox.toml: cannot be read: No such file or directory" in done.stderr


def test_windows_has_no_serve(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    done = run("serve")
    assert (done.status, done.out) == (1, "")
    assert done.err == "mox: serve is not available on Windows; mox localserve and the other commands are\n"


def test_a_service_file_is_of_this_installation(run: Run, directory: Path) -> None:
    done = run("--config", str(directory / "mox.toml"), "config", "printservice")
    assert done.status == 0
    assert f"ExecStart={sys.executable} -I -m mox --config {directory}/mox.toml serve" in done.out
    assert f"ReadWritePaths={directory} {directory}\n" in done.out
    assert (
        "#!/sbin/openrc-run"
        in run("--config", str(directory / "mox.toml"), "config", "printservice", "--for", "openrc").out
    )
