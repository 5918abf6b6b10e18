"""A localserve of our own for a measurement: fresh directory, free ports, ended with the measurement."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

Report = Callable[[str, float, str], None]

USER, PASSWORD = "mox@localhost", "moxmoxmox"


class LocalServer:
    """A running server; ports are the usual ones plus `offset`."""

    def __init__(
        self, program: tuple[str, ...] = ("-m", "mox"), options: tuple[str, ...] = (), workers: int = 1
    ) -> None:
        """Choose a directory and ports.

        Args:
            program: What Python runs; takes the arguments of `mox`.
            options: Of localserve, besides ours.
            workers: How many processes serve.
        """
        self._workers = workers
        self._program = program
        self._options = options
        self.directory = Path(tempfile.mkdtemp(prefix="mox-bench-"))
        # Away from the usual 1000, so that a developer's own server can go on; below what clients are given.
        self.offset = 20000 + os.getpid() % 11000
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def smtp(self) -> int:
        return self.offset + 25

    @property
    def imap(self) -> int:
        return self.offset + 143

    @property
    def imaps(self) -> int:
        return self.offset + 993

    @property
    def data(self) -> Path:
        """Its configuration and all its mail."""
        return self.directory / "data"

    def create(self) -> None:
        """Write the files of a new server, if they are not there."""
        if not self.data.exists():
            chosen = ("--port-offset", str(self.offset), "--workers", str(self._workers))
            argv = [*self._argv("-m", "mox"), *chosen, "--init-only"]
            subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)

    def _argv(self, *program: str) -> list[str]:
        return [sys.executable, *program, "--log-level", "error", "localserve", "--dir", str(self.data)]

    def start(self) -> float:
        """Start, and return the seconds until both banners were there."""
        self.create()
        began = time.perf_counter()
        self._process = subprocess.Popen(
            [*self._argv(*self._program), *self._options], stdout=subprocess.DEVNULL
        )
        for port in (self.smtp, self.imap):
            while not _has_banner(port):
                if self._process.poll() is not None or time.perf_counter() - began > 30:
                    raise RuntimeError("the server did not start")
                time.sleep(0.002)
        return time.perf_counter() - began

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(15)
            self._process = None

    def pss_kb(self) -> int:
        """Proportional memory of the process."""
        if self._process is None:
            return 0
        rollup = Path(f"/proc/{self._process.pid}/smaps_rollup").read_text()
        found = re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)
        return int(found[1]) if found else 0

    def cpu_s(self) -> float:
        """Processor time of the process so far."""
        if self._process is None:
            return 0.0
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def mox(self, *arguments: str) -> list[str]:
        """Return the command line of a command for this server."""
        file = str(self.directory / "data" / "mox.toml")
        return [sys.executable, "-m", "mox", "--config", file, *arguments]

    def __enter__(self) -> "LocalServer":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def _has_banner(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connected:
            return bool(connected.recv(100))
    except OSError:
        return False


def measure_start(server: LocalServer, report: Report, scale: float) -> None:
    """Start on an existing directory, and memory of an idle server."""
    server.stop()
    times, memory = [], 0
    for _ in range(max(2, round(5 * scale))):
        times.append(server.start())
        time.sleep(1)
        memory = server.pss_kb()
        server.stop()
    report("start_s", sorted(times)[len(times) // 2], "s")
    report("idle_memory", memory / 1024, "MB")
