"""Tells senders what did not arrive, is late, or arrived if they asked: notifications in their Inbox.

Which and when: RFC 3461; in what form: RFC 3464.

Invariant: nothing is sent, so nothing can loop; a message with the null reverse-path gets no notification
(RFC 5321 §4.5.5). The identifier of a notification follows from what it tells, so that one which was filed
before a crash is not filed again after it.
"""

import hashlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from mox.queue.bouncetext import compose_bounce
from mox.queue.message import Attempted, QueuedMessage
from mox.queue.outcome import Delivered, Failed
from mox.runtime import Clock
from mox.store import (
    INBOX,
    NewMessage,
    OverQuotaError,
    Store,
    Tx,
    add_message,
    ensure_mailbox,
    is_filed,
)
from moxkit.dsn import Action
from moxkit.smtp import Notify, Ret

__all__ = ["Bounces"]

logger = logging.getLogger(__name__)

# Of a message, unless RET=FULL asks for more: senders have it, and notifications stay small.
_LONGEST_HEADER_OCTETS = 256 << 10
# Of larger messages the header is returned, as RFC 3461 §6.2 allows.
_LARGEST_RETURNED = 1 << 20


class Bounces:
    """Files notifications with the accounts that sent; a listener of deliveries."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        hostname: str,
        exists: Callable[[str], bool],
        postmaster: tuple[str, str],
    ) -> None:
        """Remember where notifications go.

        Args:
            store: Keeps them.
            clock: For their dates.
            hostname: Of this server, the one that reports.
            exists: Whether there is an account of a name.
            postmaster: Account and mailbox for those whose account is gone or full.
        """
        self._store = store
        self._clock = clock
        self._hostname = hostname
        self._exists = exists
        self._postmaster = postmaster

    async def finished(self, message: QueuedMessage, attempted: Sequence[Attempted], content: Path) -> None:
        """Tell of the recipients that have failed, and of those that were delivered to if that was asked for.

        Raises:
            mox.store.StoreError, OSError: It could not be filed anywhere.
        """
        fates = [(_fate(each), each) for each in attempted]
        # Failures last: they are told again if anything goes wrong, successes are not.
        for action in (Action.DELIVERED, Action.RELAYED, Action.FAILED):
            if alike := [each for fate, each in fates if fate is action]:
                await self._file(message, alike, action, content, None)

    async def delayed(
        self, message: QueuedMessage, attempted: Sequence[Attempted], content: Path, gives_up_at: datetime
    ) -> None:
        """Tell of the recipients that will be tried for longer, unless that is not wanted.

        Raises:
            mox.store.StoreError, OSError: It could not be filed anywhere.
        """
        if wanted := [each for each in attempted if _wants(each, Notify.DELAY)]:
            await self._file(message, wanted, Action.DELAYED, content, gives_up_at)

    async def _file(
        self,
        message: QueuedMessage,
        attempted: Sequence[Attempted],
        action: Action,
        content: Path,
        gives_up_at: datetime | None,
    ) -> None:
        if not message.reverse_path:
            logger.warning("no notification of what was itself one", extra={"queueid": message.id})
            return None
        message_id = _message_id(message, attempted, action)
        # Successes and delays never bring back more than the header (RFC 3461 §4.3).
        is_whole = action is Action.FAILED and message.ret is Ret.FULL and message.size <= _LARGEST_RETURNED
        octets = compose_bounce(
            message,
            attempted,
            action,
            returned=_beginning(message, content, _LARGEST_RETURNED if is_whole else _LONGEST_HEADER_OCTETS),
            is_whole=is_whole,
            hostname=self._hostname,
            message_id=f"{message_id}@{self._hostname}",
            now=self._clock.now(),
            gives_up_at=gives_up_at,
        )
        if self._exists(message.account):
            try:
                return await self._deposit(message, message.account, INBOX, octets, message_id)
            except OverQuotaError:
                logger.warning(
                    "account is full, the postmaster gets the notification",
                    extra={"account": message.account, "queueid": message.id},
                )
        return await self._deposit(message, *self._postmaster, octets, message_id)

    async def _deposit(
        self, message: QueuedMessage, account: str, mailbox: str, octets: bytes, message_id: str
    ) -> None:
        spool = self._store.spools.new()
        try:
            spool.write(octets)
            content, prepared = await self._store.prepare(spool)
            prefix = f"Delivered-To: {message.reverse_path}\r\nReturn-Path: <>\r\n".encode()

            def file(tx: Tx) -> bool:
                if is_filed(tx.connection, prepared.message_id):
                    return False
                add_message(tx, NewMessage(ensure_mailbox(tx, mailbox).id, content, prepared, prefix))
                return True

            is_new = await self._store.account(account).write(file)
        finally:
            spool.discard()
        if is_new:
            extra = {"account": account, "mailbox": mailbox, "queueid": message.id, "messageid": message_id}
            logger.info("sender notified", extra=extra)


def _fate(attempted: Attempted) -> Action | None:
    """Return what the sender wants to hear of a final result (RFC 3461 §5.2), None for nothing."""
    match attempted.result:
        case Failed():
            return Action.FAILED if _wants(attempted, Notify.FAILURE) else None
        case Delivered(passes_on_dsn=False, is_final=is_final) if Notify.SUCCESS in attempted.entry.notify:
            return Action.DELIVERED if is_final else Action.RELAYED
        case _:
            return None


def _wants(attempted: Attempted, what: Notify) -> bool:
    # Nothing said means failure and delay (RFC 3461 §4.1).
    return not attempted.entry.notify or what in attempted.entry.notify


def _message_id(message: QueuedMessage, attempted: Sequence[Attempted], action: Action) -> str:
    """Name what is told, of whom: attempts do not count, for a crash leaves one that was not written down."""
    entries = ",".join(str(each.entry.id) for each in sorted(attempted, key=lambda each: each.entry.id))
    digest = hashlib.sha256(entries.encode()).hexdigest()[:16]
    # The time keeps apart what queues made anew would number alike.
    queued_at = int(message.queued_at.timestamp())
    return f"{action}.{message.id}.{queued_at:x}.{digest}"


def _beginning(message: QueuedMessage, content: Path, size: int) -> bytes:
    with content.open("rb") as file:
        return message.prefix + file.read(size)
