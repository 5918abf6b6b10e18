"""Asks DNS all that has to be asked about a message, most of it at once (RFC 8601 §2.7)."""

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine
from datetime import timedelta
from ipaddress import ip_address
from typing import Any, Protocol

from mox.runtime import Clock
from mox.verification.verification import Peer, Verification
from moxkit import arc, dkim, dmarc, iprev, spf
from moxkit.dns import Resolver
from moxkit.domain import Domain, DomainError, parse_domain
from moxkit.message import Headers, Source, from_address

__all__ = ["Verifier", "Verifying"]

logger = logging.getLogger(__name__)

# Checks beyond that are somebody's attack, or a message that went through very many hands.
_LIMITS = dkim.Limits(max_signatures=10, max_rsa_bits=4096)
_TOO_LATE = "no answer in time"
_LATE_KEY = dkim.Problem(dkim.ProblemKind.KEY_UNAVAILABLE, _TOO_LATE)


class Verifying(Protocol):
    """Finds out who a message is from."""

    async def verify(self, peer: Peer, mail_from: str, source: Source, header: bytes) -> Verification:
        """Return what is known of it."""
        ...


class Verifier:
    """Verifies messages."""

    def __init__(
        self,
        *,
        resolver: Resolver,
        clock: Clock,
        time_limit: timedelta = timedelta(seconds=30),
        sample: Callable[[], float] = random.random,
    ) -> None:
        """Remember whom to ask.

        Args:
            resolver: For everything.
            clock: For signatures that expire, and the time limit.
            time_limit: Of one message, not below the 20 seconds that SPF is to have (RFC 7208 §4.6.4). DMARC,
                which needs the other results, has half of it more; clients get an answer within a minute.
            sample: Decides about policies that want to be applied to a part of the mail (RFC 7489 §6.6.4).
        """
        self._resolver = resolver
        self._clock = clock
        self._limit_s = time_limit.total_seconds()
        self._sample = sample

    async def verify(self, peer: Peer, mail_from: str, source: Source, header: bytes) -> Verification:
        """Return what is known of a message.

        Args:
            peer: The client.
            mail_from: Reverse path without brackets; empty for the null path.
            source: The message, lines ending in CRLF; not changed meanwhile.
            header: Its header section.
        """
        resolver, now = self._resolver, self._clock.now()
        sender = spf.Sender(ip_address(peer.remote_ip), mail_from, peer.ehlo, _domain(peer.hostname))
        author = from_address(Headers(header))
        author_domain = None if author is None else _domain(author.domain)
        first = await self._in_time(
            self._limit_s,
            iprev.verify(resolver, sender.remote_ip),
            spf.verify(resolver, sender, now=now),
            dkim.verify(resolver, source, now=now, limits=_LIMITS),
            arc.verify(resolver, source, now=now, limits=_LIMITS),
        )
        by_name, by_spf, by_dkim, by_arc = first
        found = Verification(
            sender,
            by_name or iprev.Result(iprev.Status.TEMPERROR, problem=_TOO_LATE),
            by_spf or _late_spf(sender),
            (dkim.Result(dkim.Status.TEMPERROR, problem=_LATE_KEY),) if by_dkim is None else by_dkim,
            by_arc or arc.Result(arc.Status.NONE),
            await self._dmarc(author_domain, by_spf, by_dkim),
            author,
            author_domain,
        )
        logger.debug("message verified", extra=_summary(found))
        return found

    async def _dmarc(
        self, domain: Domain | None, by_spf: spf.Result | None, by_dkim: tuple[dkim.Result, ...] | None
    ) -> dmarc.Result | None:
        if domain is None:
            return None
        if by_spf is None or by_dkim is None:
            # What is not known cannot be held against the author.
            return dmarc.Result(dmarc.Status.TEMPERROR, dmarc.Lookup(domain), problem=_TOO_LATE)
        asking = dmarc.verify(self._resolver, domain, spf=by_spf, dkim=by_dkim, sample=self._sample)
        [found] = await self._in_time(self._limit_s / 2, asking)
        return found or dmarc.Result(dmarc.Status.TEMPERROR, dmarc.Lookup(domain), problem=_TOO_LATE)

    async def _in_time(self, limit_s: float, *asked: Coroutine[Any, Any, Any]) -> list[Any]:
        """Return results in order; None for what is not done in time."""
        tasks = [asyncio.ensure_future(each) for each in asked]
        timer = asyncio.ensure_future(self._clock.sleep(limit_s))
        try:
            while not timer.done() and (waiting := {task for task in tasks if not task.done()}):
                await asyncio.wait({*waiting, timer}, return_when=asyncio.FIRST_COMPLETED)
            return [task.result() if task.done() else None for task in tasks]
        finally:
            for task in (*tasks, timer):
                task.cancel()


def _domain(name: str) -> Domain | None:
    try:
        return parse_domain(name, allow_underscore=True)
    except DomainError:
        return None


def _late_spf(sender: spf.Sender) -> spf.Result:
    identity = sender.identity
    return spf.Result(spf.Status.TEMPERROR, identity, sender.domain(identity), problem=_TOO_LATE)


def _summary(found: Verification) -> dict[str, object]:
    return {
        "iprev": str(found.iprev.status),
        "spf": str(found.spf.status),
        "dkim": " ".join(str(each.status) for each in found.dkim),
        "dmarc": "" if found.dmarc is None else str(found.dmarc.status),
        "arc": str(found.arc.status),
    }
