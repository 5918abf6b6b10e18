"""Mail that comes back to a unique return path: which message it is about, and what it says became of it.

Whoever got a message knows its return path, so what comes there is hearsay. It is written beside the attempts
of that message, a bounded number of times, and can keep the account from writing to that one recipient.
"""

import asyncio
import logging
from dataclasses import dataclass, replace
from enum import StrEnum

from mox.database import Connection, GroupWriter
from mox.queue.message import Attempted, QueuedEntry
from mox.queue.outcome import Failed
from mox.queue.suppression import find_suppressed, note_refusals
from mox.runtime import Clock
from moxkit.dsn import Action, DsnError, Recipient, parse_dsn
from moxkit.message import Source
from moxkit.smtp import CommandError, parse_path

__all__ = ["ReturnEvent", "Returned", "ReturnedMail", "from_id_of"]

logger = logging.getLogger(__name__)

# Of one message with its attempts; a sender of loops fills no disk.
_MOST_ATTEMPTS = 100
_TEXT_CHARACTERS = 500

_FIND = """SELECT id, queue_message_id, recipient, message_id, subject FROM retired
    WHERE from_id = :from_id AND account = :account
  UNION ALL SELECT e.id, m.id, e.recipient, m.message_id, m.subject
    FROM message m JOIN entry e ON e.message_id = m.id WHERE m.from_id = :from_id AND m.account = :account
  LIMIT 1"""
_NOTE = """INSERT INTO attempt(entry_id, recipient, started_at, result, code, enhanced, text)
  SELECT :entry_id, :recipient, :now, :result, :code, :enhanced, :text
  WHERE (SELECT count(*) FROM attempt WHERE entry_id = :entry_id) < :most"""
_ACTIVITY = """UPDATE retired SET last_activity_at = :now, is_delivered = is_delivered AND NOT :is_failed
  WHERE id = :entry_id"""


class ReturnEvent(StrEnum):
    """What came back; the words of webhooks (reference queue.md §10)."""

    DELIVERED = "delivered"
    FAILED = "failed"
    DELAYED = "delayed"
    RELAYED = "relayed"
    EXPANDED = "expanded"
    UNRECOGNIZED = "unrecognized"


@dataclass(frozen=True, slots=True)
class Returned:
    """Something that came back, and the message it is about.

    Attributes:
        entry_id: Of the recipient in the queue, also when it has left.
        queue_message_id: Of the message there.
        recipient: Whom the message was sent to.
        message_id: Its Message-ID.
        code: Of SMTP, if the notification tells it.
        enhanced: Enhanced status code; empty if it was not told.
        text: For people.
        is_suppressing: From now on the account's mail is not sent to the recipient.
    """

    event: ReturnEvent
    account: str
    from_id: str
    entry_id: int
    queue_message_id: int
    recipient: str
    message_id: str
    subject: str
    code: int | None = None
    enhanced: str = ""
    text: str = ""
    is_suppressing: bool = False


@dataclass(frozen=True, slots=True)
class _Report:
    event: ReturnEvent
    code: int | None
    enhanced: str
    text: str


_UNRECOGNIZED = _Report(ReturnEvent.UNRECOGNIZED, None, "", "mail came back that is no notification")


def from_id_of(path: str, separator: str) -> str:
    """Return what makes a return path unique; empty if nothing does.

    Args:
        path: Without brackets, as it was written to.
        separator: What stands before the id; empty: there are none.
    """
    if not separator or not path:
        return ""
    try:
        localpart = parse_path(path).localpart
    except CommandError:
        return ""
    base, _, from_id = localpart.partition(separator)
    return from_id if base else ""


class ReturnedMail:
    """Takes note of what comes back."""

    def __init__(
        self, *, writer: GroupWriter, reader: Connection, clock: Clock, suppresses: bool = True
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._clock = clock
        self._suppresses = suppresses

    async def note(self, account: str, from_id: str, source: Source) -> Returned | None:
        """Write down what an incoming message says of one that was sent.

        Args:
            account: Whom it came to.
            from_id: Of the return path that it was sent to; see `from_id_of`.
            source: Its octets.

        Returns:
            What happened; None if no message had that return path, or too much came back for it.

        Raises:
            OSError, mox.database.DatabaseError: It could not be written.
        """
        row = self._reader.row(_FIND, from_id=from_id, account=account) if from_id else None
        if row is None:
            return None
        report = await asyncio.to_thread(_read, source)
        entry_id, queue_message_id, recipient, message_id, subject = row
        found = Returned(
            report.event,
            account,
            from_id,
            entry_id,
            queue_message_id,
            recipient,
            message_id,
            subject,
            report.code,
            report.enhanced,
            report.text,
        )
        noted = await self._writer.run(lambda tx: self._write(tx.connection, found))
        if noted is not None:
            extra = {"account": account, "to": found.recipient, "event": found.event, "text": found.text}
            logger.info("mail came back", extra={"queueid": found.queue_message_id, **extra})
        return noted

    def _write(self, connection: Connection, found: Returned) -> Returned | None:
        now, is_failed = self._clock.now(), found.event is ReturnEvent.FAILED
        at = int(now.timestamp())
        connection.run(
            _NOTE,
            entry_id=found.entry_id,
            recipient=found.recipient,
            now=at,
            result=found.event,
            code=found.code,
            enhanced=found.enhanced,
            text=found.text,
            most=_MOST_ATTEMPTS,
        )
        if not connection.changed:
            return None
        is_suppressing = False
        if is_failed and self._suppresses:
            before = find_suppressed(connection, found.account, found.recipient)
            entry = QueuedEntry(found.entry_id, found.recipient, 0, now)
            note_refusals(connection, found.account, [Attempted(entry, _refusal(found))], now=at)
            after = find_suppressed(connection, found.account, found.recipient)
            is_suppressing = before is None and after is not None
        connection.run(_ACTIVITY, entry_id=found.entry_id, now=at, is_failed=is_failed)
        return replace(found, is_suppressing=is_suppressing)


def _read(source: Source) -> _Report:
    """Return what a message reports of its one recipient."""
    try:
        recipients = parse_dsn(source).status.recipients
    except DsnError:
        return _UNRECOGNIZED
    # Of several it is not known which one we wrote to, since addresses change on the way.
    return _reported(recipients[0]) if len(recipients) == 1 else _UNRECOGNIZED


_EVENTS = {
    Action.DELIVERED: ReturnEvent.DELIVERED,
    Action.FAILED: ReturnEvent.FAILED,
    Action.DELAYED: ReturnEvent.DELAYED,
    Action.RELAYED: ReturnEvent.RELAYED,
    Action.EXPANDED: ReturnEvent.EXPANDED,
}


def _reported(recipient: Recipient) -> _Report:
    diagnostic = recipient.diagnostic
    code = enhanced = None
    text = recipient.status_comment
    if diagnostic is not None:
        code, enhanced, text = diagnostic.smtp_code, diagnostic.enhanced_code, diagnostic.text
    shown = "".join(char if char.isprintable() else " " for char in text[:_TEXT_CHARACTERS])
    event = _EVENTS[recipient.action]
    # The status is the reporting server's, which may have changed what it was told (RFC 3464 §2.3.4).
    return _Report(event, code, enhanced or recipient.status, f"notification came back: {shown or event}")


def _refusal(found: Returned) -> Failed:
    code = found.code
    if code is None and found.enhanced.startswith("5."):
        # Notifications need no code of SMTP; this one leaves the say to the enhanced code (RFC 5321 §4.2.3).
        code = 554
    return Failed(code, found.enhanced, found.text)
