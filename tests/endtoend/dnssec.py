"""A small signed internet on loopback: nsd serves zones, unbound validates them.

``example`` is the trust anchor. Below it: ``secure`` is signed, ``insecure`` is not, ``bogus`` was changed
after signing, ``expired`` has signatures of long ago. All have the same records, by default those of a mail
domain.
"""

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from endtoend.nameservers import nsd_config, unbound_config

__all__ = [
    "DIGEST",
    "RECORDS",
    "ZONES",
    "Internet",
    "Programs",
    "find_programs",
    "free_port",
    "running",
    "serve_internet",
]

ZONES = ("secure", "insecure", "bogus", "expired")
DIGEST = "ab" * 32
_PARENT = """$ORIGIN example.
$TTL 3600
@ SOA ns.example. admin.example. 1 3600 600 86400 60
@ NS ns.example.
ns A 127.0.0.1
"""
_CHILD = """$ORIGIN {name}.example.
$TTL 3600
@ SOA ns.example. admin.example. 1 3600 600 86400 60
@ NS ns.example.
"""
# Of somebody in between, the certificate's digest and the id of the policy are changed.
RECORDS = f"""@ MX 10 mx
mx A 192.0.2.25
mx AAAA 2001:db8::25
_25._tcp.mx TLSA 3 1 1 {DIGEST}
_mta-sts TXT "v=STSv1; id=original;"
plain A 192.0.2.26
alias CNAME mx
_25._tcp.alias TLSA 3 1 1 {DIGEST[::-1]}
out CNAME mx.insecure.example.
_25._tcp.out TLSA 3 1 1 {DIGEST}
"""
_OPTIONS = (
    "do-not-query-localhost: no",
    'module-config: "validator iterator"',
    'trust-anchor-file: "{directory}/anchor.ds"',
    "ede: yes",
)


class Programs:
    """The programs it takes, as paths."""

    def __init__(self, *, nsd: str, unbound: str, keygen: str, signzone: str) -> None:
        self.nsd = nsd
        self.unbound = unbound
        self.keygen = keygen
        self.signzone = signzone


def find_programs(program: Callable[[str, str], str]) -> Programs:
    """Find them with the fixture `program`."""
    return Programs(
        nsd=program("nsd", "nsd"),
        unbound=program("unbound", "unbound"),
        keygen=program("ldns-keygen", "ldnsutils"),
        signzone=program("ldns-signzone", "ldnsutils"),
    )


class Internet:
    """What runs.

    Attributes:
        resolver: Where the validating resolver listens, as ``127.0.0.1:port``.
        resolver_process: Its process.
    """

    def __init__(self, resolver: str, resolver_process: subprocess.Popen[str]) -> None:
        self.resolver = resolver
        self.resolver_process = resolver_process


@contextlib.contextmanager
def serve_internet(directory: Path, programs: Programs, records: str = RECORDS) -> Iterator[Internet]:
    """Sign, serve and validate zones that all have these records, names relative to the zone."""
    _write_zones(directory, programs, records)
    nsd_port, unbound_port = free_port(), free_port()
    names = ("example", *(f"{zone}.example" for zone in ZONES))
    served = nsd_config(directory, f"127.0.0.1@{nsd_port}", [(name, f"{name}.zone") for name in names])
    (directory / "nsd.conf").write_text(served)
    stubs = [(name, f"127.0.0.1@{nsd_port}") for name in names]
    options = [option.format(directory=directory) for option in _OPTIONS]
    asking = unbound_config(directory, f"127.0.0.1@{unbound_port}", stubs, options)
    (directory / "unbound.conf").write_text(asking)
    with (
        running([programs.nsd, "-d", "-c", str(directory / "nsd.conf")], nsd_port, directory / "nsd.log"),
        running(
            [programs.unbound, "-d", "-c", str(directory / "unbound.conf")],
            unbound_port,
            directory / "unbound.log",
        ) as resolver,
    ):
        yield Internet(f"127.0.0.1:{unbound_port}", resolver)


def _write_zones(directory: Path, programs: Programs, records: str) -> None:
    parent = _PARENT
    for name in ZONES:
        parent += f"{name} NS ns.example.\n"
        text = _CHILD.format(name=name) + records
        if name == "insecure":
            (directory / f"{name}.example.zone").write_text(text)
            continue
        dates = ("-i", "20190101", "-e", "20200101") if name == "expired" else ()
        parent += _sign(directory, programs, f"{name}.example", text, dates)
    bogus = directory / "bogus.example.zone"
    # What somebody on the way would like to change: the certificate, and the policy.
    signed = bogus.read_text()
    changed = signed.replace(DIGEST, "cd" * 32).replace("id=original", "id=forged")
    assert changed != signed
    bogus.write_text(changed)
    (directory / "anchor.ds").write_text(_sign(directory, programs, "example", parent, ()))


def _sign(directory: Path, programs: Programs, name: str, text: str, dates: tuple[str, ...]) -> str:
    """Sign a zone; return the DS record of its key."""
    (directory / f"{name}.unsigned").write_text(text)

    def run(*arguments: str) -> str:
        done = subprocess.run(arguments, cwd=directory, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    key = run(programs.keygen, "-a", "ECDSAP256SHA256", "-k", f"{name}.")
    run(programs.signzone, "-n", *dates, "-f", f"{name}.zone", f"{name}.unsigned", key)
    return (directory / f"{key}.ds").read_text()


@contextlib.contextmanager
def running(command: list[str], port: int, log: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a program until the end, from when it listens on a port of 127.0.0.1."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        for _ in range(200):
            if process.poll() is not None or _listens(port):
                break
            time.sleep(0.05)
        if process.poll() is not None or not _listens(port):
            process.kill()
            said = process.communicate()[1] + (log.read_text() if log.exists() else "")
            raise AssertionError(f"{Path(command[0]).name} did not start:\n{said}")
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def free_port() -> int:
    """Return a port that nobody has, for UDP and TCP, at 127.0.0.1; no two callers get the same."""
    # Above the range of temporary ports, so that nobody takes it in between; another run begins elsewhere.
    begin = os.getpid() * 37 % 4000
    for port in (61000 + (begin + each) % 4000 for each in range(4000)):
        with (
            contextlib.closing(socket.socket()) as tcp,
            contextlib.closing(socket.socket(type=socket.SOCK_DGRAM)) as udp,
        ):
            try:
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            if port not in _TAKEN:
                _TAKEN.add(port)
                return port
    raise AssertionError("no free port")


_TAKEN: set[int] = set()
