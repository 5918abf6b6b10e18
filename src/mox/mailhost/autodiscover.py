"""Settings for programs of Microsoft (autodiscover, "POX"): what is asked, and the answer. Pure."""

from xml.etree.ElementTree import Element, SubElement, indent, tostring
from xml.parsers import expat

from mox.config import ClientServer, Security

__all__ = ["MAX_REQUEST_OCTETS", "RequestError", "autodiscover", "requested_address"]

MAX_REQUEST_OCTETS = 16 * 1024
_RESPONSE = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
_SETTINGS = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
_PATH = ("Autodiscover", "Request", "EMailAddress")
_DEEPEST, _LONGEST = 8, 320


class RequestError(ValueError):
    """The request is not one; the text says why."""


class _Reader:
    """Picks the address out of a request."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self.address = ""

    def start(self, qualified: str, _attributes: dict[str, str]) -> None:
        self._open.append(qualified.rpartition(" ")[2])
        if len(self._open) > _DEEPEST:
            raise RequestError("nested too deeply")

    def end(self, _qualified: str) -> None:
        self._open.pop()

    def text(self, text: str) -> None:
        if tuple(self._open) == _PATH:
            self.address += text
            if len(self.address) > _LONGEST:
                raise RequestError("EMailAddress is too long")

    def refuse_doctype(self, _name: str, _system: str | None, _public: str | None, _subset: bool) -> None:
        # Without a document type there are no entities.
        raise RequestError("document type declaration")


def requested_address(octets: bytes) -> str:
    """Return the address that a request asks about.

    Raises:
        RequestError: It is no such request.
    """
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.refuse_doctype
    try:
        parser.Parse(octets, True)
    except RequestError:
        raise
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise RequestError(f"bad XML: {error}") from None
    if not reader.address.strip():
        raise RequestError("no EMailAddress")
    return reader.address.strip()


def autodiscover(address: str, imap: ClientServer, submission: ClientServer) -> bytes:
    """Write settings for an address."""
    root = Element("Autodiscover", xmlns=_RESPONSE)
    response = SubElement(root, "Response", xmlns=_SETTINGS)
    account = SubElement(response, "Account")
    SubElement(account, "AccountType").text = "email"
    SubElement(account, "Action").text = "settings"
    for kind, server in (("IMAP", imap), ("SMTP", submission)):
        protocol = SubElement(account, "Protocol")
        for key, text in (
            ("Type", kind),
            ("Server", server.host),
            ("Port", str(server.port)),
            ("DirectoryPort", "0"),
            ("ReferralPort", "0"),
            ("LoginName", address),
            ("SSL", "off" if server.security is Security.NONE else "on"),
            *([("Encryption", "TLS")] if server.security is Security.TLS else []),
            ("SPA", "off"),
            ("AuthRequired", "on"),
        ):
            SubElement(protocol, key).text = text
    indent(root)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written
