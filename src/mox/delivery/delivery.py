"""A received message -> verified, judged for each recipient, filed or refused."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from mox.accounts import AliasRecipient, Recipient
from mox.delivery.filing import file_message, note_refused, of_members, trouble
from mox.delivery.incoming import Incoming, Outcome
from mox.delivery.intake import ChecksReports, Intake
from mox.delivery.judging import Judges
from mox.delivery.listening import OutcomeListener, tell
from mox.delivery.received import Judged, ReceivedMessage
from mox.delivery.rejects import KeepRejects
from mox.runtime import Clock, Turn, Turns
from mox.store import Store
from mox.verification import Verifying

__all__ = ["Delivery"]

logger = logging.getLogger(__name__)

# Of messages that are judged and filed: enough to share a COMMIT, few enough that none is late.
_AT_ONCE = 4


class Delivery:
    """Delivery to the accounts of this server."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        canonical: Callable[[str, str], str],
        verifier: Verifying,
        judging: Judges,
        keep_rejects: Callable[[str], KeepRejects] = lambda _account: KeepRejects(),
        own_names: Callable[[], Collection[str]] = lambda: (),
        reports: ChecksReports | None = None,
        listeners: Sequence[OutcomeListener] = (),
    ) -> None:
        """Remember whom to ask.

        Args:
            store: Where messages are filed.
            clock: Strangers wait by it.
            canonical: Gives the form that addresses are compared in, of localpart and domain.
            verifier: Finds out who a message is from.
            judging: Decides.
            keep_rejects: How an account keeps refused mail.
            own_names: Of this server, besides the one it greets with; nobody else reports results by them.
            reports: Checks messages to addresses for reports.
            listeners: Hear what became of messages.
        """
        self._store = store
        self._clock = clock
        self._canonical = canonical
        self._intake = Intake(
            store=store, clock=clock, verifier=verifier, own_names=own_names, reports=reports
        )
        self._judging = judging
        self._keep_rejects = keep_rejects
        self._listeners = tuple(listeners)
        # Who is known costs little, and would overtake those whose words are looked at, again and again.
        self._turns = Turns(_AT_ONCE)

    async def receive(self, incoming: Incoming) -> Sequence[Outcome]:
        """File a message for its recipients; return an outcome for each, in their order, aliases last.

        Raises:
            OSError: The content could not be put on stable storage; nothing was filed.
        """
        copy = self._store.spools.new()
        try:
            message = await self._intake.take(incoming, copy)
            async with self._turns.turn() as turn:
                return await self._conclude_message(message, turn)
        finally:
            copy.discard()

    async def _conclude_message(self, message: ReceivedMessage, turn: Turn) -> list[Outcome]:
        incoming = message.incoming
        members = [member for alias in incoming.aliases for member in alias.members]
        judged = await self._judge_all(message, [*incoming.recipients, *members], turn)
        await self._delay(message, judged, turn)
        named = judged[: len(incoming.recipients)]
        outcomes = await self._conclude_all(message, incoming.recipients, named)
        served = {recipient.address for recipient in incoming.recipients}
        of_member = {
            (member.alias, member.address): each
            for member, each in zip(members, judged[len(named) :], strict=True)
        }
        author = message.sender.author and self._canonical(*_halves(message.sender.author))
        for alias in incoming.aliases:
            if not alias.may_post(author or None):
                outcomes.append(Outcome(alias, 550, "5.7.2", "not allowed to write to this address"))
                continue
            outcomes.append(await self._conclude_alias(message, alias, author, served, of_member))
        return outcomes

    async def _judge_all(
        self, message: ReceivedMessage, recipients: Sequence[Recipient], turn: Turn
    ) -> list[Judged | BaseException]:
        judging = (self._judging.judge(message, recipient, turn) for recipient in recipients)
        return await asyncio.gather(*judging, return_exceptions=True)

    async def _delay(
        self, message: ReceivedMessage, judged: Sequence[Judged | BaseException], turn: Turn
    ) -> None:
        delay_s = message.incoming.policy.stranger_delay_s
        if delay_s and any(isinstance(each, Judged) and self._judging.delays(each) for each in judged):
            async with turn.given_up():
                await self._clock.sleep(delay_s)

    async def _conclude_all(
        self,
        message: ReceivedMessage,
        recipients: Sequence[Recipient],
        judged: Sequence[Judged | BaseException],
    ) -> list[Outcome]:
        results = await asyncio.gather(
            *(self._conclude(message, each) for each in judged), return_exceptions=True
        )
        # What failed for one recipient must not unsay what was filed for another.
        return [
            trouble(recipient, result) if isinstance(result, BaseException) else result
            for recipient, result in zip(recipients, results, strict=True)
        ]

    async def _conclude(self, message: ReceivedMessage, judged: Judged | BaseException) -> Outcome:
        if isinstance(judged, BaseException):
            raise judged
        if judged.is_filed:
            outcome = await file_message(self._store, message, judged)
        else:
            keep = self._keep_rejects(judged.recipient.account)
            outcome = await note_refused(self._store, message, judged, keep)
        await tell(self._listeners, message, judged, outcome)
        return outcome

    async def _conclude_alias(
        self,
        message: ReceivedMessage,
        alias: AliasRecipient,
        author: str,
        served: set[str],
        judged: Mapping[tuple[str, str], Judged | BaseException],
    ) -> Outcome:
        """File copies for members: all of them, if one of their accounts wants the message."""
        members = alias.served(author or None, served)
        of_all = {member.address: judged[alias.address, member.address] for member in alias.members}
        verdicts = [of_all[member.address] for member in members]
        if any(isinstance(each, Judged) and each.is_filed for each in of_all.values()):
            verdicts = [
                replace(each, is_enforced=False) if isinstance(each, Judged) else each for each in verdicts
            ]
        copies = await self._conclude_all(message, members, verdicts)
        served |= {copy.recipient.address for copy in copies if copy.is_delivered}
        return of_members(alias, copies)


def _halves(address: str) -> tuple[str, str]:
    localpart, _, domain = address.rpartition("@")
    return localpart, domain
