"""The command line as a whole: help everywhere, wrong usage, which configuration is meant."""

import json
import platform
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import mox
from mox.cli.main import cli
from room.cli.commandline import Run


def words_of(command: click.Command, ctx: click.Context, *words: str) -> Iterator[tuple[str, ...]]:
    yield words
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            inner = command.get_command(ctx, name)
            assert inner is not None
            yield from words_of(inner, ctx, *words, name)


COMMANDS = list(words_of(cli, click.Context(cli)))


def test_version_names_program_python_and_platform(run: Run) -> None:
    done = run("version")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(f"mox {mox.__version__}\nPython {platform.python_version()} ")


def test_version_for_scripts(run: Run) -> None:
    shown = json.loads(run("version", "--json").out)
    assert shown["version"] == mox.__version__
    assert set(shown) == {"version", "python", "platform"}


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example_of_itself(run: Run, words: tuple[str, ...]) -> None:
    done = run(*words, "--help")
    assert done.status == 0
    [example] = [line.strip() for line in done.out.splitlines() if line.strip().startswith("Example: mox ")]
    assert all(word in example for word in words)
    assert run("help", *words) == done


def test_list_of_commands_names_them_all(run: Run) -> None:
    out = run("--help").out
    assert all(f"\n  {words[0]} " in out for words in COMMANDS if len(words) == 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("config", "nonsense"),
        ("help", "nonsense"),
        ("help", "config", "nonsense"),
        ("version", "--nonsense"),
        ("message", "show", "x"),
        ("message", "parse", "no such file"),
        ("setaccountpassword",),
        ("localserve", "--port-offset", "64001"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_told_on_standard_error(run: Run, arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("Usage: mox ")
    assert "Error: " in done.err


def test_configuration_of_the_environment_is_used(
    run: Run, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOXCONF", str(directory / "mox.toml"))
    assert run("config", "test").out == "config OK\n"
    # The flag counts more.
    assert run("--config", str(directory / "none.toml"), "config", "test").status == 1


def test_configuration_of_localserve_is_found(
    run: Run, directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("config", "test").status == 1
    home = tmp_path / "home"
    (home / "mox-localserve").mkdir(parents=True)
    for file in directory.iterdir():
        (home / "mox-localserve" / file.name).write_bytes(file.read_bytes())
    for name in ("XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(name, str(home))
    assert run("config", "test").out == "config OK\n"
    # An empty variable is none.
    monkeypatch.setenv("MOXCONF", "")
    assert run("config", "test").out == "config OK\n"
