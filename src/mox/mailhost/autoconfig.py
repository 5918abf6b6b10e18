"""Settings for Thunderbird and what follows it (autoconfig, `config-v1.1.xml`). Pure."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from mox.config import ClientServer, ClientSettings, Security

__all__ = ["autoconfig"]

_SOCKET_TYPES = {Security.TLS: "SSL", Security.STARTTLS: "STARTTLS", Security.NONE: "plain"}


def autoconfig(address: str, domain: str, settings: ClientSettings) -> bytes:
    """Write settings.

    Args:
        address: Of the person; `%EMAILADDRESS%` is filled in by the program.
        domain: ASCII.
        settings: Where to connect to.
    """
    root = Element("clientConfig", version="1.1")
    provider = SubElement(root, "emailProvider", id=domain)
    for name, text in (("domain", domain), ("displayName", address), ("displayShortName", domain)):
        SubElement(provider, name).text = text
    _add(provider, "incomingServer", "imap", address, settings.imap)
    _add(provider, "outgoingServer", "smtp", address, settings.submission)
    SubElement(root, "clientConfigUpdate", url=f"https://autoconfig.{domain}/mail/config-v1.1.xml")
    indent(root)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _add(provider: Element, name: str, kind: str, address: str, servers: Sequence[ClientServer]) -> None:
    for server in servers:
        element = SubElement(provider, name, type=kind)
        for key, text in (
            ("hostname", server.host),
            ("port", str(server.port)),
            ("socketType", _SOCKET_TYPES[server.security]),
            ("username", address),
            # Inside of TLS. "Encrypted" would mean CRAM-MD5, which is off unless somebody wants it.
            ("authentication", "password-cleartext"),
        ):
            SubElement(element, key).text = text
