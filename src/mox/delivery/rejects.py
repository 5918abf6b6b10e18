"""Refused mail that is kept for a while in a mailbox of its own (reference junk-and-reputation.md §7)."""

from dataclasses import dataclass, replace

from mox.store import (
    Aside,
    Flags,
    NewMessage,
    Tx,
    add_message,
    check_quota,
    ensure_mailbox,
    expunge_messages,
    get_mailbox,
    has_reject,
    reject_of,
    rejects_before,
)

__all__ = ["NO_REJECTS", "KeepRejects", "drop_reject", "keep_reject"]

_KEPT_S = 14 * 24 * 3600
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class KeepRejects:
    """How an account keeps refused mail.

    Attributes:
        mailbox: Where; empty: nowhere.
        for_ever: Old ones are not removed.
    """

    mailbox: str = ""
    for_ever: bool = False


NO_REJECTS = KeepRejects()


def keep_reject(
    tx: Tx, keep: KeepRejects, new: NewMessage, *, meant_for: str, content_hash: bytes, flags: Flags
) -> int | None:
    """Keep a refused message, unless it is there already or there is no room; return its id.

    Args:
        tx: Of the account.
        keep: Where, and for how long.
        new: The message; its mailbox is filled in here.
        meant_for: The mailbox it would have gone to.
        content_hash: SHA-256 of its octets.
        flags: That it gets.

    Raises:
        mox.store.OverQuotaError: There is no room in the account.
    """
    if has_reject(tx.connection, message_id=new.prepared.message_id, content_hash=content_hash):
        return None
    mailbox = ensure_mailbox(tx, keep.mailbox)
    if not keep.for_ever:
        expunge_messages(tx, mailbox.id, rejects_before(tx.connection, mailbox.id, tx.now - _KEPT_S))
        if get_mailbox(tx.connection, keep.mailbox).total >= _MOST:
            return None
    check_quota(tx, len(new.prefix) + new.prepared.size)
    aside = Aside(ensure_mailbox(tx, meant_for).id, is_reject=True, content_hash=content_hash)
    return add_message(tx, replace(new, mailbox_id=mailbox.id, aside=aside, flags=flags)).id


def drop_reject(tx: Tx, message_id: str) -> None:
    """Remove the kept copy of a message that was delivered after all."""
    if message_id and (found := reject_of(tx.connection, message_id)) is not None:
        mailbox_id, uid = found
        expunge_messages(tx, mailbox_id, [uid])
