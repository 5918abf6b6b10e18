"""A parent and its processes: handed what they need, replaced when killed, ended together."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mox.privilege.handover import CHANNEL

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no such thing on Windows")

_PARENT = """
import sys
from pathlib import Path
from mox.listen import bind
from mox.privilege import run_parent
import mox.privilege.crew as crew
crew._PAUSE_S = float(sys.argv[5])
port, workers, program, key = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
sockets = {("127.0.0.1", port): bind("test", "127.0.0.1", port)}
sys.exit(run_parent([sys.executable, program], run_as=None, sockets=sockets, files=[key], workers=workers,
    environment={"GIVEN": "so"}, look_every_s=0.05))
"""
# Says what it was handed, tells the others its number, and does what the file `order-N` says.
_CHILD = """
import asyncio, os, sys
from pathlib import Path
from mox.privilege import Inherited

def say(*words):
    os.write(1, (" ".join(map(str, words)) + chr(10)).encode())

given = Inherited.take()
worker, number = given.worker, given.worker.number
here = Path(__file__).parent
say("worker", number, worker.count, os.environ["GIVEN"], *given.sockets, *given.files.values(),
    "confined" if given.is_confined else "as-is", os.getpid())

async def main():
    given.notices.on("hello", lambda text: say(number, "heard", text))
    given.notices.start()
    given.notices.tell("hello", str(number))
    given.follow(lambda files: say(number, "fresh", *files.values()), lambda: os._exit(9))
    while not (order := here / f"order-{number}").exists():
        await asyncio.sleep(0.01)
    status = int(order.read_text())
    order.unlink()
    sys.exit(status)

asyncio.run(main())
"""


class Family:
    """A parent, its processes, and what they print."""

    def __init__(self, directory: Path, workers: int, port: int, pause_s: float) -> None:
        self.directory = directory
        (directory / "child.py").write_text(_CHILD)
        (directory / "key").write_bytes(b"one")
        self.log = directory / "log"
        argv = [str(port), str(workers), str(directory / "child.py"), str(directory / "key"), str(pause_s)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _PARENT, *argv], stdout=log, stderr=subprocess.STDOUT
            )

    def wait_for(self, text: str, count: int = 1) -> None:
        end = time.monotonic() + 20
        while self.log.read_text().count(text) < count:
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.01)

    def pids(self, number: int) -> list[int]:
        lines = self.log.read_text().splitlines()
        return [int(line.split()[-1]) for line in lines if line.startswith(f"worker {number} ")]

    def order(self, number: int, status: int) -> None:
        made = self.directory / "made"
        made.write_text(str(status))
        made.rename(self.directory / f"order-{number}")


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Callable[..., Family]]:
    made: list[Family] = []

    def make(workers: int, pause_s: float = 0.05) -> Family:
        made.append(Family(tmp_path, workers, 20000 + os.getpid() % 20000, pause_s))
        return made[-1]

    yield make
    for each in made:
        each.process.kill()
        each.process.wait()


def is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def test_one_is_alone(family: Callable[..., Family]) -> None:
    one = family(1)
    one.wait_for("worker 0 1 so ('127.0.0.1', ")
    one.wait_for("b'one' as-is")
    os.kill(one.pids(0)[0], signal.SIGKILL)
    assert one.process.wait(20) == 128 + signal.SIGKILL


def test_several_hear_each_other_and_get_fresh_files(family: Callable[..., Family]) -> None:
    three = family(3)
    three.wait_for("as-is", 3)
    for number in (0, 1):
        three.wait_for(f"2 heard {number}")
    (three.directory / "new").write_bytes(b"two")
    (three.directory / "new").rename(three.directory / "key")
    for number in range(3):
        three.wait_for(f"{number} fresh b'two'")
    three.process.send_signal(signal.SIGTERM)
    assert three.process.wait(20) == 128 + signal.SIGTERM
    assert all(is_gone(pid) for number in range(3) for pid in three.pids(number))


@pytest.mark.parametrize("number", [0, 1])
def test_one_of_several_that_was_killed_is_replaced(family: Callable[..., Family], number: int) -> None:
    two = family(2)
    two.wait_for("as-is", 2)
    os.kill(two.pids(number)[0], signal.SIGKILL)
    two.wait_for("as-is", 3)
    assert len(two.pids(number)) == 2
    # What it says is heard by who was there before, and the other way round.
    two.wait_for(f"{1 - number} heard {number}", 2)
    two.order(0, 0)
    assert two.process.wait(20) == 0
    assert all(is_gone(pid) for each in range(2) for pid in two.pids(each))


def test_the_end_is_not_put_off_by_one_that_is_about_to_be_replaced(
    family: Callable[..., Family],
) -> None:
    two = family(2, pause_s=60)
    two.wait_for("as-is", 2)
    os.kill(two.pids(0)[0], signal.SIGKILL)
    two.wait_for("worker died, another is started")
    two.process.send_signal(signal.SIGTERM)
    assert two.process.wait(20) == 128 + signal.SIGTERM
    assert is_gone(two.pids(1)[0])


def test_a_helper_is_replaced_whatever_it_ended_with_and_the_first_is_not(
    family: Callable[..., Family],
) -> None:
    two = family(2)
    two.wait_for("as-is", 2)
    two.order(1, 3)
    two.wait_for("as-is", 3)
    two.order(0, 7)
    assert two.process.wait(20) == 7


def test_a_parent_that_is_gone_is_noticed(family: Callable[..., Family]) -> None:
    two = family(2)
    two.wait_for("as-is", 2)
    two.process.kill()
    two.process.wait()
    end = time.monotonic() + 20
    while not all(is_gone(pid) for number in range(2) for pid in two.pids(number)):
        assert time.monotonic() < end, two.log.read_text()
        time.sleep(0.01)


def test_root_does_not_believe_its_environment(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PARENT, "0", "1", "nothing", str(tmp_path / "key"), "1"],
        env={**os.environ, CHANNEL: "3 0 1 as-is"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "is in the environment; start it without" in done.stderr
