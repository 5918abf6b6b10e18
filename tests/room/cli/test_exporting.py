"""`mox export`: a server's mail without the server."""

import asyncio
import json
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mox.store import Store
from moxkit.testing import FakeClock
from room.cli.commandline import Run
from room.deposits import depositor


@pytest.fixture
def account(tmp_path: Path) -> Path:
    """Return the directory of an account with some mail."""

    async def fill() -> None:
        with ThreadPoolExecutor(2) as pool:
            store = Store(directory=tmp_path, clock=FakeClock(), pool=pool)
            for name in ("Inbox", "Work", "Work/a"):
                await depositor(store)(store.account("mox"), b"Subject: x\r\n\r\nhello\r\n", name, "\\Seen")
            await store.close()

    asyncio.run(fill())
    return tmp_path / "accounts" / "mox"


def test_files(run: Run, account: Path, tmp_path: Path) -> None:
    done = run("export", "maildir", str(tmp_path / "out"), str(account))
    assert (done.status, done.out, done.err) == (0, "", "3 exported\n")
    assert len(list((tmp_path / "out" / "Work" / "a" / "cur").iterdir())) == 1
    done = run("export", "mbox", "--single", "--json", str(tmp_path / "boxes"), str(account), "Work")
    assert json.loads(done.out) == {"messages": 1, "problems": []}
    assert [path.name for path in (tmp_path / "boxes").iterdir()] == ["Work.mbox"]
    again = run("export", "mbox", str(tmp_path / "boxes"), str(account), "Work")
    assert again.status == 1
    assert "File exists" in again.err


def test_archives(run: Run, account: Path, tmp_path: Path) -> None:
    done = run("export", "mbox", "--archive", "tgz", str(tmp_path / "x.tgz"), str(account))
    assert done.status == 0
    with tarfile.open(tmp_path / "x.tgz") as archive:
        assert [name for name in archive.getnames() if name.startswith(("I", "W"))] == [
            "Inbox.mbox",
            "Work.mbox",
            "Work/a.mbox",
        ]


def test_refusals(run: Run, account: Path, tmp_path: Path, directory: Path) -> None:
    done = run("export", "mbox", str(tmp_path / "x"), str(account), "Nowhere")
    assert (done.status, done.err) == (1, "mox: no mailbox 'Nowhere'\n")
    done = run("--config", str(directory / "mox.toml"), "export", "mbox", str(tmp_path / "x"), "nobody")
    assert done.status == 1
    assert "no account 'nobody'" in done.err


def test_what_cannot_be_read_is_told(run: Run, account: Path, tmp_path: Path) -> None:
    (account / "msg" / "a" / "2").unlink()
    done = run("export", "maildir", str(tmp_path / "out"), str(account))
    assert done.status == 1
    assert done.err.splitlines() == ["message 2 cannot be read: No such file or directory", "2 exported"]
    assert (tmp_path / "out" / "errors.txt").exists()
