"""A real Postfix with a configuration of its own on loopback: doors of many kinds, mailboxes as Maildirs.

It runs as root and as Debian's user `postfix`, like everywhere, and leaves the machine's own Postfix alone.
"""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from endtoend.sendingserver import listens
from moxkit.testing import CertificateAndKey

__all__ = ["Door", "Postfix", "find_postfix"]

_OWNER = 5000
_MAIN = """compatibility_level = 3.6
queue_directory = {directory}/queue
data_directory = {directory}/data
command_directory = /usr/sbin
daemon_directory = {daemons}
maillog_file = {directory}/log
maillog_file_prefixes = {directory}
myhostname = mx.postfix.example
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
inet_interfaces = all
inet_protocols = all
smtpd_peername_lookup = no
smtpd_tls_received_header = yes
smtpd_relay_restrictions = reject_unauth_destination
smtpd_client_connection_count_limit = 0
in_flow_delay = 0
local_header_rewrite_clients =
virtual_mailbox_domains = regexp:{directory}/etc/domains
virtual_mailbox_maps = regexp:{directory}/etc/mailboxes
virtual_mailbox_base = {directory}/mail
virtual_transport = virtual
virtual_uid_maps = static:{owner}
virtual_gid_maps = static:{owner}
disable_dns_lookups = yes
smtp_host_lookup = native
"""
_SERVICES = """pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True, slots=True)
class Door:
    """Where it listens, and what is special there.

    Attributes:
        address: To listen on.
        port: To listen on.
        certificate: Offered by STARTTLS; None for no TLS.
        settings: Of `smtpd`, by name.
    """

    address: str
    port: int
    certificate: CertificateAndKey | None = None
    settings: Mapping[str, str] = field(default_factory=dict)


def find_postfix(program: Callable[[str, str], str]) -> str:
    """Find it with the fixture `program`; skip for who may not run it."""
    if os.getuid() != 0:
        pytest.skip("only root can start a Postfix")
    return program("postfix", "postfix")


class Postfix:
    """A Postfix to start and stop; a context manager."""

    def __init__(
        self, program: str, doors: Mapping[str, Door], *, elsewhere: str, settings: Mapping[str, str]
    ) -> None:
        """Write its files.

        Args:
            program: Path of `postfix`.
            doors: By name.
            elsewhere: The one domain below ``example`` that it does not take mail for.
            settings: Of `main.cf`, besides or instead of ours.
        """
        # Its users may not enter a directory of pytest's.
        self.directory = Path(tempfile.mkdtemp(prefix="mox-test-postfix-"))
        self.directory.chmod(0o755)
        self._program = program
        self._doors = doors
        for name in ("etc", "queue", "data", "mail"):
            (self.directory / name).mkdir()
        shutil.chown(self.directory / "data", "postfix")
        os.chown(self.directory / "mail", _OWNER, _OWNER)
        etc = self.directory / "etc"
        daemons = next(
            each for each in ("/usr/lib/postfix/sbin", "/usr/libexec/postfix") if Path(each).is_dir()
        )
        main = _MAIN.format(directory=self.directory, daemons=daemons, owner=_OWNER)
        lines = dict(line.split(" =", 1) for line in main.splitlines())
        lines |= {name: f" {value}" for name, value in settings.items()}
        (etc / "main.cf").write_text("".join(f"{name} ={value}\n" for name, value in lines.items()))
        (etc / "master.cf").write_text("".join(map(self._service, doors)) + _SERVICES)
        (etc / "domains").write_text(f"if !/^{re.escape(elsewhere)}$/\n/\\.example$/ OK\nendif\n")
        (etc / "mailboxes").write_text("if !/^nobody@/\n/./ all/\nendif\n")

    def _service(self, name: str) -> str:
        door = self._doors[name]
        settings = {"smtpd_tls_security_level": "none"} | dict(door.settings)
        if door.certificate is not None:
            file = self.directory / "etc" / f"{name}.pem"
            file.write_bytes(door.certificate[1] + door.certificate[0])
            file.chmod(0o600)
            settings = {"smtpd_tls_security_level": "may", "smtpd_tls_chain_files": str(file)} | dict(
                door.settings
            )
        address = f"[{door.address}]" if ":" in door.address else door.address
        lines = [f"{address}:{door.port} inet n - n - - smtpd"]
        lines += [f"  -o {{ {key} = {value} }}" for key, value in settings.items()]
        return "\n".join(lines) + "\n"

    def __enter__(self) -> "Postfix":
        self._run("start")
        end = time.monotonic() + 20
        while not all(listens(door.port, door.address) for door in self._doors.values()):
            assert time.monotonic() < end, f"Postfix did not start:\n{self.log_tail()}"
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._run("stop", check=False)
        shutil.rmtree(self.directory, ignore_errors=True)

    def _run(self, *command: str, check: bool = True, program: str = "") -> str:
        """Run its program on its configuration."""
        done = subprocess.run(
            [program or self._program, "-c", str(self.directory / "etc"), *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert not check or not done.returncode, f"{done.stderr}{self.log_tail()}"
        return done.stdout

    def log_tail(self, lines: int = 40) -> str:
        """Return the last lines of its log."""
        log = self.directory / "log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""

    def mailbox(self, name: str) -> list[bytes]:
        """Return the messages that came for a localpart, in order, lines ending in CRLF."""
        files = sorted(self.directory.glob("mail/all/new/*"), key=lambda each: each.stat().st_mtime_ns)
        found = [each.read_bytes() for each in files]
        mark = f"\nDelivered-To: {name}@".encode()
        return [each.replace(b"\n", b"\r\n") for each in found if mark in each]

    def wait_for(self, name: str, count: int = 1, timeout_s: float = 20) -> list[bytes]:
        """Return the messages in a mailbox when there are so many."""
        end = time.monotonic() + timeout_s
        while len(found := self.mailbox(name)) < count:
            assert time.monotonic() < end, f"{len(found)} of {count} for {name}\n{self.log_tail()}"
            time.sleep(0.02)
        return found

    def wait_for_log(self, pattern: str, timeout_s: float = 20) -> str:
        """Return a line of its log that matches, when it is there."""
        end = time.monotonic() + timeout_s
        while (found := re.search(f".*{pattern}.*", self.log_tail(lines=10_000))) is None:
            assert time.monotonic() < end, f"no {pattern}\n{self.log_tail()}"
            time.sleep(0.05)
        return found[0]

    def send(self, sender: str, to: str, content: bytes, *options: str) -> None:
        """Hand in a message as a local program does."""
        subprocess.run(
            ["/usr/sbin/sendmail", "-C", str(self.directory / "etc"), "-i", "-f", sender, *options, to],
            input=content,
            check=True,
            timeout=30,
        )
