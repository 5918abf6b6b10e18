"""Who wants to send: what SPF is asked about (RFC 7208 §2.3, §2.4, §4.1, §4.3)."""

from dataclasses import dataclass
from ipaddress import IPv6Address

from moxkit.dns import Address
from moxkit.domain import Domain, DomainError, parse_domain
from moxkit.spf.result import Identity

__all__ = ["Sender", "parse_name"]

# A path has 256 octets at most (RFC 5321 §4.5.3.1.3); what is much longer is not worth looking at.
_MAX_PATH = 512
_MAX_HELO = 255


@dataclass(frozen=True, slots=True)
class Sender:
    """What an SMTP server knows of a client. Texts are taken as given: what is wrong with them is a result.

    Attributes:
        remote_ip: Of the client; an IPv4 address in IPv6 clothes counts as IPv4 (RFC 7208 §5).
        mail_from: Reverse-path without brackets; empty for the null path.
        helo: Name or address literal of HELO or EHLO.
        hostname: Of this host: the macro ``r``, and the receiver in Received-SPF.
    """

    remote_ip: Address
    mail_from: str = ""
    helo: str = ""
    hostname: Domain | None = None

    @property
    def client_ip(self) -> Address:
        """The client's address, IPv4 where it is a mapped one."""
        ip = self.remote_ip
        return (ip.ipv4_mapped or ip) if isinstance(ip, IPv6Address) else ip

    @property
    def identity(self) -> Identity:
        """Which identity counts: MAIL FROM, or HELO for the null path (RFC 7208 §2.4)."""
        return Identity.MAILFROM if self.mail_from else Identity.HELO

    @property
    def helo_domain(self) -> Domain | None:
        """The name of HELO; None for an address literal and for anything else that is no name."""
        return parse_name(self.helo)

    @property
    def helo_text(self) -> str:
        """HELO for the macro ``h``: the name with A-labels, or what was said instead, if that is bearable."""
        domain = self.helo_domain
        return self.helo[:_MAX_HELO] if domain is None else domain.ascii

    def domain(self, identity: Identity) -> Domain | None:
        """Return the name to evaluate; None for a malformed one or an address literal (RFC 7208 §4.3)."""
        if identity is Identity.HELO:
            return self.helo_domain
        return None if len(self.mail_from) > _MAX_PATH else parse_name(self.mail_from.rpartition("@")[2])

    def localpart(self, identity: Identity) -> str:
        """Return the localpart; ``postmaster`` where there is none (RFC 7208 §4.3)."""
        if identity is Identity.HELO:
            return "postmaster"
        return self.mail_from[:_MAX_PATH].rpartition("@")[0] or "postmaster"


def parse_name(text: str) -> Domain | None:
    """Return the name, or None for what is no domain name; a single label is one here."""
    try:
        return parse_domain(text, allow_underscore=True, allow_trailing_dot=True)
    except DomainError:
        return None
