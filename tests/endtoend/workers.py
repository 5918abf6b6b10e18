"""How many processes the servers of the tests have, and the end of all of them.

MOX_TEST_WORKERS=2 make endtoend        the same tests, two workers
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["WORKERS", "children_of", "kill_all", "only", "use_workers", "wait_for_end"]

WORKERS = int(os.environ.get("MOX_TEST_WORKERS", "1"))


def children_of(process: int) -> list[int]:
    """Return the processes that one started, in the order of their start."""
    return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


@contextlib.contextmanager
def only(worker: int, workers: list[int]) -> Iterator[None]:
    """Have one worker take what comes; the others stand still."""
    others = [each for each in workers if each != worker]
    for other in others:
        os.kill(other, signal.SIGSTOP)
    try:
        yield
    finally:
        for other in others:
            os.kill(other, signal.SIGCONT)


def kill_all(process: subprocess.Popen[bytes]) -> None:
    """End a server and its workers without warning."""
    workers = children_of(process.pid) if process.poll() is None else []
    # First those that would notice: they say good-bye to their clients.
    for worker in workers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
    process.kill()
    process.wait(10)
    for worker in workers:
        wait_for_end(worker)


def wait_for_end(process: int, timeout_s: float = 20) -> None:
    """Wait until a process is gone."""
    end = time.monotonic() + timeout_s
    while Path(f"/proc/{process}").exists():
        assert time.monotonic() < end, f"process {process} goes on"
        time.sleep(0.01)


def use_workers(static_file: Path) -> None:
    """Write into a configuration how many there are to be."""
    static_file.write_text(f"Workers = {WORKERS}\n{static_file.read_text()}")
