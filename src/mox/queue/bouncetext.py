"""What a notification says, to people and to programs: pure (RFC 3461 §6, RFC 3464, RFC 6533)."""

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
_DELIVERED = """Your message was delivered to {people}. You asked to be told.

{recipients}
{message}
This notice was made by the mail server {hostname}; nobody reads answers to it.
"""
_RELAYED = """Your message was handed over to the mail server of {people}. You asked to be told when it is
delivered; that server does not tell, so this is all that you will hear, unless delivery fails there.

{recipients}
{message}
This notice was made by the mail server {hostname}; nobody reads answers to it.
"""
_WORDS = {
    Action.FAILED: ("Mail delivery failed", _FAILED),
    Action.DELAYED: ("Mail delivery delayed", _DELAYED),
    Action.DELIVERED: ("Mail delivered", _DELIVERED),
    Action.RELAYED: ("Mail handed over", _RELAYED),
}
# RFC 3464 §2.3.4.
_CLASS_OF_STATUS = {Action.FAILED: 5, Action.DELAYED: 4, Action.DELIVERED: 2, Action.RELAYED: 2}


def compose_bounce(
    message: QueuedMessage,
    attempted: Sequence[Attempted],
    action: Action,
    *,
    returned: bytes,
    is_whole: bool,
    hostname: str,
    message_id: str,
    now: datetime,
    gives_up_at: datetime | None,
) -> bytes:
    """Compose a notification for the sender of a message.

    Args:
        message: The one that this is about.
        attempted: The recipients, all with the same fate.
        action: That.
        returned: The message, or its beginning.
        is_whole: All of that is returned; else only its header section.
        hostname: Of the server that reports.
        message_id: Of the notification, without angle brackets.
        now: Its date.
        gives_up_at: Until when late ones are tried.

    Raises:
        ValueError: An address that this server itself took cannot be written.
    """
    status = DeliveryStatus(
        reporting_mta=MtaName(hostname),
        original_envelope_id=message.envid,
        arrival_at=message.queued_at,
        future_release_request=message.future_release,
        recipients=tuple(_recipient(each, action, now, gives_up_at) for each in attempted),
    )
    sender = parse_path(message.reverse_path)
    original_id = message.message_id.strip().removeprefix("<").removesuffix(">")
    subject, words = _WORDS[action]
    return compose_dsn(
        Notification(_text(words, message, attempted, hostname, gives_up_at), status, returned, not is_whole),
        author=Address("Mail delivery", "postmaster", hostname),
        recipient=Address("", sender.localpart, sender.domain_text),
        subject=subject,
        now=now,
        message_id=message_id,
        references=[original_id] if original_id else [],
        utf8=message.smtputf8,
    )


def _recipient(
    attempted: Attempted, action: Action, now: datetime, gives_up_at: datetime | None
) -> Recipient:
    result, entry = attempted.result, attempted.entry
    reply = f"{result.code} {result.enhanced} {result.text}" if result.code is not None else None
    return Recipient(
        original_recipient=entry.orcpt,
        final_recipient=recipient_address(entry.recipient),
        action=action,
        status=_status(result, action),
        remote_mta=MtaName(result.host) if result.host else None,
        diagnostic=None if reply is None else Diagnostic(reply),
        last_attempt_at=now,
        will_retry_until=gives_up_at,
    )


def _status(result: Result, action: Action) -> str:
    """Return a status whose class goes with the action (RFC 3464 §2.3.4)."""
    return f"{_CLASS_OF_STATUS[action]}.{result.enhanced.partition('.')[2] or '0.0'}"


def _text(
    words: str,
    message: QueuedMessage,
    attempted: Sequence[Attempted],
    hostname: str,
    gives_up_at: datetime | None,
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
    return words.format(
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
