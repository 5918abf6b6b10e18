"""Configuration of nsd, which serves zones, and of unbound, which asks; without anything of the machine's."""

from collections.abc import Iterable
from pathlib import Path

__all__ = ["nsd_config", "unbound_config"]

_NSD = """server:
  ip-address: {address}
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
  interface: {address}
  directory: "{directory}"
  pidfile: "{directory}/unbound.pid"
  chroot: ""
  username: ""
  use-syslog: no
  logfile: "{directory}/unbound.log"
  do-daemonize: no
  do-ip6: no
{more}remote-control:
  control-enable: no
"""


def nsd_config(directory: Path, address: str, zones: Iterable[tuple[str, str]]) -> str:
    """Return what nsd reads.

    Args:
        directory: Of zones and everything else.
        address: Where it listens, as IP@PORT.
        zones: Name and file of each.
    """
    served = "".join(f'zone:\n  name: "{name}"\n  zonefile: "{file}"\n' for name, file in zones)
    return _NSD.format(address=address, directory=directory) + served


def unbound_config(
    directory: Path, address: str, stubs: Iterable[tuple[str, str]], options: Iterable[str]
) -> str:
    """Return what unbound reads.

    Args:
        directory: Of its files.
        address: Where it listens, as IP@PORT.
        stubs: Names, and who serves them, as IP or IP@PORT.
        options: More of them.
    """
    more = "".join(f"  {option}\n" for option in options)
    asked = "".join(f'stub-zone:\n  name: "{name}"\n  stub-addr: {server}\n' for name, server in stubs)
    return _UNBOUND.format(address=address, directory=directory, more=more) + asked
