"""Commands for a running server, when there is none."""

import io
from pathlib import Path

import pytest

from room.cli.commandline import Run

COMMANDS = [
    ("stop",),
    ("loglevels",),
    ("loglevels", "debug", "mox.queue"),
    ("queue", "list"),
    ("queue", "list", "--json"),
    ("message", "list"),
    ("message", "show", "1"),
    ("message", "wait", "--to", "x", "--timeout", "1"),
    ("setaccountpassword", "mox"),
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_without_a_server_there_is_one_clear_line(
    run: Run, directory: Path, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("a good password\n"))
    done = run("--config", str(directory / "mox.toml"), *arguments)
    assert (done.status, done.out) == (1, "")
    [line] = done.err.splitlines()
    assert line.startswith("mox: ")
    assert "run" in line


def test_without_a_configuration_its_problems_are_told(run: Run, tmp_path: Path) -> None:
    done = run("--config", str(tmp_path / "mox.toml"), "stop")
    assert (done.status, done.out) == (1, "")
    first, *problems = done.err.splitlines()
    assert first == "mox: the configuration cannot be used:"
    assert [problem.partition(": ")[0] for problem in problems] == [
        str(tmp_path / "mox.toml"),
        str(tmp_path / "domains.toml"),
    ]
