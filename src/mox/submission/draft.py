"""What is submitted, and what came of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mox.delivery import Connection
from mox.store import Spool

__all__ = ["Draft", "Queued", "Refusal", "RefusalKind"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A message as an account's owner hands it in.

    Attributes:
        account: Who submits.
        login_address: With which address they signed in.
        reverse_path: Without brackets; empty for the null path. The front door checked that it is theirs.
        recipients: Forward paths without brackets, without repetition.
        spool: The content, lines ending in CRLF.
        declared_8bit: BODY=8BITMIME was given.
        require_tls: True: REQUIRETLS; None: not said.
    """

    connection: Connection
    account: str
    login_address: str
    reverse_path: str
    recipients: tuple[str, ...]
    spool: Spool
    received_at: datetime
    smtputf8: bool = False
    declared_8bit: bool = False
    require_tls: bool | None = None


class RefusalKind(StrEnum):
    """Why a draft was not taken."""

    MALFORMED = "malformed"
    NOT_YOURS = "not yours"
    NEEDS_SMTPUTF8 = "needs smtputf8"
    NEEDS_8BITMIME = "needs 8bitmime"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A draft that was not taken; nothing was queued."""

    kind: RefusalKind
    text: str


@dataclass(frozen=True, slots=True)
class Queued:
    """A draft that is in the queue, on stable storage."""

    queue_id: int
    message_id: str
