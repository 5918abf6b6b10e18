"""Messages and their recipients, as they come into the queue and as deliveries get them."""

from dataclasses import dataclass
from datetime import datetime

from mox.queue.outcome import Result
from moxkit.smtp import Notify, RecipientAddress, Ret

__all__ = ["Attempted", "NewMessage", "NewRecipient", "QueuedEntry", "QueuedMessage"]


@dataclass(frozen=True, slots=True)
class NewRecipient:
    """A recipient of a message for the queue.

    Attributes:
        path: Forward path without brackets.
        notify: When the sender wants to hear of it (RFC 3461 §4.1); empty when nothing was said.
        orcpt: The address that the sender gave, if that was said (RFC 3461 §4.2).
    """

    path: str
    notify: frozenset[Notify] = frozenset()
    orcpt: RecipientAddress | None = None


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message for the queue.

    Attributes:
        account: Whose it is; hears of the outcome.
        reverse_path: Without brackets; empty for the null path.
        recipients: At least one.
        prefix: Header lines to go before the content.
        require_tls: True: REQUIRETLS; False: TLS-Required: No; None: as usual (RFC 8689).
        transport: The way out; empty: routes decide.
        ret: What notifications of failure return (RFC 3461 §4.3); None when nothing was said.
        envid: What notifications name the envelope by (RFC 3461 §4.4).
        release_at: No attempt is made before, and patience is counted from then; None: at once.
        future_release: The request for that, in the words of notifications (RFC 4865 §4.5).
        from_id: What makes the reverse path unique; empty: nothing does.
    """

    account: str
    reverse_path: str
    recipients: tuple[NewRecipient, ...]
    prefix: bytes
    smtputf8: bool
    has_8bit: bool
    require_tls: bool | None = None
    message_id: str = ""
    subject: str = ""
    transport: str = ""
    ret: Ret | None = None
    envid: str = ""
    release_at: datetime | None = None
    future_release: str = ""
    from_id: str = ""


@dataclass(frozen=True, slots=True)
class QueuedEntry:
    """One recipient of a message in the queue.

    Attributes:
        attempts: Made so far.
        due_at: When this attempt was due.
        is_told_late: Whether the sender knows of the delay.
        notify: See `NewRecipient`.
        orcpt: See `NewRecipient`.
    """

    id: int
    recipient: str
    attempts: int
    due_at: datetime
    is_told_late: bool = False
    notify: frozenset[Notify] = frozenset()
    orcpt: RecipientAddress | None = None


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """A message with those of its recipients that are due and share a domain: one delivery.

    Attributes:
        transport: The way out that people chose; empty: routes decide.
        ret: See `NewMessage`; so are `envid`, `release_at` and `future_release`.
    """

    id: int
    account: str
    reverse_path: str
    prefix: bytes
    size: int
    smtputf8: bool
    has_8bit: bool
    require_tls: bool | None
    queued_at: datetime
    domain: str
    entries: tuple[QueuedEntry, ...]
    message_id: str = ""
    subject: str = ""
    transport: str = ""
    ret: Ret | None = None
    envid: str = ""
    release_at: datetime | None = None
    future_release: str = ""

    @property
    def patience_from(self) -> datetime:
        """When the time began after which the queue gives up."""
        return self.release_at or self.queued_at


@dataclass(frozen=True, slots=True)
class Attempted:
    """A recipient, and what the latest attempt came to."""

    entry: QueuedEntry
    result: Result
