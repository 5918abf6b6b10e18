"""What was found out about a message, as values; what follows from them is pure."""

from dataclasses import dataclass

from moxkit import arc, dkim, dmarc, iprev, spf
from moxkit.domain import Domain
from moxkit.message import Address
from moxkit.publicsuffix import organizational_domain

__all__ = ["Peer", "Verification"]


@dataclass(frozen=True, slots=True)
class Peer:
    """The client.

    Attributes:
        ehlo: Name or address literal that it gave.
        hostname: Of this server.
    """

    remote_ip: str
    ehlo: str
    hostname: str


@dataclass(frozen=True, slots=True)
class Verification:
    """Results, all of them.

    Attributes:
        sender: What SPF was asked about.
        dkim: One for each signature, from top to bottom.
        dmarc: None without an author's domain.
        author: The one address of the one From field; None if there is not exactly one.
        author_domain: Its domain; None if that is no name.
    """

    sender: spf.Sender
    iprev: iprev.Result
    spf: spf.Result
    dkim: tuple[dkim.Result, ...]
    arc: arc.Result
    dmarc: dmarc.Result | None
    author: Address | None
    author_domain: Domain | None

    @property
    def verified_domains(self) -> tuple[Domain, ...]:
        """Who takes responsibility by a signature, without repetition."""
        found = (each.signature.domain for each in self.dkim if each.signature and _passes(each))
        return tuple(dict.fromkeys(found))

    @property
    def is_author_validated(self) -> bool:
        """Whether SPF or DKIM vouch for the author's organization (relaxed alignment, RFC 7489 §3.1)."""
        if self.author_domain is None:
            return False
        vouching = [*self.verified_domains]
        if self.spf.status is spf.Status.PASS and self.spf.domain is not None:
            vouching.append(self.spf.domain)
        organization = organizational_domain(self.author_domain)
        return any(organizational_domain(domain) == organization for domain in vouching)

    @property
    def is_mail_from_validated(self) -> bool:
        """Whether the client may use the return path."""
        return self.spf.status is spf.Status.PASS and self.spf.identity is spf.Identity.MAILFROM

    @property
    def is_ehlo_validated(self) -> bool:
        """Whether the client is whom it says: by SPF, or by its reverse name."""
        domain = self.sender.helo_domain
        if domain is None:
            return False
        by_spf = self.spf.status is spf.Status.PASS and self.spf.identity is spf.Identity.HELO
        return by_spf or self.iprev.name == domain

    @property
    def dmarc_rejects(self) -> bool:
        """Whether the author's domain asks for refusal; quarantine is no place here, so it counts as that."""
        found = self.dmarc
        return (
            found is not None
            and found.status is dmarc.Status.FAIL
            and found.use
            and found.policy is not dmarc.Policy.NONE
        )


def _passes(result: dkim.Result) -> bool:
    return result.status is dkim.Status.PASS
