"""What is submitted, and what came of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mox.delivery import Connection
from mox.queue import NewRecipient
from mox.store import Spool
from moxkit.smtp import Ret

__all__ = ["Draft", "Queued", "Refusal", "RefusalKind"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A message as an account's owner hands it in.

    Attributes:
        account: Who submits.
        login_address: With which address they signed in.
        reverse_path: Without brackets; empty for the null path. The front door checked that it is theirs.
        recipients: Without repetition.
        spool: The content, lines ending in CRLF.
        declared_8bit: BODY=8BITMIME was given.
        require_tls: True: REQUIRETLS; None: not said, then a TLS-Required field may say No (RFC 8689 §5).
        ret: See `mox.queue.NewMessage`; so are `envid`, `release_at` and `future_release`.
    """

    connection: Connection
    account: str
    login_address: str
    reverse_path: str
    recipients: tuple[NewRecipient, ...]
    spool: Spool
    received_at: datetime
    smtputf8: bool = False
    declared_8bit: bool = False
    require_tls: bool | None = None
    ret: Ret | None = None
    envid: str = ""
    release_at: datetime | None = None
    future_release: str = ""


class RefusalKind(StrEnum):
    """Why a draft was not taken."""

    MALFORMED = "malformed"
    NOT_YOURS = "not yours"
    NEEDS_SMTPUTF8 = "needs smtputf8"
    NEEDS_8BITMIME = "needs 8bitmime"
    TOO_MANY = "too many"
    SEVERAL_RECIPIENTS = "several recipients"
    SENDER_TAKEN = "sender taken"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A draft that was not taken; nothing was queued."""

    kind: RefusalKind
    text: str


@dataclass(frozen=True, slots=True)
class Queued:
    """A draft that is in the queue, on stable storage.

    Attributes:
        queue_ids: One, or one for each recipient where their return paths differ.
    """

    queue_ids: tuple[int, ...]
    message_id: str
