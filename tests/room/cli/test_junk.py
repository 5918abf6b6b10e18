"""`mox junk` on an account that learned, and `mox retrain` against a running server's socket."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from mox.config import JunkFilter
from mox.control import ControlServer
from mox.filtering.classifier import Classifiers
from mox.store import Store
from moxkit.testing import FakeClock
from room.cli.commandline import Run
from room.deposits import depositor

GOOD, BAD = b"\r\nmeeting report lunch\r\n", b"\r\ncheap pills winner casino bonus\r\n"
# As localserve has it.
SETTINGS = JunkFilter(
    threshold=0.95, onegrams=True, max_power=0.01, top_words=10, ignore_words=0.1, rare_words=2
)


async def _fill(data_dir: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        store = Store(directory=data_dir, clock=FakeClock(), pool=pool)
        deposit, account = depositor(store), store.account("mox")
        for number in range(80):
            is_junk = number % 4 == 0
            await deposit(account, BAD if is_junk else GOOD, flags="$Junk" if is_junk else "$NotJunk")
        await deposit(
            account,
            b"From: Eve <eve@junk.example>\r\nSubject: odd\x1b one\r\n\r\nmeeting cheap pills",
            flags="$Junk",
        )
        classifiers = Classifiers(store=store, settings=lambda _: SETTINGS)
        while await classifiers.of("mox").learn():
            pass
        await classifiers.close()
        await store.close()


@pytest.fixture(scope="module")
def learned(directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the configuration of a server whose account learned."""
    folder = tmp_path_factory.mktemp("junk") / "local"
    shutil.copytree(directory, folder)
    asyncio.run(_fill(folder))
    return folder / "mox.toml"


def test_backtest_shows_what_flips(run: Run, learned: Path) -> None:
    done = run("--config", str(learned), "junk", "backtest", "mox", "--threshold", "0.5")
    assert done.status == 0
    lines = done.out.splitlines()
    assert "junk now refused" in lines[0]
    assert "Eve <eve@junk.example>: odd\\x1b one" in lines[0]
    assert lines[1] == "as configured:           20 of 21 junk refused, 0 of 60 good messages refused"
    assert lines[2] == "with the other settings: 21 of 21 junk refused, 0 of 60 good messages refused"


def test_backtest_for_scripts(run: Run, learned: Path) -> None:
    done = run("--config", str(learned), "junk", "backtest", "mox", "--max-power", "0.5", "--json")
    assert done.status == 0
    shown = json.loads(done.out)
    assert shown["before"] == {"junk": 21, "junk_refused": 20, "good": 60, "good_refused": 0}
    assert shown["after"]["junk_refused"] == 0
    assert len(shown["flips"]) == 20
    assert not shown["flips"][0]["is_refused"]


def test_backtest_tells_of_good_mail_that_would_be_refused(run: Run, learned: Path) -> None:
    done = run("--config", str(learned), "junk", "backtest", "mox", "--threshold", "0")
    assert done.status == 1
    assert "good now refused" in done.out


def test_backtest_wants_something_to_try(run: Run, learned: Path) -> None:
    done = run("--config", str(learned), "junk", "backtest", "mox")
    assert (done.status, "give at least one setting" in done.err) == (2, True)
    done = run("--config", str(learned), "junk", "backtest", "mox", "--threshold", "2")
    assert (done.status, "--threshold" in done.err) == (2, True)


def test_check(run: Run, learned: Path) -> None:
    done = run("--config", str(learned), "junk", "check", "mox")
    assert (done.status, done.out.splitlines()[-1]) == (0, "OK")
    shown = json.loads(run("--config", str(learned), "junk", "check", "mox", "--json").out)
    assert (shown["ham"], shown["junk"], shown["different"], shown["problem"]) == (60, 21, 0, "")


def test_analyze(run: Run, learned: Path, tmp_path: Path) -> None:
    letter = tmp_path / "letter.eml"
    letter.write_bytes(b"Subject: x\n\ncheap pills winner casino bonus")
    done = run("--config", str(learned), "junk", "analyze", "mox", str(letter))
    assert done.status == 1
    assert "0.990  casino  (in 20 junk and 0 good messages)" in done.out
    assert "limit 0.950" in done.out
    letter.write_bytes(GOOD)
    done = run("--config", str(learned), "junk", "analyze", "mox", str(letter), "--json")
    shown = json.loads(done.out)
    assert (done.status, shown["is_refused"], shown["is_significant"]) == (0, False, True)
    assert {word["text"] for word in shown["words"]} == {"meeting", "report", "lunch"}


@pytest.mark.parametrize(
    "command",
    [("check", "nobody"), ("analyze", "nobody", __file__), ("backtest", "nobody", "--threshold", "1")],
)
def test_unknown_account(run: Run, learned: Path, command: tuple[str, ...]) -> None:
    done = run("--config", str(learned), "junk", *command)
    assert (done.status, done.err) == (2, f"mox: no account 'nobody' in {learned.parent}\n")


def test_nothing_learned(run: Run, directory: Path) -> None:
    done = run("--config", str(directory / "mox.toml"), "junk", "check", "mox")
    assert done.status == 2
    assert "cannot be used" in done.err


# --- retrain


class Server:
    """A control socket that plays an account's learning."""

    def __init__(self, data_dir: Path) -> None:
        self.asked: list[str] = []
        self._left = 2
        self._loop = asyncio.new_event_loop()
        self._control = ControlServer(
            data_dir=data_dir, commands={"retrain": self._retrain, "retrainprogress": self._progress}
        )
        self._thread = Thread(target=self._loop.run_forever)

    async def _retrain(self, arguments: dict[str, Any]) -> object:
        self.asked.append(arguments["account"])
        return [arguments["account"] or "mox"]

    async def _progress(self, arguments: dict[str, Any]) -> object:
        self._left -= 1
        return {"looked_at": 5, "of": 9, "ham": 3, "junk": 4, "is_done": self._left == 0}

    def start(self) -> None:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._control.start(), self._loop).result(10)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._control.close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def server(learned: Path) -> Iterator[Server]:
    server = Server(learned.parent)
    server.start()
    yield server
    server.stop()


def test_retrain_waits(run: Run, learned: Path, server: Server) -> None:
    done = run("--config", str(learned), "retrain", "mox")
    assert (done.status, done.err) == (0, "mox: 5 of 9 looked at\n")
    assert done.out == "mox: learned 3 good messages and 4 junk\n"
    assert server.asked == ["mox"]


def test_retrain_all_for_scripts(run: Run, learned: Path, server: Server) -> None:
    done = run("--config", str(learned), "retrain", "--json")
    assert json.loads(done.out)["mox"]["ham"] == 3
    assert server.asked == [""]


def test_retrain_without_waiting(run: Run, learned: Path, server: Server) -> None:
    done = run("--config", str(learned), "retrain", "mox", "--no-wait")
    assert (done.status, done.out) == (0, "learning anew: mox\n")


def test_retrain_needs_a_server(run: Run, learned: Path) -> None:
    done = run("--config", str(learned), "retrain", "mox")
    assert (done.status, "no server is running" in done.err) == (1, True)
