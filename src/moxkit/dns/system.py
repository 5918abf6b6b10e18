"""What the machine is configured with: its name servers, and whether it trusts their AD bits."""

import re
from ipaddress import ip_address
from pathlib import Path

import dns.exception
import dns.resolver

from moxkit.dns.exchange import NameServer

__all__ = ["system_servers", "trusts_ad"]

_RESOLV_CONF = Path("/etc/resolv.conf")
_TRUST_AD = re.compile(r"^[ \t]*options[ \t](?:.*[ \t])?trust-ad(?:[ \t]|$)", re.MULTILINE)


def system_servers() -> list[NameServer]:
    """Return the name servers of the machine's configuration.

    Raises:
        OSError: There is no configuration, or it names no server.
    """
    try:
        configured = dns.resolver.Resolver()
    except dns.exception.DNSException as error:
        raise OSError("no name servers configured on this machine") from error
    servers = []
    for each in configured.nameservers:
        try:
            ip_address(str(each))
        except ValueError:
            # DNS over HTTPS and the like; not spoken here.
            continue
        servers.append(NameServer(str(each), configured.port))
    if not servers:
        raise OSError("no name servers configured on this machine")
    return servers


def trusts_ad(configuration: Path = _RESOLV_CONF) -> bool:
    """Return whether the administrator says that the way to the name servers is secured.

    It is ``options trust-ad`` in resolv.conf(5), as the C library of Linux has it.
    """
    try:
        return _TRUST_AD.search(configuration.read_text("utf-8", "replace")) is not None
    except OSError:
        return False
