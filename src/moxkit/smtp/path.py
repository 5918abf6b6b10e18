"""Paths of the envelope: reading them from a command, writing them (RFC 5321 §4.1.2, RFC 6531 §3.3).

Grammar only. A path that needs SMTPUTF8 is read anyway; the command it stands in knows whether it may.
"""

import re
import unicodedata
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from moxkit.domain import Domain, DomainError, parse_domain
from moxkit.smtp.errors import CommandError

__all__ = ["AddressLiteral", "Path", "parse_address_literal", "parse_path", "take_path"]

# RFC 5321 §4.5.3.1.3: a path with its brackets. Localparts are allowed more than the RFC's 64.
_PATH_OCTETS = 256
_LOCALPART_OCTETS = 128
_PEDANTIC_LOCALPART_OCTETS = 64

_ATEXT = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\xff-]+"
# Path = "<" [ A-d-l ":" ] Mailbox ">"; a source route is read and ignored (RFC 5321 §4.1.1.3, appendix C).
_PATH = re.compile(
    rb"<(?:@[^\s:<>\"]+:)?"
    rb"(?:(?P<dots>" + _ATEXT + rb"(?:\." + _ATEXT + rb")*)"
    rb'|"(?P<quoted>(?:[ !#-\[\]-~\x80-\xff]|\\[ -~])*)")'
    rb"(?:@(?:\[(?P<literal>[!-Z^-~]+)\]|(?P<domain>[A-Za-z0-9._\x80-\xff-]+)))?>"
)
_UNQUOTE = re.compile(r"\\(.)")
_QUOTE = re.compile(r'(["\\])')
_DOT_STRING = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+"
    r"(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+)*"
)

AddressLiteral = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Path:
    """Where a message comes from or goes to.

    Attributes:
        localpart: Unquoted, in NFC, case kept.
        domain: A name, an address literal, or None in ``<postmaster>`` (RFC 5321 §4.1.1.3).
    """

    localpart: str
    domain: Domain | AddressLiteral | None

    @property
    def needs_smtputf8(self) -> bool:
        """Whether only SMTPUTF8 can carry the localpart; a domain has a form in ASCII."""
        return not self.localpart.isascii()

    @property
    def domain_text(self) -> str:
        """What stands behind the ``@``, in ASCII; empty without."""
        match self.domain:
            case None:
                return ""
            case IPv4Address() as literal:
                return f"[{literal}]"
            case IPv6Address() as literal:
                return f"[IPv6:{literal}]"
            case name:
                return name.ascii

    def __str__(self) -> str:
        local = self.localpart
        if _DOT_STRING.fullmatch(local) is None:
            quoted = _QUOTE.sub(r"\\\1", local)
            local = f'"{quoted}"'
        return local if self.domain is None else f"{local}@{self.domain_text}"


def take_path(octets: bytes, *, is_pedantic: bool = False) -> tuple[Path | None, bytes]:
    """Take a path in brackets from the front; return it, None for ``<>``, and what follows.

    Raises:
        CommandError: 501 for anything that is no path.
    """
    if octets.startswith(b"<>"):
        return None, octets[2:]
    found = _PATH.match(octets[:_PATH_OCTETS])
    if found is None:
        too_long = len(octets) > _PATH_OCTETS and b">" not in octets[:_PATH_OCTETS]
        raise CommandError(501, "5.1.7" if too_long else "5.5.2", "path too long" if too_long else "bad path")
    return Path(_localpart(found, is_pedantic=is_pedantic), _domain(found, is_pedantic)), octets[
        found.end() :
    ]


def parse_path(address: str) -> Path:
    """Parse an address without brackets.

    Raises:
        CommandError: 501 for anything that is no path.
    """
    path, rest = take_path(b"<%b>" % address.encode())
    if path is None or rest:
        raise CommandError(501, "5.1.3", "bad address")
    return path


def parse_address_literal(octets: bytes) -> AddressLiteral:
    """Parse what stands between the brackets of an address literal (RFC 5321 §4.1.3).

    Raises:
        CommandError: 501 for anything else.
    """
    tagged = octets[:5].upper() == b"IPV6:"
    try:
        literal = ip_address((octets[5:] if tagged else octets).decode("ascii"))
    except ValueError:
        raise CommandError(501, "5.5.2", "bad address literal") from None
    # ``IPv6:1.2.3.4`` and an IPv6 address without its tag name the wrong family; a zone has no meaning here.
    if tagged != isinstance(literal, IPv6Address) or b"%" in octets:
        raise CommandError(501, "5.5.2", "bad address literal")
    return literal


def _localpart(found: re.Match[bytes], *, is_pedantic: bool) -> str:
    octets = found["dots"] if found["dots"] is not None else found["quoted"]
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        raise CommandError(501, "5.5.2", "localpart is not UTF-8") from None
    if found["quoted"] is not None:
        text = _UNQUOTE.sub(r"\1", text)
    if len(octets) > (_PEDANTIC_LOCALPART_OCTETS if is_pedantic else _LOCALPART_OCTETS):
        raise CommandError(501, "5.1.7", "localpart too long")
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _domain(found: re.Match[bytes], is_pedantic: bool) -> Domain | AddressLiteral | None:
    if found["literal"] is not None:
        return parse_address_literal(found["literal"])
    if found["domain"] is None:
        if (found["dots"] or b"").lower() != b"postmaster":
            raise CommandError(501, "5.1.7", "address without domain")
        return None
    try:
        return parse_domain(found["domain"], allow_underscore=not is_pedantic)
    except DomainError as error:
        raise CommandError(501, "5.1.7", str(error)) from None
