"""The end of DATA: a message is handed to delivery or submission, and the reply made of what they say."""

import logging
from collections.abc import Sequence

from mox.accounts import Recipient, SignedIn
from mox.delivery import Connection, Incoming, Outcome
from mox.queue import NewRecipient
from mox.runtime import Clock
from mox.smtpserver.binarymime import in_lines
from mox.smtpserver.counting import NO_COUNTING, Counting, delivery_results, submission_result
from mox.smtpserver.errors import combined, content_reply, refused_draft, size_reply, storage_reply
from mox.smtpserver.futurerelease import release_of
from mox.smtpserver.options import Options
from mox.smtpserver.ports import FailureListener, Filing, Spools, Submitting
from mox.smtpserver.special import SpecialRecipients
from mox.smtpserver.transaction import Transaction
from mox.store import Spool
from mox.submission import Draft, Refusal
from moxkit.message import UnconvertibleError
from moxkit.smtp import Body, ChunkEnd, DataEnd, Reply

__all__ = ["ContentDesk"]

logger = logging.getLogger(__name__)

# RFC 5321 §6.3: at least 100 hops are no loop.
_MOST_RECEIVED = 100


class ContentDesk:
    """Passes finished messages of one listener on."""

    def __init__(
        self,
        *,
        options: Options,
        filing: Filing,
        submitting: Submitting,
        failures: FailureListener | None,
        special: SpecialRecipients | None,
        clock: Clock,
        spools: Spools,
        counting: Counting = NO_COUNTING,
    ) -> None:
        self._options = options
        self._filing = filing
        self._submitting = submitting
        self._failures = failures
        self._special = special
        self._clock = clock
        self._spools = spools
        self._counting = counting

    def chunk(self, end: ChunkEnd, transaction: Transaction) -> Reply:
        """Answer the end of a chunk that is not the last (RFC 3030 §2)."""
        if end.too_large:
            return size_reply(self._options.max_message_size, is_declared=False)
        if transaction.trouble is not None:
            logger.error("content could not be stored", exc_info=transaction.trouble)
            return storage_reply(transaction.trouble)
        return Reply(250, "2.0.0", f"{end.size} octets received")

    async def finish(
        self, end: DataEnd, transaction: Transaction, connection: Connection, signed_in: SignedIn | None
    ) -> Reply:
        """Answer the end of content; 250 means that somebody else has the message on stable storage."""
        if (refused := self._refusal(end, transaction)) is not None:
            return refused
        spool = transaction.spool
        assert spool is not None  # noqa: S101  made when content began
        try:
            if transaction.mail.body is Body.BINARYMIME:
                transaction.spool = await in_lines(spool, self._spools)
                spool.discard()
                spool = transaction.spool
            if signed_in is not None:
                return await self._submit(transaction, spool, connection, signed_in)
            return await self._receive(transaction, spool, connection)
        except UnconvertibleError as error:
            return Reply(554, "5.6.0", f"message cannot be sent on: {error}")
        except OSError as error:
            logger.exception("message could not be stored")
            return storage_reply(error)

    def _refusal(self, end: DataEnd, transaction: Transaction) -> Reply | None:
        refused = content_reply(end, self._options.max_message_size)
        if refused is not None:
            logger.info("content refused", extra={"code": refused.code, "reason": refused.text})
            return refused
        if transaction.trouble is not None:
            logger.error("content could not be stored", exc_info=transaction.trouble)
            return storage_reply(transaction.trouble)
        if transaction.received_count() > _MOST_RECEIVED:
            return Reply(550, "5.4.6", "mail loop: too many Received fields")
        return None

    async def _submit(
        self, transaction: Transaction, spool: Spool, connection: Connection, signed_in: SignedIn
    ) -> Reply:
        for rcpt in transaction.remote.values():
            localpart = rcpt.forward_path.localpart
            failure = self._special.at_submission(localpart) if self._special is not None else None
            if failure is not None:
                await self._clock.sleep(failure.wait_s)
                return failure.reply
        mail, now = transaction.mail, self._clock.now()
        release_at, future_release = release_of(mail, now)
        result = await self._submitting.submit(
            Draft(
                connection=connection,
                account=signed_in.account,
                login_address=signed_in.address,
                reverse_path=str(mail.reverse_path or ""),
                recipients=tuple(
                    NewRecipient(path, rcpt.notify, rcpt.orcpt) for path, rcpt in transaction.remote.items()
                ),
                spool=spool,
                received_at=now,
                smtputf8=mail.smtputf8,
                declared_8bit=mail.body in {Body.EIGHT_BIT_MIME, Body.BINARYMIME},
                require_tls=True if mail.requires_tls else None,
                ret=mail.ret,
                envid=mail.envid,
                release_at=release_at,
                future_release=future_release,
            )
        )
        self._counting.submitted(submission_result(result))
        if isinstance(result, Refusal):
            logger.info("submission refused", extra={"account": signed_in.account, "reason": result.text})
            return refused_draft(result)
        return Reply(250, "2.2.0", f"queued as {result.queue_ids[0]}")

    async def _receive(self, transaction: Transaction, spool: Spool, connection: Connection) -> Reply:
        outcomes: list[Outcome] = []
        recipients: list[Recipient] = []
        for recipient in transaction.local.values():
            failure = None
            if self._special is not None:
                failure = self._special.at_delivery(recipient.path.rpartition("@")[0])
            if failure is None:
                recipients.append(recipient)
            elif failure.wait_s:
                # Fails the whole transaction: the client has gone away by then.
                await self._clock.sleep(failure.wait_s)
                return failure.reply
            else:
                reply = failure.reply
                outcomes.append(Outcome(recipient, reply.code, reply.enhanced, reply.text))
        for path in transaction.unknown:
            nobody = Recipient(path, "", path, "", "unknown")
            outcomes.append(Outcome(nobody, 550, "5.1.1", "no such user"))
        if not transaction.local and not transaction.aliases:
            # Guessing addresses takes time.
            await self._clock.sleep(self._options.unknown_pause_s)
            self._counting.delivered(delivery_results(outcomes))
            return combined(outcomes)
        mail = transaction.mail
        incoming = Incoming(
            connection=connection,
            reverse_path=str(mail.reverse_path or ""),
            recipients=tuple(recipients),
            aliases=tuple(transaction.aliases.values()),
            policy=self._options.receiving,
            spool=spool,
            received_at=self._clock.now(),
            smtputf8=mail.smtputf8,
            requires_tls=mail.requires_tls,
        )
        if recipients or incoming.aliases:
            judged = await self._filing.receive(incoming)
            transaction.was_unwanted = any(each.reason and not each.is_delivered for each in judged)
            outcomes += judged
        self._counting.delivered(delivery_results(outcomes))
        await self._tell(incoming, outcomes)
        return combined(outcomes)

    async def _tell(self, incoming: Incoming, outcomes: Sequence[Outcome]) -> None:
        failures = [outcome for outcome in outcomes if not outcome.is_delivered]
        if not failures or len(failures) == len(outcomes):
            return
        logger.info("delivery failed for some recipients", extra={"failures": len(failures)})
        if self._failures is not None:
            await self._failures.failed(incoming, failures)
