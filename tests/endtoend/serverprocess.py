"""A server's process, for tests to start, stop and kill; its log goes on from one to the next."""

import signal
import subprocess
import time
from pathlib import Path

from endtoend.workers import kill_all

__all__ = ["ServerProcess"]

_READY = b"ready to serve"


class ServerProcess:
    """The process of a server with one log; `launch` and `kill` may alternate."""

    def __init__(self, log: Path, *, end: signal.Signals, wrapper: tuple[str, ...] = ()) -> None:
        """Remember how it is run.

        Args:
            log: All that it says.
            end: What people send who want it to end.
            wrapper: A command that runs it.
        """
        self.log = log
        self.wrapper = wrapper
        self.process: subprocess.Popen[bytes] | None = None
        self._end = end

    def launch(self, argv: list[str], environment: dict[str, str] | None = None) -> None:
        """Start it, and wait until it is ready."""
        with self.log.open("ab") as log:
            began = log.tell()
            self.process = subprocess.Popen([*self.wrapper, *argv], stdout=log, stderr=log, env=environment)
        end = time.monotonic() + 30
        while _READY not in self.log.read_bytes()[began:]:
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"server did not start:\n{self.log_tail()}")
            time.sleep(0.01)

    def kill(self) -> None:
        """End without warning."""
        if self.process is not None:
            kill_all(self.process)
            self.process = None

    def stop(self) -> int:
        """End as people do; return the exit status."""
        if self.process is None:
            return 0
        self.process.send_signal(self._end)
        status = self.process.wait(20)
        self.process = None
        return status

    def log_tail(self, containing: str = "", lines: int = 40) -> str:
        """Return the last lines of its log, those that contain something."""
        kept = [line for line in self.log.read_text(errors="replace").splitlines() if containing in line]
        return "\n".join(kept[-lines:])
