"""What comes in, and what became of it: the values between the SMTP server and delivery."""

from dataclasses import dataclass
from datetime import datetime

from mox.accounts import AliasRecipient, Recipient
from mox.store import Added, Spool
from moxkit.domain import Domain

__all__ = ["ANY_MAIL", "Connection", "Incoming", "Outcome", "ReceivingPolicy"]


@dataclass(frozen=True, slots=True)
class Connection:
    """What is known of the connection a message comes by.

    Attributes:
        id: For finding log lines.
        hostname: Of this server, as it greeted.
        remote_ip: Of the client.
        local_ip: Of this server.
        ehlo: Name the client gave, as given.
        is_esmtp: It said EHLO, not HELO.
        tls_version: Like `TLSv1.3`; empty without TLS.
        tls_cipher: Name of the cipher suite.
    """

    id: int
    hostname: str
    remote_ip: str
    local_ip: str
    ehlo: str
    is_esmtp: bool = True
    tls_version: str = ""
    tls_cipher: str = ""


@dataclass(frozen=True, slots=True)
class ReceivingPolicy:
    """How a listener wants mail judged.

    Attributes:
        zones: Block lists to ask about clients that nothing is known of.
        stranger_delay_s: How long senders wait of whom nothing is known.
    """

    zones: tuple[Domain, ...] = ()
    stranger_delay_s: float = 0.0


ANY_MAIL = ReceivingPolicy()


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message for local recipients, received whole and not yet acknowledged.

    Attributes:
        reverse_path: Without brackets; empty for the null path.
        recipients: Resolved, without repetition; at least one of these or of the aliases.
        aliases: Addresses that stand for several, likewise.
        spool: The content, dots unstuffed, lines ending in CRLF.
        requires_tls: REQUIRETLS was asked for (RFC 8689).
    """

    connection: Connection
    reverse_path: str
    recipients: tuple[Recipient, ...]
    spool: Spool
    received_at: datetime
    smtputf8: bool = False
    requires_tls: bool = False
    aliases: tuple[AliasRecipient, ...] = ()
    policy: ReceivingPolicy = ANY_MAIL


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message for one recipient, as the client is told.

    Attributes:
        code: Of the SMTP reply; 250 means that the message is on stable storage.
        enhanced: Enhanced status code (RFC 3463).
        added: Where it was filed; None for what was not, and for aliases.
        reason: What decided about it; empty if nothing did, as in our own trouble.
    """

    recipient: Recipient | AliasRecipient
    code: int
    enhanced: str
    text: str
    added: Added | None = None
    reason: str = ""

    @property
    def is_delivered(self) -> bool:
        """Whether it was filed."""
        return self.code == 250
