"""Started servers and real programs, as fixtures."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from endtoend.localserve import Localserve
from endtoend.mailworld import World, mail_world
from endtoend.realserver import interpreter, system_user
from endtoend.workerpair import Pair


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Localserve]:
    running = Localserve(tmp_path_factory.mktemp("localserve")).start()
    yield running
    running.stop()


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Callable[..., Localserve]]:
    """Makes servers that are not started yet; all are ended with the test."""
    made: list[Localserve] = []

    def make(**arguments: Any) -> Localserve:
        directory = tmp_path / f"server{len(made)}"
        directory.mkdir()
        made.append(Localserve(directory, **arguments))
        return made[-1]

    yield make
    for each in made:
        each.kill()


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, program: Callable[[str, str], str]) -> Iterator[World]:
    """A server that sends, and hosts of many kinds that take mail; tests use recipients of their own."""
    with mail_world(tmp_path_factory.mktemp("world"), program) as world:
        yield world


@pytest.fixture(scope="session")
def program() -> Callable[[str, str], str]:
    """Returns the path of a program; skips without it, or fails if MOX_TEST_ALL says that all are there."""

    def find(name: str, package: str) -> str:
        found = shutil.which(name)
        if found is None:
            if os.environ.get("MOX_TEST_ALL"):
                pytest.fail(f"{name} is not installed; it is in Debian's {package}")
            pytest.skip(f"needs Debian's {package}")
        return found

    return find


@pytest.fixture(scope="session")
def node_modules(program: Callable[[str, str], str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the programs for Node and what package-lock.json pins."""
    npm = program("npm", "npm")
    folder = tmp_path_factory.mktemp("node")
    for file in (Path(__file__).parent / "node").iterdir():
        shutil.copy(file, folder)
    done = subprocess.run(
        [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=120,
    )
    if done.returncode and not os.environ.get("MOX_TEST_ALL"):
        pytest.skip("Node packages cannot be had")
    assert done.returncode == 0, done.stderr.decode()
    return folder


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that everybody may run."""
    return interpreter(tmp_path_factory.mktemp("python") / "venv")


@pytest.fixture(scope="module")
def user() -> Iterator[str]:
    """A user without shell, to run a server as."""
    with system_user("mox-e2e") as name:
        yield name


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    server = Pair(tmp_path)
    server.start()
    server.wait_for_ready(2)
    yield server
    for client in server.opened:
        with contextlib.suppress(OSError):
            client.shutdown()
    server.kill()
