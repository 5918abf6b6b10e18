"""An address that is delivered to an account."""

from dataclasses import dataclass, field

from mox.config import Destination

__all__ = ["Recipient"]


@dataclass(frozen=True, slots=True)
class Recipient:
    """An address that is delivered to an account.

    Attributes:
        path: As the client wrote it, without brackets.
        address: Canonical form; what rules and reputation go by.
        mailbox: Where its mail goes.
        reason: Why this account, for the decision trace.
        destination: How it is configured.
        reports: It takes reports about mail authentication.
        alias: Canonical address of the alias that it is a member of; empty if it was named itself.
    """

    path: str
    account: str
    address: str
    mailbox: str
    reason: str
    destination: Destination = field(default_factory=Destination)
    reports: bool = False
    alias: str = ""
