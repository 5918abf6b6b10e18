"""`mox serve` as on a real machine: started by root, run by a user without a shell that the test makes.

Its interpreter is the system's, which everybody may run, with what is installed for the tests.
"""

import contextlib
import os
import re
import shutil
import signal
import site
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from endtoend.dnssec import free_port
from endtoend.workers import WORKERS, children_of, kill_all
from moxkit.testing import make_certificate

__all__ = [
    "KEY_CERTS",
    "PASSWORD",
    "USER",
    "RealServer",
    "interpreter",
    "open_way_to",
    "system_user",
    "wait_for_text",
]

USER, PASSWORD = "me@mox.example", "correct horse battery"
KEY_CERTS = """[[Listeners.public.TLS.KeyCerts]]
CertFile = "../cert.pem"
KeyFile = "../key.pem"
"""
_SYSTEM_PYTHON = Path("/usr/bin/python3")


@contextlib.contextmanager
def system_user(name: str) -> Iterator[str]:
    """Make a user without shell and home, for as long as it is needed."""
    subprocess.run(["userdel", name], capture_output=True, check=False)
    options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    subprocess.run(["useradd", *options, name], check=True, capture_output=True)
    try:
        yield name
    finally:
        subprocess.run(["userdel", name], check=True, capture_output=True)


def interpreter(directory: Path) -> Path:
    """Make an environment; return its interpreter."""
    subprocess.run([_SYSTEM_PYTHON, "-m", "venv", "--without-pip", directory], check=True)
    open_way_to(directory)
    [packages] = directory.glob("lib/python3.*/site-packages")
    ours = Path(__file__).parents[2] / "src"
    (packages / "ours.pth").write_text("\n".join(map(str, (ours, *site.getsitepackages()))))
    return directory / "bin" / "python"


def open_way_to(directory: Path) -> None:
    """Let everybody pass through the directories of the tests."""
    for each in (directory, *directory.parents):
        if each != Path("/") and each.stat().st_uid == os.getuid():
            each.chmod(stat.S_IMODE(each.stat().st_mode) | 0o011)


def wait_for_text(
    log: Path, text: str, process: subprocess.Popen[bytes], count: int = 1, timeout_s: float = 30
) -> None:
    """Wait until a log has a text so often, while the process runs."""
    end = time.monotonic() + timeout_s
    while log.read_text().count(text) < count:
        assert time.monotonic() < end, f"no {text!r}:\n{log.read_text()}"
        assert process.poll() is None or text in log.read_text(), log.read_text()
        time.sleep(0.05)


class RealServer:
    """The files of a server, and the process of root; ports are free ones."""

    def __init__(
        self,
        directory: Path,
        python: Path,
        user: str,
        *,
        static: str = "",
        dns: str = "",
        tls: str = KEY_CERTS,
        more: str = "",
        workers: int = WORKERS,
    ) -> None:
        """Write the files.

        Args:
            directory: Of everything.
            python: Interpreter that runs it.
            user: Whom it runs as.
            static: Goes into the configuration, at its top.
            dns: Resolver; by default nobody answers.
            tls: Certificates of the public listener.
            more: Goes into the configuration, at its end.
            workers: How many processes without privileges.
        """
        self.directory, self.python, self.workers = directory, python, workers
        self.config, self.data = directory / "config", directory / "data"
        self.log = directory / "log"
        self.smtp, self.submissions, self.imaps, self.https, self.http = (free_port() for _ in range(5))
        self.process: subprocess.Popen[bytes] | None = None
        self.config.mkdir()
        open_way_to(directory)
        self.write_certificate("mail.mox.example")
        (self.config / "adminpasswd").write_text("x")
        (self.config / "mox.toml").write_text(
            self._static(user, static, dns or f"127.0.0.1:{free_port()}", tls) + more
        )
        (self.config / "domains.toml").write_text(_DYNAMIC)

    def write_certificate(self, name: str) -> None:
        """Replace key and certificate as other tools do: for root alone, by renaming."""
        certificate, key = make_certificate(name, "p256")
        for file, octets in (("key.pem", key), ("cert.pem", certificate)):
            made = self.directory / f"{file}.new"
            made.write_bytes(octets)
            made.chmod(0o600)
            made.rename(self.directory / file)

    def _static(self, user: str, static: str, dns: str, tls: str) -> str:
        return f"""{static}
Workers = {self.workers}
DataDir = "../data"
LogLevel = "debug"
User = "{user}"
Hostname = "mail.mox.example"
AdminPasswordFile = "adminpasswd"

[Resolvers]
Servers = ["{dns}"]

[Listeners.public]
IPs = ["127.0.0.1"]
{tls}
[Listeners.public.SMTP]
Enabled = true
Port = {self.smtp}
FirstTimeSenderDelay = "0s"
[Listeners.public.Submissions]
Enabled = true
Port = {self.submissions}
[Listeners.public.IMAPS]
Enabled = true
Port = {self.imaps}
[Listeners.public.AccountHTTPS]
Enabled = true
Port = {self.https}
[Listeners.public.AccountHTTP]
Enabled = true
Port = {self.http}

[Postmaster]
Account = "me"
Mailbox = "Postmaster"
"""

    def mox(self, *arguments: str) -> list[str]:
        return [str(self.python), "-m", "mox", "--config", str(self.config / "mox.toml"), *arguments]

    def run(self, *arguments: str, given: str = "") -> str:
        """Run a command; return what it prints."""
        done = subprocess.run(
            self.mox(*arguments), input=given, capture_output=True, text=True, check=False, timeout=30
        )
        assert done.returncode == 0, f"{done.stderr}\n{self.log.read_text()}"
        return done.stdout

    def refused(self) -> str:
        """Start it, which it refuses; return all that it says."""
        done = subprocess.run(
            self.mox("serve"), capture_output=True, text=True, check=False, timeout=30, cwd=self.directory
        )
        assert done.returncode == 1, done
        return done.stderr

    def start(self, *, user: str | None = None) -> "RealServer":
        """Start it, by root or somebody else, and wait until it is ready."""
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.mox("serve"), stderr=log, cwd=self.directory, user=user, group=user
            )
        self.wait_for("ready to serve")
        return self

    def wait_for(self, text: str, count: int = 1, timeout_s: float = 30) -> None:
        """Wait until the log has a text so often."""
        assert self.process is not None
        wait_for_text(self.log, text, self.process, count, timeout_s)

    @property
    def child(self) -> int:
        """The process without privileges, the first of them."""
        assert self.process is not None
        children = children_of(self.process.pid)
        assert len(children) == self.workers, children
        return children[0]

    def status(self, process: int) -> dict[str, str]:
        """Return what the system says of a process."""
        text = Path(f"/proc/{process}/status").read_text()
        return dict(re.findall(r"^(\w+):[ \t]*(.*)$", text, re.MULTILINE))

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal to the process that was started; return its exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(20)

    def close(self) -> None:
        """End it, whatever became of it."""
        if self.process is not None and self.process.poll() is None:
            kill_all(self.process)
        shutil.rmtree(self.data, ignore_errors=True)


_DYNAMIC = """[Domains."mox.example"]

[Accounts.me]
Domain = "mox.example"
[Accounts.me.Destinations."me@mox.example"]
"""
