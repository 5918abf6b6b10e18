"""Judges a received message for each of its recipients, by their accounts' rules."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from mox.accounts import Recipient
from mox.config import JunkFilter
from mox.delivery.gathering import Gathering
from mox.delivery.received import Judged, ReceivedMessage
from mox.delivery.rules import AccountRules
from mox.filtering import (
    Content,
    Evidence,
    PassToken,
    Reason,
    Recipient as JudgedRecipient,
    Sender,
    Settings,
    check_token,
    make_token,
    place,
    refusal_text,
)
from mox.reports import ValidReport
from mox.runtime import Clock, Turn
from mox.store import Account, Store, known_pass_key, pass_key

__all__ = ["Classifying", "Judges", "Judging"]


class Classifying(Protocol):
    """Says what the words of messages are like, by what each account has learned."""

    async def classify(self, account: str, message: ReceivedMessage, settings: JunkFilter) -> Content:
        """Return that for one account; the words of a message are found once."""
        ...


class Judges(Protocol):
    """Decides about messages; see `Judging`."""

    async def judge(self, message: ReceivedMessage, recipient: Recipient, turn: Turn) -> Judged:
        """Return what becomes of a message for one recipient; the turn is given up while DNS is asked."""
        ...

    def delays(self, judged: Judged) -> bool:
        """Say whether the sender has to wait for the answer."""
        ...


class Judging:
    """Judges messages of one server."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        gathering: Gathering,
        rules: Callable[[str], AccountRules],
        classifying: Classifying | None = None,
        enforces: bool = True,
    ) -> None:
        """Remember by what.

        Args:
            store: For what accounts remember.
            clock: For ages.
            gathering: Finds what a judgement asks for.
            rules: Of each account.
            classifying: For what words are like.
            enforces: Refusals are refusals; else they are written down, and the message is filed.
        """
        self._store = store
        self._clock = clock
        self._gathering = gathering
        self._rules = rules
        self._classifying = classifying
        self._enforces = enforces

    async def judge(self, message: ReceivedMessage, recipient: Recipient, turn: Turn) -> Judged:
        """Return what becomes of a message for one recipient.

        Raises:
            mox.store.AccountUnknownError, mox.database.DatabaseError: The account cannot be used.
        """
        rules = self._rules(recipient.account)
        account = self._store.account(recipient.account)
        placement = place(recipient.destination, message.sender, message.headers)
        if not recipient.destination.mailbox and placement.ruleset is None:
            placement = replace(placement, mailbox=recipient.mailbox)
        sender = message.sender
        if placement.ruleset is not None and placement.is_forward:
            sender = sender.as_forwarded(placement.ruleset.verified_domain)
        evidence = Evidence(
            now=self._clock.now(),
            sender=sender,
            recipient=JudgedRecipient(
                recipient.account,
                recipient.address,
                recipient.destination,
                is_named=message.is_named(recipient.path),
                takes_reports=recipient.reports,
            ),
            settings=Settings(
                junk_threshold=None if rules.junk_filter is None else rules.junk_filter.threshold,
                subject_pass=rules.subject_pass is not None,
                introbox=rules.introbox,
            ),
            placement=placement,
            pass_token=self._pass_token(account, message, recipient, rules, sender),
            report=_report(message, recipient),
            size=message.prepared.size,
            lists=tuple(str(zone) for zone in message.incoming.policy.zones),
        )
        verdict, _ = await self._gathering.judge(
            account,
            evidence,
            remote_ip=message.incoming.connection.remote_ip,
            zones=message.incoming.policy.zones,
            classify=self._classify(message, rules),
            turn=turn,
        )
        if verdict.reason == Reason.GIVE_SUBJECTPASS and not verdict.accepts:
            key = await account.write(lambda tx: pass_key(tx.connection, recipient.address))
            token = make_token(key, sender.author, evidence.now)
            verdict = replace(verdict, text=refusal_text(token))
        return Judged(recipient, verdict, sender, self._enforces)

    def delays(self, judged: Judged) -> bool:
        """Say whether nothing is known of the sender, so that it costs a spammer time."""
        return (
            judged.verdict.accepts
            and judged.verdict.reason == Reason.NO_BAD_SIGNALS
            and bool(judged.sender.networks)
            and not judged.recipient.reports
            and self._rules(judged.recipient.account).delays_strangers
        )

    def _pass_token(
        self,
        account: Account,
        message: ReceivedMessage,
        recipient: Recipient,
        rules: AccountRules,
        sender: Sender,
    ) -> PassToken:
        subject = message.headers.text("subject") or ""
        if rules.subject_pass is None or "(pass:" not in subject:
            return PassToken.ABSENT
        key = known_pass_key(account.reader, recipient.address)
        if key is None:
            return PassToken.FORGED
        now = self._clock.now()
        return check_token(subject, key, sender.author, now=now, period=rules.subject_pass)

    def _classify(
        self, message: ReceivedMessage, rules: AccountRules
    ) -> Callable[[str], Awaitable[Content]] | None:
        settings, classifying = rules.junk_filter, self._classifying
        if settings is None or classifying is None:
            return None
        return lambda account: classifying.classify(account, message, settings)


def _report(message: ReceivedMessage, recipient: Recipient) -> bool | None:
    if message.report is None or not recipient.reports:
        return None
    return isinstance(message.report, ValidReport)
