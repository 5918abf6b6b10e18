"""The internet that `bench.receiving` has mail from: signed messages, and nsd that answers for their domains.

Who connects comes from many networks, as on the internet, so that no limit of one network is reached.
"""

import contextlib
import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench.junk import typical_words

from moxkit import dkim
from moxkit.domain import parse_domain

__all__ = ["CLIENTS", "Letter", "client_address", "letters", "serve_dns", "warm_domain"]

# So many addresses send, each in a network of its own, even of the widest class that is limited.
CLIENTS = 1000
_WARM_DOMAINS = 100
_KEY = dkim.generate_rsa()
_SIGNING = [dkim.SigningKey(selector=parse_domain("s"), private_key=_KEY)]
_NOW = datetime.now(UTC).replace(microsecond=0)
_NSD = """server:
  ip-address: 127.0.0.1@{port}
  zonesdir: "{directory}"
  pidfile: "{directory}/nsd.pid"
  xfrdfile: "{directory}/xfrd.state"
  zonelistfile: "{directory}/zone.list"
  logfile: "{directory}/nsd.log"
  database: ""
  username: ""
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: "example"
  zonefile: "example.zone"
zone:
  name: "127.in-addr.arpa"
  zonefile: "reverse.zone"
"""
_HEAD = (
    "$ORIGIN {origin}\n$TTL 3600\n@ SOA ns.example. admin.example. 1 3600 600 86400 3600\n@ NS ns.example.\n"
)

Letter = tuple[str, bytes]
"""Return path and content."""


def client_address(number: int) -> str:
    """Return the address of a client."""
    return f"127.{10 + number // 32 % 200}.{number % 32 * 8}.1"


def warm_domain(number: int) -> str:
    """Return a domain that mail comes from all the time."""
    return f"warm{number % _WARM_DOMAINS}.example"


def letters(count: int, octets: int, *, first: int, cold: bool) -> list[Letter]:
    """Make signed messages; with `cold` each is of a domain that none was of before."""
    made = []
    for number in range(first, first + count):
        chance = random.Random(number * 7919 + octets)
        domain = f"cold{number}.example" if cold else warm_domain(number)
        sender = f"person{number % 7}@{domain}"
        head = (
            f"From: Person {number % 7} <{sender}>\r\nTo: <mox@localhost>\r\n"
            f"Subject: {typical_words(chance, 20)}\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n"
            f"Message-ID: <{number}.{octets}@{domain}>\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n\r\n"
        )
        words = typical_words(chance, max(0, octets - len(head) - 800)).split(" ")
        lines = [" ".join(words[at : at + 11]) for at in range(0, len(words), 11)]
        content = (head + "\r\n".join(lines) + "\r\n").encode()
        signature = dkim.sign(content, domain=parse_domain(domain), keys=_SIGNING, now=_NOW)
        made.append((sender, signature + content))
    return made


def _zones(cold: int) -> dict[str, str]:
    record = str(dkim.public_record(_KEY))
    key = " ".join(f'"{record[at : at + 200]}"' for at in range(0, len(record), 200))
    forward, reverse = [_HEAD.format(origin="example.")], [_HEAD.format(origin="127.in-addr.arpa.")]
    forward += ["ns A 127.0.0.1\n", 'networks TXT "v=spf1 ip4:127.0.0.0/8 -all"\n']
    domains = [warm_domain(number) for number in range(_WARM_DOMAINS)]
    domains += [f"cold{number}.example" for number in range(cold)]
    for domain in domains:
        forward.append(
            f'{domain}. TXT "v=spf1 include:networks.example -all"\n{domain}. MX 10 mx.{domain}.\n'
            f'mx.{domain}. A 127.0.0.1\n_dmarc.{domain}. TXT "v=DMARC1; p=reject"\n'
            f"s._domainkey.{domain}. TXT {key}\n"
        )
    for number in range(CLIENTS):
        address = client_address(number)
        forward.append(f"c{number} A {address}\n")
        name = ".".join(reversed(address.split(".")))
        reverse.append(f"{name}.in-addr.arpa. PTR c{number}.example.\n")
    return {"example.zone": "".join(forward), "reverse.zone": "".join(reverse)}


@contextlib.contextmanager
def serve_dns(cold: int) -> Iterator[str | None]:
    """Answer for all domains, `cold` ones of them new; yields IP:PORT, or None if nsd is not installed."""
    program = shutil.which("nsd", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        yield None
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory(prefix="mox-bench-dns-") as name:
        directory = Path(name)
        for file, text in _zones(cold).items():
            (directory / file).write_text(text)
        configuration = directory / "nsd.conf"
        configuration.write_text(_NSD.format(port=port, directory=directory))
        process = subprocess.Popen([program, "-d", "-c", str(configuration)], stderr=subprocess.DEVNULL)
        try:
            for _ in range(500):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.02)
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)
