"""A localserve process with its own directory and ports, for tests to start, stop and kill."""

import imaplib
import os
import signal
import smtplib
import socket
import subprocess
import sys
from pathlib import Path

from endtoend.serverprocess import ServerProcess
from endtoend.workers import WORKERS

USER, PASSWORD = "mox@localhost", "moxmoxmox"


class Localserve(ServerProcess):
    """A server process; `start` and `kill` may alternate on one directory."""

    def __init__(self, directory: Path, *, wrapper: tuple[str, ...] = (), workers: int = WORKERS) -> None:
        super().__init__(directory / "log", end=signal.SIGINT, wrapper=wrapper)
        self.workers_wanted = workers
        self.directory = directory / "data"
        self.offset = _free_offset()

    @property
    def smtp(self) -> int:
        return 25 + self.offset

    @property
    def submission(self) -> int:
        return 587 + self.offset

    @property
    def submissions(self) -> int:
        return 465 + self.offset

    @property
    def imap(self) -> int:
        return 143 + self.offset

    @property
    def imaps(self) -> int:
        return 993 + self.offset

    @property
    def http(self) -> int:
        return 80 + self.offset

    @property
    def https(self) -> int:
        return 443 + self.offset

    @property
    def certificate(self) -> Path:
        return self.directory / "localhost.crt"

    def mox(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "mox", "--config", str(self.directory / "mox.toml"), *arguments]

    def start(self) -> "Localserve":
        argv = [
            sys.executable,
            "-m",
            "mox",
            "--log-level",
            "debug",
            "localserve",
            "--dir",
            str(self.directory),
        ]
        if not self.directory.exists():
            argv += ["--port-offset", str(self.offset), "--workers", str(self.workers_wanted)]
        self.launch(argv)
        return self

    def imap_client(self, password: str = PASSWORD) -> imaplib.IMAP4:
        client = imaplib.IMAP4("127.0.0.1", self.imap)
        client.login(USER, password)
        return client

    def deliver(self, content: bytes, *, sender: str = "me@example.org", to: str = "you@example.org") -> None:
        with smtplib.SMTP("127.0.0.1", self.smtp) as client:
            client.sendmail(sender, [to], content)

    def wait_for(self, subject: str, timeout_s: float = 20) -> None:
        """Return when a message of that subject is in the Inbox."""
        subprocess.run(
            self.mox("message", "wait", "--subject", subject, "--timeout", str(timeout_s)),
            check=True,
            capture_output=True,
        )


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connected:
            return bool(connected.recv(10))
    except OSError:
        return False


def _free_offset() -> int:
    """Find an offset whose ports nobody listens on."""
    start = 10000 + os.getpid() * 37 % 20000
    for offset in range(start, start + 20000, 1100):
        if not any(_answers(port + offset) for port in (25, 587, 465, 143, 993)):
            return offset
    raise RuntimeError("no free ports")
