"""Signed zones for hosts in namespaces: nsd serves them from the root on, unbound on each host validates."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from endtoend.dnssec import Programs
from endtoend.nameservers import nsd_config, unbound_config
from endtoend.namespaces import Host

__all__ = ["SignedZones", "resolving"]

_HEAD = """$ORIGIN {name}
$TTL 60
@ SOA ns.com. admin.com. {serial} 3600 600 86400 1
@ NS ns.com.
"""
_OPTIONS = (
    'module-config: "validator iterator"',
    'trust-anchor-file: "{anchor}"',
    "cache-max-ttl: 1",
    "cache-max-negative-ttl: 1",
)


class SignedZones:
    """Zones below a signed root; each has a key of its own, whose digest its parent has."""

    def __init__(self, directory: Path, programs: Programs, host: Host) -> None:
        """Remember where; nothing runs yet.

        Args:
            directory: For files.
            programs: It takes.
            host: Serves them.
        """
        directory.mkdir(parents=True)
        self._directory = directory
        self._programs = programs
        self._host = host
        self._zones: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        self._serial = 1
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where they are served."""
        return self._host.address

    @property
    def anchor(self) -> Path:
        """File with the digest of the root's key."""
        return self._directory / f"{self._keys['.']}.ds"

    def add(self, name: str, records: str) -> None:
        """Add a zone, after its parent; `name` ends with a dot."""
        self._zones[name] = records
        self._keys[name] = self._run(self._programs.keygen, "-a", "ECDSAP256SHA256", "-k", name)
        if name != ".":
            parent = max(
                (
                    each
                    for each in self._zones
                    if each != name and name.endswith(f".{each}".replace("..", "."))
                ),
                key=len,
            )
            digest = (self._directory / f"{self._keys[name]}.ds").read_text()
            self._zones[parent] += f"{name} NS ns.com.\n{digest}"

    def append(self, name: str, records: str) -> None:
        """Paste records into a zone, as who runs it would."""
        self._zones[name] += records

    def _run(self, *argv: str) -> str:
        done = subprocess.run(argv, cwd=self._directory, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{argv}: {done.stderr}"
        return done.stdout.strip()

    def serve(self) -> None:
        """Sign all zones as they are, and serve them; those that ask notice nothing of the change."""
        self._serial += 1
        served = list[tuple[str, str]]()
        for name, records in self._zones.items():
            file = "root" if name == "." else name.rstrip(".")
            text = _HEAD.format(name=name, serial=self._serial) + records
            (self._directory / f"{file}.unsigned").write_text(text)
            sign = (self._programs.signzone, "-n", "-f", f"{file}.zone", "-o", name)
            self._run(*sign, f"{file}.unsigned", self._keys[name])
            served.append((name, f"{file}.zone"))
        if self._process is None:
            path = self._directory / "nsd.conf"
            path.write_text(nsd_config(self._directory, f"{self._host.address}@53", served))
            self._process = subprocess.Popen([*self._host.within, self._programs.nsd, "-d", "-c", str(path)])
            _wait_for(self._directory / "nsd.log", "nsd started", self._process)
        else:
            self._process.send_signal(signal.SIGHUP)
        for name in self._zones:
            self._wait_until_served(name)

    def _wait_until_served(self, name: str) -> None:
        end = time.monotonic() + 20
        question = [*self._host.within, "drill", f"@{self._host.address}", name, "SOA"]
        while True:
            done = subprocess.run(question, capture_output=True, text=True, check=False)
            if f" {self._serial} 3600" in done.stdout:
                return
            assert time.monotonic() < end, done.stdout
            time.sleep(0.05)

    def close(self) -> None:
        """End serving."""
        if self._process is not None:
            _end(self._process)
            self._process = None


@contextlib.contextmanager
def resolving(host: Host, zones: SignedZones, programs: Programs, directory: Path) -> Iterator[None]:
    """Have a validating resolver on a host, for a block."""
    directory.mkdir(parents=True, exist_ok=True)
    options = [option.format(anchor=zones.anchor) for option in _OPTIONS]
    asking = unbound_config(directory, "127.0.0.1@53", [(".", zones.address)], options)
    (directory / "unbound.conf").write_text(asking)
    process = subprocess.Popen([*host.within, programs.unbound, "-d", "-c", str(directory / "unbound.conf")])
    try:
        _wait_for(directory / "unbound.log", "start of service", process)
        yield
    finally:
        _end(process)


def _wait_for(log: Path, text: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 20
    while not log.exists() or text not in log.read_text():
        assert process.poll() is None, log.read_text() if log.exists() else "did not start"
        assert time.monotonic() < end, log.read_text() if log.exists() else "no log"
        time.sleep(0.05)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
    if process.poll() is None:
        process.kill()
        process.wait()
