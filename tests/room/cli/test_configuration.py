"""`mox config ...` and `mox setadminpassword`."""

import io
import json
import tomllib
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from room.cli.commandline import Run


@pytest.fixture
def copy(directory: Path, tmp_path: Path) -> Path:
    """Return a directory of a server that may be written to."""
    for file in directory.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def spoil(file: Path, old: str, new: str) -> int:
    """Replace a line's beginning; return its number."""
    lines = file.read_text().splitlines()
    number = next(n for n, line in enumerate(lines) if line.startswith(old))
    lines[number] = new
    file.write_text("\n".join(lines))
    return number + 1


def test_a_good_configuration(run: Run, directory: Path) -> None:
    file = str(directory / "mox.toml")
    done = run("--config", file, "config", "test")
    assert (done.status, done.out, done.err) == (0, "config OK\n", "")
    assert run("--config", file, "config", "test", "--json").out == "[]\n"


def test_all_problems_are_told_with_file_and_line(run: Run, copy: Path) -> None:
    static, dynamic = copy / "mox.toml", copy / "domains.toml"
    level = spoil(static, "LogLevel = ", 'LogLevel = "loud"')
    hostname = spoil(static, "Hostname = ", 'Hostname = "no name"')
    separator = spoil(dynamic, "LocalpartCatchallSeparator = ", "LocalpartCatchallSeparator = 7")
    done = run("--config", str(static), "config", "test")
    assert (done.status, done.out) == (1, "")
    for file, line in ((static, level), (static, hostname), (dynamic, separator)):
        assert f"{file}:{line}: " in done.err
    told = run("--config", str(static), "config", "test", "--json")
    assert (told.status, told.err) == (1, "")
    problems = json.loads(told.out)
    assert {(p["file"], p["line"]) for p in problems} == {
        (str(static), level),
        (str(static), hostname),
        (str(dynamic), separator),
    }
    assert all(p["problem"] for p in problems)


def test_a_file_that_is_missing_or_no_toml(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "mox.toml"
    missing = run("--config", str(file), "config", "test")
    assert (missing.status, missing.out) == (1, "")
    assert str(file) in missing.err
    file.write_text("DataDir = [\n")
    assert run("--config", str(file), "config", "test").status == 1


@pytest.mark.parametrize(
    ("command", "key"), [("describe-static", "DataDir"), ("describe-domains", "Accounts")]
)
def test_descriptions_are_toml_with_every_key_explained(run: Run, command: str, key: str) -> None:
    done = run("config", command)
    assert (done.status, done.err) == (0, "")
    tomllib.loads(done.out)
    assert key in done.out
    assert done.out.endswith("\n")
    assert sum(line.startswith("#") for line in done.out.splitlines()) > 20


def test_admin_password_comes_from_standard_input(
    run: Run, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\r\n"))
    done = run("--config", str(copy / "mox.toml"), "setadminpassword")
    assert (done.status, done.out, done.err) == (0, "admin password set\n", "")
    stored = (copy / "adminpasswd").read_text()
    assert "horse" not in stored
    assert PasswordHasher().verify(stored.strip(), "correct horse battery")


def test_a_bad_admin_password_changes_nothing(run: Run, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (copy / "adminpasswd").read_bytes()
    for line in ("short\n", ""):
        monkeypatch.setattr("sys.stdin", io.StringIO(line))
        done = run("--config", str(copy / "mox.toml"), "setadminpassword")
        assert (done.status, done.out) == (1, "")
        assert done.err.startswith("mox: ")
    assert (copy / "adminpasswd").read_bytes() == before


def test_admin_password_needs_a_file_for_it(run: Run, copy: Path) -> None:
    spoil(copy / "mox.toml", "AdminPasswordFile = ", "")
    done = run("--config", str(copy / "mox.toml"), "setadminpassword")
    assert (done.status, done.out) == (1, "")
    assert "AdminPasswordFile is not set" in done.err
