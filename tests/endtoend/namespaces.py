"""Hosts of a small internet: network namespaces on one bridge, each with an address and a resolver.

Made by root, and gone with the test; nothing of it reaches the network outside.
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

__all__ = ["Host", "Network", "make_network", "needs_namespaces"]


def _run(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(argv)}: {done.stderr}"


def needs_namespaces() -> None:
    """Skip a test where the system lets not even root make namespaces and mount something there."""
    namespaces = ["--net", "--pid", "--mount", "--cgroup", "--fork"]
    probe = ["unshare", *namespaces, "mount", "-t", "tmpfs", "none", "/mnt"]
    done = subprocess.run(probe, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no namespaces here: {done.stderr.strip()}")


class Host:
    """A namespace.

    Attributes:
        name: Of the namespace.
        address: IPv4.
    """

    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self.address = address

    @property
    def within(self) -> list[str]:
        """What puts a command there."""
        return ["ip", "netns", "exec", self.name]

    def run(self, *argv: str | Path, given: str = "", cwd: Path | None = None, status: int = 0) -> str:
        """Run a command there, to its end; return what it prints."""
        done = subprocess.run(
            [*self.within, *map(str, argv)],
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
            cwd=cwd,
        )
        assert done.returncode == status, f"{argv}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def take_address(self, other: "Host") -> None:
        """Take the place of another host, which has none then."""
        _run("ip", "-n", other.name, "address", "del", f"{other.address}/24", "dev", "net0")
        _run("ip", "-n", self.name, "address", "del", f"{self.address}/24", "dev", "net0")
        _run("ip", "-n", self.name, "address", "add", f"{other.address}/24", "dev", "net0")
        self.address = other.address


class Network:
    """All hosts, and the bridge between them."""

    def __init__(self) -> None:
        self._mark = f"mx{os.getpid()}"
        self._bridge = f"{self._mark}-net"
        self._count = 0
        self._names: list[str] = []
        self._make(self._bridge)
        _run("ip", "-n", self._bridge, "link", "add", "br0", "type", "bridge")
        _run("ip", "-n", self._bridge, "link", "set", "br0", "up")

    def _make(self, name: str) -> None:
        _run("ip", "netns", "add", name)
        self._names.append(name)
        _run("ip", "-n", name, "link", "set", "lo", "up")

    def host(self, label: str, address: str) -> Host:
        """Make a host; it asks the resolver at 127.0.0.1 that somebody has to start there."""
        name, self._count = f"{self._mark}-{label}", self._count + 1
        here, there = f"{self._mark}v{self._count}", f"{self._mark}w{self._count}"
        self._make(name)
        _run("ip", "link", "add", here, "type", "veth", "peer", "name", there)
        _run("ip", "link", "set", here, "netns", self._bridge)
        _run("ip", "link", "set", there, "netns", name)
        _run("ip", "-n", self._bridge, "link", "set", here, "master", "br0")
        _run("ip", "-n", self._bridge, "link", "set", here, "up")
        _run("ip", "-n", name, "link", "set", there, "name", "net0")
        _run("ip", "-n", name, "address", "add", f"{address}/24", "dev", "net0")
        _run("ip", "-n", name, "link", "set", "net0", "up")
        # `ip netns exec` shows it as /etc/resolv.conf.
        Path("/etc/netns", name).mkdir(parents=True)
        Path("/etc/netns", name, "resolv.conf").write_text("nameserver 127.0.0.1\noptions trust-ad\n")
        return Host(name, address)

    def close(self) -> None:
        """Remove all of it."""
        for name in self._names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
            shutil.rmtree(Path("/etc/netns", name), ignore_errors=True)
        with contextlib.suppress(OSError):
            # If nobody else has something there.
            Path("/etc/netns").rmdir()


@contextlib.contextmanager
def make_network() -> Iterator[Network]:
    """Make one, for a block."""
    network = Network()
    try:
        yield network
    finally:
        network.close()
