"""What distinguishes one SMTP listener from another."""

from dataclasses import dataclass
from enum import StrEnum

from mox.delivery import ANY_MAIL, ReceivingPolicy

__all__ = ["Kind", "Options"]


class Kind(StrEnum):
    """Whom a listener serves (RFC 5321 §2.3.10, RFC 6409 §3.1, RFC 8314 §3.3)."""

    SMTP = "smtp"
    SUBMISSION = "submission"
    SUBMISSIONS = "submissions"

    @property
    def is_submission(self) -> bool:
        """Whether clients sign in and send mail to everywhere."""
        return self is not Kind.SMTP


@dataclass(frozen=True, slots=True)
class Options:
    """Of one listener.

    Attributes:
        hostname: In ASCII, for the greeting.
        max_message_size: In octets, dots undone.
        allows_plaintext: Submission works without TLS (NoRequireSTARTTLS).
        requires_starttls: Receiving mail does not (RequireSTARTTLS).
        allows_requiretls: REQUIRETLS is offered where there is TLS (RFC 8689).
        is_pedantic: Refuse what is wrong and harmless.
        unknown_pause_s: Before it is told that nobody is there.
        max_recipients: In one transaction.
        receiving: How received mail is judged.
        slows_unwanted: Who sent what was refused by that is served slowly from then on.
    """

    kind: Kind
    hostname: str
    max_message_size: int = 104857600
    allows_plaintext: bool = False
    requires_starttls: bool = False
    allows_requiretls: bool = True
    is_pedantic: bool = False
    unknown_pause_s: float = 5
    max_recipients: int = 1000
    receiving: ReceivingPolicy = ANY_MAIL
    slows_unwanted: bool = False
