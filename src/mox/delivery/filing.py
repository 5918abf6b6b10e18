"""Files a judged message in an account, or writes down that it was refused.

Invariant: an outcome of 250 means that this recipient's copy is on stable storage. What was decided, and on
what ground, is stored with the message or with the refusal.
"""

import asyncio
import errno
import logging
from collections.abc import Sequence

from mox.accounts import AliasRecipient, Recipient
from mox.delivery.headers import delivery_prefix
from mox.delivery.incoming import Outcome
from mox.delivery.received import Judged, ReceivedMessage
from mox.delivery.rejects import KeepRejects, drop_reject, keep_reject
from mox.reports import ValidReport
from mox.store import (
    Added,
    Arrival,
    Aside,
    NewMessage,
    NewRefusal,
    OverQuotaError,
    Store,
    Tx,
    add_message,
    ensure_mailbox,
    note_refusal,
    parse_flags,
)

__all__ = ["file_message", "note_refused", "of_members", "trouble"]

logger = logging.getLogger(__name__)

_SEEN = parse_flags(["\\Seen"])


async def file_message(store: Store, message: ReceivedMessage, judged: Judged) -> Outcome:
    """File a message for one recipient.

    Raises:
        OSError, mox.store.StoreError, mox.database.DatabaseError: It could not be filed.
    """
    recipient, verdict = judged.recipient, judged.verdict
    account = store.account(recipient.account)
    # Not while others wait for the transaction.
    prefix = delivery_prefix(message, judged)

    def file(tx: Tx) -> Added:
        drop_reject(tx, message.prepared.message_id)
        mailbox = ensure_mailbox(tx, verdict.mailbox)
        aside = None
        if verdict.mailbox != verdict.meant_for and not verdict.is_reject:
            aside = Aside(ensure_mailbox(tx, verdict.meant_for).id, is_reject=False)
        return add_message(tx, _new(message, judged, mailbox.id, prefix, aside))

    try:
        added = await account.write(file)
    except OverQuotaError as error:
        extra = {
            "account": recipient.account,
            "wanted": error.wanted,
            "unit": error.unit,
            "free": error.free,
        }
        logger.info("message refused, account is full", extra=extra)
        return Outcome(recipient, 452, "4.2.2", "account is over quota")
    logger.info(
        "message delivered",
        extra={
            "account": recipient.account,
            "mailbox": verdict.mailbox,
            "uid": added.uid,
            "size": added.size,
            "from": message.incoming.reverse_path,
            "to": recipient.path,
            "reason": verdict.reason,
        },
    )
    return Outcome(recipient, 250, "2.1.5", "delivered", added, verdict.reason)


def _new(
    message: ReceivedMessage, judged: Judged, mailbox_id: int, prefix: bytes, aside: Aside | None = None
) -> NewMessage:
    return NewMessage(
        mailbox_id,
        message.content,
        message.prepared,
        prefix=prefix,
        flags=_SEEN if judged.verdict.is_reject or _is_report(message, judged) else parse_flags([]),
        arrival=_arrival(message, judged),
        aside=aside,
    )


def _is_report(message: ReceivedMessage, judged: Judged) -> bool:
    """Say whether it is for programs, which read it already."""
    return judged.recipient.reports and isinstance(message.report, ValidReport)


async def note_refused(store: Store, message: ReceivedMessage, judged: Judged, keep: KeepRejects) -> Outcome:
    """Write a refusal down, and keep the message for a while if the account wants that.

    Raises:
        OSError, mox.store.StoreError, mox.database.DatabaseError: That could not be done.
    """
    recipient, verdict = judged.recipient, judged.verdict
    account = store.account(recipient.account)
    keeps = bool(keep.mailbox) and verdict.reason != "high-rate" and not recipient.alias
    content_hash = await asyncio.to_thread(message.hash) if keeps else b""
    prefix = delivery_prefix(message, judged) if keeps else b""

    def write(tx: Tx) -> None:
        kept_id = None
        if keeps:
            new = _new(message, judged, 0, prefix)
            try:
                kept_id = keep_reject(
                    tx, keep, new, meant_for=verdict.meant_for, content_hash=content_hash, flags=_SEEN
                )
            except OverQuotaError:
                logger.info("refused message is not kept, account is full", extra={"account": account.name})
        note_refusal(tx.connection, _refusal(message, judged, kept_id), tx.now)

    await account.write(write)
    logger.info(
        "message refused",
        extra={
            "account": recipient.account,
            "from": message.incoming.reverse_path,
            "to": recipient.path,
            "remote": message.incoming.connection.remote_ip,
            "reason": verdict.reason,
            "code": verdict.code,
        },
    )
    return Outcome(recipient, verdict.code, verdict.enhanced, verdict.text, reason=verdict.reason)


def _refusal(message: ReceivedMessage, judged: Judged, kept_id: int | None) -> NewRefusal:
    verdict = judged.verdict
    return NewRefusal(
        envelope_from=message.incoming.reverse_path,
        envelope_to=judged.recipient.path,
        remote_ip=message.incoming.connection.remote_ip,
        author=judged.sender.author,
        subject=message.headers.text("subject") or "",
        message_id=message.prepared.message_id,
        size=message.prepared.size,
        reply=f"{verdict.code} {verdict.enhanced} {verdict.text}",
        reason=verdict.reason,
        decisions=_decisions(message, judged),
        kept_id=kept_id,
    )


def _arrival(message: ReceivedMessage, judged: Judged) -> Arrival:
    incoming = message.incoming
    connection = incoming.connection
    return Arrival(
        envelope_from=incoming.reverse_path,
        envelope_to=judged.recipient.path,
        remote_ip=connection.remote_ip,
        transport={
            "ehlo": connection.ehlo,
            "tls": connection.tls_version,
            "cipher": connection.tls_cipher,
            "requiretls": incoming.requires_tls,
            "smtputf8": incoming.smtputf8,
        },
        decisions=_decisions(message, judged),
        identities=judged.sender.identities(),
    )


def _decisions(message: ReceivedMessage, judged: Judged) -> tuple[dict[str, object], ...]:
    problems = "; ".join(message.prepared.problems)
    return (
        {"check": "recipient", "outlook": "neutral", "text": judged.recipient.reason},
        {"check": "mime", "outlook": "neutral", "text": problems or "well-formed"},
        *judged.verdict.trace(),
    )


def trouble(recipient: Recipient | AliasRecipient, error: BaseException) -> Outcome:
    """Say that a message could not be filed, which is our own trouble."""
    if isinstance(error, asyncio.CancelledError):
        raise error
    name = recipient.account if isinstance(recipient, Recipient) else recipient.address
    logger.error("message could not be filed", extra={"account": name}, exc_info=error)
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return Outcome(recipient, 452, "4.3.1", "no room on disk, try again later")
    return Outcome(recipient, 451, "4.3.0", "error processing, try again later")


def of_members(alias: AliasRecipient, outcomes: Sequence[Outcome]) -> Outcome:
    """Say what became of a message for an alias: one member that has it is enough."""
    failed = [outcome for outcome in outcomes if not outcome.is_delivered]
    if len(failed) < len(outcomes) or not outcomes:
        return Outcome(alias, 250, "2.1.5", "delivered")
    # A full account is the member's own trouble; what we could not do is told first.
    worst = min(failed, key=lambda outcome: outcome.enhanced == "4.2.2")
    return Outcome(alias, worst.code, worst.enhanced, worst.text, reason=worst.reason)
