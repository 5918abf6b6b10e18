"""An internet of unsigned zones on loopback: nsd serves them, unbound asks for them; some never answer.

Reverse names of 127.0.0.0/8 are a zone like others, so that clients there have names.
"""

import contextlib
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from endtoend.dnssec import free_port, running

__all__ = ["REVERSE", "quoted", "serve_zones"]

REVERSE = "127.in-addr.arpa"
_HEAD = """$ORIGIN {name}.
$TTL 3600
@ SOA ns.example. admin.example. 1 3600 600 86400 60
@ NS ns.example.
"""
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
"""
_UNBOUND = """server:
  interface: 127.0.0.1@{port}
  directory: "{directory}"
  pidfile: "{directory}/unbound.pid"
  chroot: ""
  username: ""
  use-syslog: no
  logfile: "{directory}/unbound.log"
  do-daemonize: no
  do-not-query-localhost: no
  module-config: "iterator"
  local-zone: "{reverse}." nodefault
  do-ip6: no
remote-control:
  control-enable: no
"""


def quoted(text: str) -> str:
    """Return what a TXT record is written as, in pieces that fit."""
    return " ".join(f'"{text[at : at + 200]}"' for at in range(0, len(text), 200))


@contextlib.contextmanager
def serve_zones(
    directory: Path,
    program: Callable[[str, str], str],
    zones: Mapping[str, str],
    silent: Sequence[str] = (),
) -> Iterator[str]:
    """Serve zones; yields the resolver, as ``127.0.0.1:port``.

    Args:
        directory: For files.
        program: The fixture.
        zones: Records by the zone's name, names relative to it.
        silent: Zones whose name server gets questions and never answers.
    """
    nsd, unbound = program("nsd", "nsd"), program("unbound", "unbound")
    nsd_port, unbound_port = free_port(), free_port()
    served = stubs = ""
    for name, records in zones.items():
        (directory / f"{name}.zone").write_text(_HEAD.format(name=name) + records)
        served += f'zone:\n  name: "{name}"\n  zonefile: "{name}.zone"\n'
        stubs += f'stub-zone:\n  name: "{name}"\n  stub-addr: 127.0.0.1@{nsd_port}\n'
    with contextlib.ExitStack() as stack:
        hole = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        hole.bind(("127.0.0.1", 0))
        for name in silent:
            stubs += f'stub-zone:\n  name: "{name}"\n  stub-addr: 127.0.0.1@{hole.getsockname()[1]}\n'
        (directory / "nsd.conf").write_text(_NSD.format(port=nsd_port, directory=directory) + served)
        (directory / "unbound.conf").write_text(
            _UNBOUND.format(port=unbound_port, directory=directory, reverse=REVERSE) + stubs
        )
        for command, port in (
            ([nsd, "-d", "-c", str(directory / "nsd.conf")], nsd_port),
            ([unbound, "-d", "-c", str(directory / "unbound.conf")], unbound_port),
        ):
            log = directory / f"{Path(command[0]).name}.log"
            stack.enter_context(running(command, port, log))
        yield f"127.0.0.1:{unbound_port}"
