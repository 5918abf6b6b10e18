"""`mox import`, with a control socket that imports; how it looks on a terminal is test_movingprogress.py."""

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mox.control import ControlServer, MovingCommands
from mox.moving import Imports, stage_in_thread
from mox.store import Quota, Store
from moxkit.testing import FakeClock
from room.cli.commandline import Run
from room.moving.archives import letter, make_archive, mbox_of


def serve(directory: Path, ready: threading.Event, stop: threading.Event) -> None:
    async def run() -> None:
        with ThreadPoolExecutor(4) as pool:
            clock = FakeClock()
            store = Store(
                directory=directory,
                clock=clock,
                pool=pool,
                exists=lambda name: name != "nobody",
                quota=lambda _: Quota(messages=50),
            )
            imports = Imports(store=store, clock=clock, stager=stage_in_thread)
            control = ControlServer(data_dir=directory, commands=MovingCommands(imports=imports).table())
            await control.start()
            ready.set()
            await asyncio.to_thread(stop.wait)
            await control.close()
            await imports.close()
            await store.close()

    asyncio.run(run())


@pytest.fixture
def config(directory: Path, tmp_path: Path) -> Iterator[str]:
    """Return a configuration whose data directory has a server that imports."""
    for file in directory.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    ready, stop = threading.Event(), threading.Event()
    server = threading.Thread(target=serve, args=(tmp_path, ready, stop))
    server.start()
    assert ready.wait(10)
    yield str(tmp_path / "mox.toml")
    stop.set()
    server.join(10)


def test_imports_and_tells(run: Run, config: str, tmp_path: Path) -> None:
    source = tmp_path / "x.mbox"
    source.write_bytes(mbox_of(letter(n, "X-Keywords: a(b)" if n == 3 else "X: y") for n in range(20)))
    done = run("--config", config, "import", "mbox", "mox", "Old", str(source))
    assert (done.status, done.out) == (0, "")
    assert done.err.splitlines() == [
        "importing...",
        "x.mbox:22: keywords that cannot be kept: a(b) (continuing)",
        "20 imported",
    ]
    done = run("--config", config, "import", "mbox", "mox", "Old", str(source), "--skip-present", "--json")
    assert json.loads(done.out)["skipped"] == 20
    assert done.err == ""


def test_archives_and_maildirs(run: Run, config: str, tmp_path: Path) -> None:
    files = {"me/Work/cur/1.a.b:2,S": letter(1), "me/.Old/cur/1.a.b": letter(2)}
    source = make_archive(tmp_path / "x", files, "tgz")
    done = run(
        "--config",
        config,
        "import",
        "archive",
        "mox",
        str(source),
        "--skip-prefix",
        "me",
        "--into",
        "A",
        "--json",
    )
    assert json.loads(done.out)["counts"] == {"A/Work": 1, "A/Old": 1}
    source = make_archive(tmp_path / "d", files, "directory") / "me" / "Work"
    done = run("--config", config, "import", "maildir", "mox", "B", str(source), "--json")
    assert json.loads(done.out)["counts"] == {"B": 1}


def test_what_does_not_work_out(run: Run, config: str, tmp_path: Path) -> None:
    source = tmp_path / "x.mbox"
    source.write_bytes(mbox_of(letter(n) for n in range(100)))
    done = run("--config", config, "import", "mbox", "mox", "Old", str(source))
    assert done.status == 1
    assert done.err.splitlines()[-1] == "nothing was imported: account over maximum number of messages"
    done = run("--config", config, "import", "mbox", "nobody", "Old", str(source))
    assert (done.status, done.err) == (1, "mox: no account 'nobody'\n")
    assert run("--config", config, "import", "mbox", "mox", "Old", "/nowhere").status == 2


def test_needs_a_server(run: Run, directory: Path, tmp_path: Path) -> None:
    done = run("--config", str(directory / "mox.toml"), "import", "mbox", "mox", "Old", str(tmp_path))
    assert done.status == 1
    assert "no server is running" in done.err
