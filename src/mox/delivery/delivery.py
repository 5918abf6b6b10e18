"""A received message, filed for each of its recipients.

Invariant: an outcome of 250 means that this recipient's copy is on stable storage. What was decided, and on
what ground, is stored with the message.
"""

import asyncio
import errno
import logging
from collections.abc import Callable, Sequence
from functools import partial

from mox.accounts import AliasRecipient, Recipient
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
from moxkit.message import Headers, from_address

__all__ = ["Delivery"]

logger = logging.getLogger(__name__)


class Delivery:
    """Delivery to the accounts of this server."""

    def __init__(self, *, store: Store, canonical: Callable[[str, str], str]) -> None:
        """Remember where things are.

        Args:
            store: Where messages are filed.
            canonical: Gives the form that addresses are compared in, of localpart and domain.
        """
        self._store = store
        self._canonical = canonical

    async def receive(self, incoming: Incoming) -> Sequence[Outcome]:
        """File a message for its recipients; return an outcome for each, in their order, aliases last.

        Raises:
            OSError: The content could not be put on stable storage; nothing was filed.
        """
        content, prepared = await self._store.prepare(incoming.spool)
        received = received_field(
            incoming.connection,
            received_at=incoming.received_at,
            recipients=[each.path for each in incoming.recipients] + [each.path for each in incoming.aliases],
            smtputf8=incoming.smtputf8,
            requires_tls=incoming.requires_tls,
        )
        deliver = partial(self._deliver_all, incoming, content, prepared, received)
        outcomes = await deliver(incoming.recipients)
        if incoming.aliases:
            author = self._author(prepared)
            served = {recipient.address for recipient in incoming.recipients}
            for alias in incoming.aliases:
                if alias.may_post(author):
                    copies = await deliver(alias.served(author, served))
                    served |= {copy.recipient.address for copy in copies if copy.is_delivered}
                    outcomes.append(_of_members(alias, copies))
                else:
                    extra = {"alias": alias.address, "from": author or ""}
                    logger.info("message refused, author may not write to the alias", extra=extra)
                    outcomes.append(Outcome(alias, 550, "5.7.2", "not allowed to write to this address"))
        return outcomes

    def _author(self, prepared: Prepared) -> str | None:
        author = None if prepared.header is None else from_address(Headers(prepared.header))
        return None if author is None else self._canonical(author.localpart, author.domain)

    async def _deliver_all(
        self,
        incoming: Incoming,
        content: Content,
        prepared: Prepared,
        received: bytes,
        recipients: Sequence[Recipient],
    ) -> list[Outcome]:
        results = await asyncio.gather(
            *(self._deliver(incoming, each, content, prepared, received) for each in recipients),
            return_exceptions=True,
        )
        # What failed for one recipient must not unsay what was filed for another.
        return [
            _trouble(recipient, result) if isinstance(result, BaseException) else result
            for recipient, result in zip(recipients, results, strict=True)
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


def _of_members(alias: AliasRecipient, outcomes: Sequence[Outcome]) -> Outcome:
    """Say what became of a message for an alias: one member that has it is enough."""
    failed = [outcome for outcome in outcomes if not outcome.is_delivered]
    if len(failed) < len(outcomes) or not outcomes:
        return Outcome(alias, 250, "2.1.5", "delivered")
    # A full account is the member's own trouble; what we could not do is told first.
    worst = min(failed, key=lambda outcome: outcome.enhanced == "4.2.2")
    return Outcome(alias, worst.code, worst.enhanced, worst.text)


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
