"""A received message, filed for each of its recipients.

Invariant: an outcome of 250 means that this recipient's copy is on stable storage. What was decided, and on
what ground, is stored with the message.
"""

import asyncio
import errno
import logging
from collections.abc import Callable, Sequence
from functools import partial

from mox.accounts import Recipient
from mox.delivery.headers import delivery_prefix, received_field
from mox.delivery.incoming import Incoming, Outcome
from mox.store import (
    Added,
    Arrival,
    Content,
    NewMessage,
    OverQuotaError,
    Prepared,
    Store,
    Tx,
    add_message,
    ensure_mailbox,
)

__all__ = ["Delivery"]

logger = logging.getLogger(__name__)


class Delivery:
    """Delivery to the accounts of this server."""

    def __init__(self, *, store: Store) -> None:
        self._store = store

    async def receive(self, incoming: Incoming) -> Sequence[Outcome]:
        """File a message for its recipients; return an outcome for each, in their order.

        Raises:
            OSError: The content could not be put on stable storage; nothing was filed.
        """
        content, prepared = await self._store.prepare(incoming.spool)
        received = received_field(
            incoming.connection,
            received_at=incoming.received_at,
            recipients=[recipient.path for recipient in incoming.recipients],
            smtputf8=incoming.smtputf8,
            requires_tls=incoming.requires_tls,
        )
        results = await asyncio.gather(
            *(self._deliver(incoming, each, content, prepared, received) for each in incoming.recipients),
            return_exceptions=True,
        )
        # What failed for one recipient must not unsay what was filed for another.
        return [
            _trouble(recipient, result) if isinstance(result, BaseException) else result
            for recipient, result in zip(incoming.recipients, results, strict=True)
        ]

    async def _deliver(
        self, incoming: Incoming, recipient: Recipient, content: Content, prepared: Prepared, received: bytes
    ) -> Outcome:
        prefix = delivery_prefix(
            recipient=recipient.path, reverse_path=incoming.reverse_path, received=received
        )
        arrival = _arrival(incoming, recipient, prepared)
        try:
            account = self._store.account(recipient.account)
            new = partial(NewMessage, content=content, prepared=prepared, prefix=prefix, arrival=arrival)
            added = await account.write(lambda tx: _file(tx, recipient, new))
        except OverQuotaError as error:
            logger.info(
                "message refused, account is full",
                extra={
                    "account": recipient.account,
                    "wanted": error.wanted,
                    "unit": error.unit,
                    "free": error.free,
                },
            )
            return Outcome(recipient, 452, "4.2.2", "account is over quota")
        logger.info(
            "message delivered",
            extra={
                "account": recipient.account,
                "mailbox": recipient.mailbox,
                "uid": added.uid,
                "size": added.size,
                "from": incoming.reverse_path,
                "to": recipient.path,
            },
        )
        return Outcome(recipient, 250, "2.1.5", "delivered")


def _trouble(recipient: Recipient, error: BaseException) -> Outcome:
    if isinstance(error, asyncio.CancelledError):
        raise error
    logger.error("message could not be filed", extra={"account": recipient.account}, exc_info=error)
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return Outcome(recipient, 452, "4.3.1", "no room on disk, try again later")
    return Outcome(recipient, 451, "4.3.0", "error processing, try again later")


def _file(tx: Tx, recipient: Recipient, new: Callable[[int], NewMessage]) -> Added:
    return add_message(tx, new(ensure_mailbox(tx, recipient.mailbox).id))


def _arrival(incoming: Incoming, recipient: Recipient, prepared: Prepared) -> Arrival:
    connection = incoming.connection
    return Arrival(
        envelope_from=incoming.reverse_path,
        envelope_to=recipient.path,
        remote_ip=connection.remote_ip,
        transport={
            "ehlo": connection.ehlo,
            "tls": connection.tls_version,
            "cipher": connection.tls_cipher,
            "requiretls": incoming.requires_tls,
            "smtputf8": incoming.smtputf8,
        },
        decisions=(
            {"check": "recipient", "result": "accept", "reason": recipient.reason},
            {"check": "mime", "result": "accept", "problems": list(prepared.problems)},
        ),
    )
