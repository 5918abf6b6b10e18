"""Who hears of received mail when its outcome is certain: reports, what came back, statistics of DMARC.

A listener comes after the fact: its trouble is logged, and changes no outcome.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from mox.delivery.gathering import StoredHistory
from mox.delivery.incoming import Outcome
from mox.delivery.overrides import overrides_of
from mox.delivery.received import Judged, ReceivedMessage
from mox.filtering import Reason
from mox.queue import ReturnedMail, from_id_of
from mox.reports import Evaluations, ReportInbox, ValidReport, evaluation_of
from mox.runtime import Clock
from mox.store import Identity, IdentityKind, Store, find_mailbox
from moxkit.domain import DomainError, parse_domain

__all__ = ["KeepsReports", "NotesEvaluations", "NotesReturnedMail", "OutcomeListener", "tell"]

logger = logging.getLogger(__name__)

# How far back an organization is known by its mail.
_KNOWN_DAYS = 365
_MOST_JUDGED = 100


class OutcomeListener(Protocol):
    """Hears what became of a message for one recipient."""

    async def concluded(self, message: ReceivedMessage, judged: Judged, outcome: Outcome) -> None:
        """Take note, before the client is told; `outcome.added` says where the message was filed, if so."""
        ...


async def tell(
    listeners: Sequence[OutcomeListener], message: ReceivedMessage, judged: Judged, outcome: Outcome
) -> None:
    """Tell all listeners."""
    for listener in listeners:
        try:
            await listener.concluded(message, judged, outcome)
        except Exception:  # The message is filed, or refused, whatever becomes of this.
            extra = {"account": judged.recipient.account, "listener": type(listener).__name__}
            logger.exception("listener of received mail crashed", extra=extra)


class KeepsReports:
    """Keeps reports about us that were accepted (reference smtp-incoming.md §10)."""

    def __init__(self, *, inbox: ReportInbox, clock: Clock) -> None:
        self._inbox = inbox
        self._clock = clock

    async def concluded(self, message: ReceivedMessage, judged: Judged, outcome: Outcome) -> None:
        """Keep the report of a message to an address for reports."""
        if outcome.added is not None and isinstance(message.report, ValidReport) and judged.recipient.reports:
            await self._inbox.keep(message.report, self._clock.now())


class NotesReturnedMail:
    """Relates what comes to unique return paths to what was sent (reference queue.md §10)."""

    def __init__(self, *, returned: ReturnedMail, separator: Callable[[str], str]) -> None:
        """Remember whom to tell.

        Args:
            returned: The queue's.
            separator: What stands before the id in addresses of a domain (ASCII); empty: nothing does.
        """
        self._returned = returned
        self._separator = separator

    async def concluded(self, message: ReceivedMessage, judged: Judged, outcome: Outcome) -> None:
        """Note what a message says that came to a return path of the account."""
        recipient = judged.recipient
        if outcome.added is None or recipient.alias:
            return
        from_id = from_id_of(recipient.path, self._separator(_domain(recipient.path)))
        if from_id:
            with message.open() as octets:
                await self._returned.note(recipient.account, from_id, octets)


class NotesEvaluations:
    """Remembers what DMARC said, for reports to the authors' domains (reference smtp-incoming.md §11)."""

    def __init__(
        self,
        *,
        evaluations: Evaluations,
        store: Store,
        clock: Clock,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        """Remember where.

        Args:
            evaluations: Keeps them.
            store: For what accounts know of a domain.
            clock: For the time.
            is_wanted: Whether reports are sent at all; asked each time.
        """
        self._evaluations = evaluations
        self._store = store
        self._clock = clock
        self._is_wanted = is_wanted

    async def concluded(self, message: ReceivedMessage, judged: Judged, outcome: Outcome) -> None:
        """Note what was accepted, and what was refused since DMARC asked for it; others get no answer."""
        verdict, found = judged.verdict, message.verification
        is_rejected = outcome.added is None and verdict.reason == Reason.DMARC_POLICY
        is_accepted = outcome.added is not None and verdict.accepts and not verdict.is_reject
        if not self._is_wanted() or not (is_rejected or is_accepted):
            return
        evaluation = evaluation_of(
            found,
            now=self._clock.now(),
            is_rejected=is_rejected,
            recipient_domain=_domain(judged.recipient.path),
            overrides=overrides_of(found, judged),
            is_optional=judged.recipient.reports or (is_rejected and not self._is_known(judged)),
        )
        if evaluation is not None:
            self._evaluations.note(evaluation)

    def _is_known(self, judged: Judged) -> bool:
        """Say whether the account had good mail from the author's organization, or wrote there."""
        account, org = self._store.account(judged.recipient.account), judged.sender.author_org
        mailbox = find_mailbox(account.reader, judged.verdict.meant_for)
        history = StoredHistory(account, 0 if mailbox is None else mailbox.id, self._clock.now())
        if history.has_written_to(Identity(IdentityKind.SENT_TO_ORG, org), _KNOWN_DAYS):
            return True
        return any(
            not each.is_junk
            for kind in (IdentityKind.FROM_ORG_VALIDATED, IdentityKind.FROM_ORG)
            for each in history.judged(Identity(kind, org), _KNOWN_DAYS, _MOST_JUDGED)
        )


def _domain(path: str) -> str:
    domain = path.rpartition("@")[2]
    try:
        return parse_domain(domain).ascii
    except DomainError:
        return ""
