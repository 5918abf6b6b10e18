"""What is known when a message is judged: values alone, gathered before and in between.

What costs something is gathered only when a check asks for it; until then the field is None.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from ipaddress import ip_address, ip_network

from mox.config import Destination, Ruleset
from mox.store import Identity, IdentityKind

__all__ = [
    "Content",
    "Evidence",
    "Listing",
    "PassToken",
    "Placement",
    "RatesSeen",
    "Recipient",
    "Reputation",
    "Sender",
    "Settings",
    "networks_of",
]

# Prefix lengths of the three classes, IPv4 and IPv6.
_CLASSES = ((32, 64), (26, 48), (21, 32))
_NETWORK_KINDS = (IdentityKind.NETWORK_1, IdentityKind.NETWORK_2, IdentityKind.NETWORK_3)


def networks_of(remote_ip: str) -> tuple[Identity, ...]:
    """Return the networks an address is in, the smallest first."""
    address = ip_address(remote_ip)
    lengths = (pair[address.version == 6] for pair in _CLASSES)
    networks = (ip_network((address, length), strict=False) for length in lengths)
    return tuple(Identity(kind, str(network)) for kind, network in zip(_NETWORK_KINDS, networks, strict=True))


@dataclass(frozen=True, slots=True)
class Sender:
    """Who a message is from, as far as it was proved.

    Attributes:
        author: Canonical address in From; empty if there is not exactly one.
        author_domain: ASCII; likewise the organization's.
        is_author_validated: SPF or DKIM vouch for the author's domain (aligned, RFC 7489 §3.1).
        mail_from: Reverse path; empty for the null path.
        spf: Result, like `pass`.
        is_mail_from_validated: SPF passes for it.
        ehlo_domain: Name the client gave; empty for an address literal.
        dkim_domains: Whose signatures pass.
        networks: Where it came from; empty if it was forwarded.
        has_reverse_name: The address has a name that leads back to it (RFC 8601 §3).
        is_tls: The connection was encrypted.
        dmarc: Result, like `pass`; `none` without a policy.
        dmarc_rejects: The policy asks for refusal, and counts after sampling.
    """

    author: str
    author_domain: str
    author_org: str
    is_author_validated: bool
    mail_from: str
    mail_from_domain: str
    spf: str
    is_mail_from_validated: bool
    ehlo_domain: str
    is_ehlo_validated: bool
    dkim_domains: tuple[str, ...]
    networks: tuple[Identity, ...]
    has_reverse_name: bool
    is_tls: bool
    dmarc: str = "none"
    dmarc_rejects: bool = False

    def as_forwarded(self, verified_domain: str) -> "Sender":
        """Return what counts of mail that somebody forwards: the forwarder's good name does not."""
        return replace(
            self,
            networks=(),
            ehlo_domain="",
            is_ehlo_validated=False,
            mail_from="",
            mail_from_domain="",
            is_mail_from_validated=False,
            dkim_domains=tuple(domain for domain in self.dkim_domains if domain != verified_domain),
            dmarc_rejects=False,
        )

    def identities(self) -> tuple[Identity, ...]:
        """Return what to remember with the message."""
        found: list[Identity] = []
        if self.author:
            validated = self.is_author_validated
            kinds = (
                (IdentityKind.FROM_VALIDATED, IdentityKind.FROM, self.author),
                (IdentityKind.FROM_DOMAIN_VALIDATED, IdentityKind.FROM_DOMAIN, self.author_domain),
                (IdentityKind.FROM_ORG_VALIDATED, IdentityKind.FROM_ORG, self.author_org),
            )
            found += [Identity(yes if validated else no, value) for yes, no, value in kinds]
        found += [Identity(IdentityKind.DKIM_DOMAIN, domain) for domain in self.dkim_domains]
        if self.is_mail_from_validated and self.mail_from:
            found.append(Identity(IdentityKind.MAIL_FROM, self.mail_from))
            found.append(Identity(IdentityKind.MAIL_FROM_DOMAIN, self.mail_from_domain))
        if self.is_ehlo_validated:
            found.append(Identity(IdentityKind.EHLO_DOMAIN, self.ehlo_domain))
        return (*found, *self.networks)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a message is for.

    Attributes:
        address: Canonical; of the account, also where an alias was written to.
        is_named: The address that was written to stands in To or Cc.
        takes_reports: Reports about mail authentication are sent to it.
    """

    account: str
    address: str
    destination: Destination
    is_named: bool
    takes_reports: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """How an account wants its mail judged.

    Attributes:
        junk_threshold: Probability above which mail is junk, jitter included; None: content is not looked at.
        subject_pass: Senders that are refused may be told of a way in.
        introbox: Where mail of new senders goes; empty: where all goes.
    """

    junk_threshold: float | None = None
    subject_pass: bool = False
    introbox: str = ""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a message is meant to go, and by which rule.

    Attributes:
        ruleset: The first that matched; None: the destination's own mailbox.
        is_list: It is a mailing list that the ruleset trusts.
    """

    mailbox: str
    ruleset: Ruleset | None = None
    is_list: bool = False

    @property
    def is_forward(self) -> bool:
        """Whether a forwarder stands between."""
        return self.ruleset is not None and self.ruleset.is_forward


@dataclass(frozen=True, slots=True)
class RatesSeen:
    """Messages and octets that came to the account from each class of network, in a minute and in a day."""

    minute: tuple[tuple[int, int], ...]
    day: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Reputation:
    """What earlier mail says of a sender.

    Attributes:
        method: By which step it was found; `none`.
        is_junk: None: no signal.
        is_conclusive: Nothing else is looked at.
        text: For people.
    """

    method: str
    is_junk: bool | None
    is_conclusive: bool
    text: str


@dataclass(frozen=True, slots=True)
class Content:
    """What the classifier says.

    Attributes:
        probability: Of junk, 0 to 1.
        is_significant: It has learned enough to be believed.
        words: The words that decided, with their own probabilities.
    """

    probability: float
    is_significant: bool
    words: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """A block list's answer; the explanation is the list's."""

    zone: str
    is_listed: bool
    explanation: str = ""


class PassToken(StrEnum):
    """The token in a subject (reference junk-and-reputation.md §5)."""

    ABSENT = "absent"
    VALID = "valid"
    EXPIRED = "expired"
    FORGED = "forged"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything, for one recipient.

    Attributes:
        sender: As it was proved; see `judged_sender` for what counts.
        report: A report that the recipient takes: True valid, False not; None: it is none.
        rates: None until asked for; so are reputation, content and listings.
    """

    now: datetime
    sender: Sender
    recipient: Recipient
    settings: Settings
    placement: Placement
    pass_token: PassToken = PassToken.ABSENT
    report: bool | None = None
    rates: RatesSeen | None = None
    reputation: Reputation | None = None
    content: Content | None = None
    listings: tuple[Listing, ...] | None = None
    size: int = 0
    lists: tuple[str, ...] = field(default=())
