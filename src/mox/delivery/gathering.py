"""Gathers what a judgement asks for, and judges: between the account's memory, the classifier and DNS."""

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from mox.filtering import Content, Evidence, Listing, RatesSeen, Reputation, Verdict, Wanted, assess, judge
from mox.runtime import Turn
from mox.store import (
    Account,
    Identity,
    Judged,
    find_mailbox,
    has_written_to,
    judged_messages,
    recent_arrivals,
)
from moxkit.domain import Domain

__all__ = ["AskLists", "Classify", "Gathering", "StoredHistory"]

_JITTER = 0.05


Classify = Callable[[str], Awaitable[Content]]
"""Says what a message's words are like, by what an account has learned."""


class AskLists(Protocol):
    """Asks block lists; see `BlockLists`."""

    async def look_up(self, remote_ip: str, zones: Sequence[Domain]) -> tuple[Listing, ...]:
        """Return what they say."""
        ...


@dataclass(frozen=True, slots=True)
class StoredHistory:
    """What an account remembers of mail that was meant for a mailbox (`mox.filtering.History`)."""

    account: Account
    mailbox_id: int
    now: datetime

    def judged(self, identity: Identity, days: int, limit: int) -> Sequence[Judged]:
        """Return messages of a sender that were judged, newest first."""
        return judged_messages(
            self.account.reader,
            identity,
            mailbox_id=self.mailbox_id,
            since=self._since(days),
            limit=limit,
        )

    def has_written_to(self, identity: Identity, days: int) -> bool:
        """Say whether the account wrote to somebody."""
        return has_written_to(self.account.reader, identity, since=self._since(days))

    def _since(self, days: int) -> int:
        return int((self.now - timedelta(days=days)).timestamp())


class Gathering:
    """Judges messages of one server."""

    def __init__(self, *, lists: AskLists, jitter: Callable[[], float] = random.random) -> None:
        """Remember whom to ask.

        Args:
            lists: For block lists.
            jitter: From 0 to 1; moves the limit of junk a little, so that nobody can try out what passes.
        """
        self._lists = lists
        self._jitter = jitter

    async def judge(
        self,
        account: Account,
        evidence: Evidence,
        *,
        remote_ip: str,
        zones: Sequence[Domain],
        classify: Classify | None,
        turn: Turn,
    ) -> tuple[Verdict, Evidence]:
        """Return the verdict, and all the evidence that it took.

        Args:
            account: The recipient's.
            evidence: As far as it is there.
            remote_ip: Of the client, for block lists.
            zones: Block lists to ask.
            classify: What the words are like; None: the account has no filter.
            turn: Given up while block lists are waited for.
        """
        threshold = evidence.settings.junk_threshold
        if threshold is not None:
            moved = threshold + (2 * self._jitter() - 1) * _JITTER
            evidence = replace(evidence, settings=replace(evidence.settings, junk_threshold=moved))
        while isinstance(found := judge(evidence), Wanted):
            match found:
                case Wanted.RATES:
                    evidence = replace(evidence, rates=_rates(account, evidence))
                case Wanted.REPUTATION:
                    evidence = replace(evidence, reputation=_reputation(account, evidence))
                case Wanted.CONTENT:
                    content = Content(0.0, False) if classify is None else await classify(account.name)
                    evidence = replace(evidence, content=content)
                case Wanted.LISTINGS:
                    async with turn.given_up():
                        listings = await self._lists.look_up(remote_ip, zones)
                    evidence = replace(evidence, listings=listings)
        if evidence.reputation is None:
            # It costs little, and tells what else would have become of the message.
            evidence = replace(evidence, reputation=_reputation(account, evidence))
            again = judge(evidence)
            found = found if isinstance(again, Wanted) else again
        return found, evidence


def _rates(account: Account, evidence: Evidence) -> RatesSeen:
    now = int(evidence.now.timestamp())
    found = [recent_arrivals(account.reader, network, now) for network in evidence.sender.networks]
    return RatesSeen(
        minute=tuple(in_minute for in_minute, _ in found), day=tuple(in_day for _, in_day in found)
    )


def _reputation(account: Account, evidence: Evidence) -> Reputation:
    mailbox = find_mailbox(account.reader, evidence.placement.mailbox)
    # Of a mailbox that does not exist nothing is remembered.
    mailbox_id = 0 if mailbox is None else mailbox.id
    return assess(evidence.sender, StoredHistory(account, mailbox_id, evidence.now))
