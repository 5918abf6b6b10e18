"""Running commands in this process, as the `mox` program does."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from mox.app import create_localserve
from mox.cli import main
from moxkit.testing import FakeClock
from room.cli.commandline import Outcome, Run


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Return a function that runs a command line and says what it printed.

    The environment is input of the program: no configuration of whoever runs the tests may be found by it.
    """
    for name in ("MOXCONF", "XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.delenv(name, raising=False)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def execute(*arguments: str) -> Outcome:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Outcome(ended.value.code, out, err)

    yield execute
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of a developer's server that does not run; not to be written to."""
    directory = tmp_path_factory.mktemp("cli") / "local"
    create_localserve(directory, clock=FakeClock(), port_offset=30000)
    return directory
