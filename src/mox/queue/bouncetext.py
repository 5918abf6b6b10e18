"""What a notification says, to people and to programs: pure (RFC 3464, RFC 6533)."""

from collections.abc import Sequence
from datetime import datetime

from mox.queue.message import Attempted, QueuedMessage
from mox.queue.outcome import Result
from moxkit.dsn import (
    Action,
    DeliveryStatus,
    Diagnostic,
    MtaName,
    Notification,
    Recipient,
    compose_dsn,
    recipient_address,
)
from moxkit.message import Address, format_date
from moxkit.smtp import parse_path

__all__ = ["compose_bounce"]

_FAILED = """Your message could not be delivered to {people}, and will not be tried again.

{recipients}
{message}
What to do: check the address; the answer of the other server often says what is wrong. Your message is
untouched in the mailbox that it was sent from. This notice was made by the mail server {hostname}; nobody
reads answers to it.
"""
_DELAYED = """Your message could not yet be delivered to {people}. You need not do anything: it will be
tried again until {gives_up_at}, and you will be told if it fails for good.

{recipients}
{message}
This notice was made by the mail server {hostname}; nobody reads answers to it.
"""


def compose_bounce(
    message: QueuedMessage,
    attempted: Sequence[Attempted],
    *,
    header: bytes,
    hostname: str,
    message_id: str,
    now: datetime,
    gives_up_at: datetime | None,
) -> bytes:
    """Compose a notification for the sender of a message.

    Args:
        message: The one that is in trouble.
        attempted: Recipients that failed, or are late.
        header: Of the message; what follows its header section is left out.
        hostname: Of the server that reports.
        message_id: Of the notification, without angle brackets.
        now: Its date.
        gives_up_at: Until when the late ones are tried; None: they failed for good.

    Raises:
        ValueError: An address that this server itself took cannot be written.
    """
    status = DeliveryStatus(
        reporting_mta=MtaName(hostname),
        arrival_at=message.queued_at,
        recipients=tuple(_recipient(each, now, gives_up_at) for each in attempted),
    )
    sender = parse_path(message.reverse_path)
    original_id = message.message_id.strip().removeprefix("<").removesuffix(">")
    return compose_dsn(
        Notification(_text(message, attempted, hostname, gives_up_at), status, header),
        author=Address("Mail delivery", "postmaster", hostname),
        recipient=Address("", sender.localpart, sender.domain_text),
        subject="Mail delivery failed" if gives_up_at is None else "Mail delivery delayed",
        now=now,
        message_id=message_id,
        references=[original_id] if original_id else [],
        utf8=message.smtputf8,
    )


def _recipient(attempted: Attempted, now: datetime, gives_up_at: datetime | None) -> Recipient:
    result = attempted.result
    reply = f"{result.code} {result.enhanced} {result.text}" if result.code is not None else None
    return Recipient(
        final_recipient=recipient_address(attempted.entry.recipient),
        action=Action.FAILED if gives_up_at is None else Action.DELAYED,
        status=_status(result, is_final=gives_up_at is None),
        remote_mta=MtaName(result.host) if result.host else None,
        diagnostic=None if reply is None else Diagnostic(reply),
        last_attempt_at=now,
        will_retry_until=gives_up_at,
    )


def _status(result: Result, *, is_final: bool) -> str:
    """Return a status whose class goes with the action (RFC 3464 §2.3.4)."""
    rest = result.enhanced.partition(".")[2] or "0.0"
    return f"{5 if is_final else 4}.{rest}"


def _text(
    message: QueuedMessage, attempted: Sequence[Attempted], hostname: str, gives_up_at: datetime | None
) -> str:
    recipients = "".join(f"  {each.entry.recipient}\n    {_reason(each.result)}\n" for each in attempted)
    about = "".join(
        f"  {name}: {value}\n"
        for name, value in (
            ("Subject", message.subject),
            ("Sent", format_date(message.queued_at)),
            ("Message-ID", message.message_id),
        )
        if value
    )
    return (_FAILED if gives_up_at is None else _DELAYED).format(
        people=attempted[0].entry.recipient if len(attempted) == 1 else "some of its recipients",
        recipients=recipients,
        message=f"The message:\n\n{about}",
        hostname=hostname,
        gives_up_at="" if gives_up_at is None else format_date(gives_up_at),
    )


def _reason(result: Result) -> str:
    if result.code is None:
        return result.text
    who = f"{result.host} said" if result.host else "the answer was"
    return f"{who}: {result.code} {result.enhanced} {result.text}"
