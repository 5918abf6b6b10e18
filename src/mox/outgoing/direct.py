"""Delivers to the mail hosts of a recipient's domain, one after the other (RFC 5321 §5.1)."""

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

from mox.outgoing.attempt import Attempt
from mox.outgoing.connections import Connections, Lease
from mox.outgoing.deadhosts import DeadHosts
from mox.outgoing.hostreach import DirectWay, HostReach, ReachableHost
from mox.outgoing.letters import ContentUnreadableError, make_letter, result_of
from mox.outgoing.stspolicies import KnownPolicy, PolicyUnknownError, StsPolicies
from mox.outgoing.tlsresults import TlsResults
from mox.outgoing.tlssessions import Session
from mox.queue import Failed, QueuedMessage, Result, Retry
from mox.runtime import Clock, SystemClock
from moxkit.dns import NotFound, Resolver, TemporaryFailure
from moxkit.domain import Domain, DomainError, parse_domain
from moxkit.smtpclient import (
    Destination,
    DestinationStatus,
    Dialer,
    HostConnection,
    NotBegunError,
    NotSent,
    Refused,
    TlsPolicy,
    TlsUse,
    Verification,
    decide_tls,
    find_destination,
    find_host,
)

__all__ = ["DirectDelivery"]

logger = logging.getLogger(__name__)

# All hosts together. The queue comes back; other mail wants the place.
_LONGEST_S = 30 * 60.0
# Of a domain with very many hosts. Enough of them, and of those that took the message and then did not.
_MOST_HOSTS = 5
_MOST_SESSIONS = 2


class DirectDelivery:
    """Delivers to where MX records say."""

    def __init__(
        self,
        *,
        resolver: Resolver,
        policies: StsPolicies,
        dialer: Dialer,
        connections: Connections | None = None,
        tls_results: TlsResults | None = None,
        shuffle: Callable[[list[Domain]], None] = random.shuffle,
        clock: Clock | None = None,
    ) -> None:
        """Remember how to get there.

        Args:
            resolver: Where, and whose word on DNSSEC is taken.
            policies: What recipients' domains ask for by MTA-STS.
            dialer: Connects, unless a delivery is to go another way.
            connections: Keeps connections for the next delivery; without, each is closed.
            tls_results: Is told what TLS comes to.
            shuffle: Mixes hosts of the same preference.
            clock: For how long hosts are known not to answer; by default the machine's.
        """
        self._resolver = resolver
        self._policies = policies
        self._way = DirectWay(dialer)
        self._reach = HostReach(connections, tls_results, DeadHosts(clock or SystemClock()))
        self._shuffle = shuffle

    async def deliver(
        self, message: QueuedMessage, content: Path, way: DirectWay | None = None
    ) -> Mapping[int, Result]:
        """Deliver to the recipients of a message, all of one domain; trouble is a result."""
        attempt = Attempt(message, content)
        try:
            async with asyncio.timeout(_LONGEST_S):
                await self._deliver(attempt, way or self._way)
        except TimeoutError:
            attempt.trouble(Retry(None, "4.4.7", f"not done after {_LONGEST_S:.0f} seconds"))
        return attempt.finish()

    async def _deliver(self, attempt: Attempt, way: DirectWay) -> None:
        name = attempt.message.domain
        if name.startswith("["):
            await self._deliver_to_literal(attempt, way, name)
            return
        try:
            domain = parse_domain(name, allow_underscore=True)
        except DomainError as error:
            attempt.trouble(Failed(None, "5.1.2", f"{name} is no domain: {error}"))
            return
        destination = await find_destination(self._resolver, domain, shuffle=self._shuffle)
        if (problem := _problem(destination)) is not None:
            attempt.trouble(problem)
            return
        sts = KnownPolicy()
        if attempt.message.require_tls is False:
            # Delivery matters more than what policies say, and than whether they can be had (RFC 8689 §5).
            destination = replace(destination, authentic=False)
        else:
            try:
                sts = await self._policies.find(domain)
            except PolicyUnknownError as error:
                attempt.trouble(Retry(None, "4.7.5", f"MTA-STS policy of {domain}: {error}"))
                return
        for name_of_host in destination.hosts[:_MOST_HOSTS]:
            host = await self._look_up(attempt, way, destination, name_of_host, sts)
            if host is not None:
                await self._try(attempt, way, host)
            if not attempt.pending or attempt.sessions >= _MOST_SESSIONS:
                return

    async def _deliver_to_literal(self, attempt: Attempt, way: DirectWay, text: str) -> None:
        """Deliver to an address itself; nothing says how secure that must be (RFC 5321 §5.1)."""
        try:
            address = ip_address(text.strip("[]").lower().removeprefix("ipv6:"))
        except ValueError:
            attempt.trouble(Failed(None, "5.1.2", f"{text} is no address of a host"))
            return
        if attempt.message.require_tls:
            attempt.trouble(Failed(None, "5.7.30", f"REQUIRETLS: {text} has no name to be verified"))
            return
        if address.version not in way.versions:
            attempt.trouble(Retry(None, "4.4.4", f"{text}: IPv{address.version} is not used"))
            return
        policy = TlsPolicy(TlsUse.OPPORTUNISTIC, Verification.NONE, ())
        await self._try(attempt, way, ReachableHost(address, (address,), policy))

    async def _look_up(
        self, attempt: Attempt, way: DirectWay, destination: Destination, host: Domain, sts: KnownPolicy
    ) -> ReachableHost | None:
        """Return a host with its addresses and what is asked of it; None, and a trouble, if it is no use."""
        try:
            found = await find_host(self._resolver, destination, host)
        except NotFound:
            attempt.trouble(_without_address(destination, host), host=host)
            return None
        except TemporaryFailure as failure:
            attempt.trouble(Retry(None, "4.4.3", f"address of {host}: {failure}"), host=host)
            return None
        session = Session(destination.domain, host, sts, found)
        policy = decide_tls(host, found=found, sts=sts.policy, requires_tls=attempt.message.require_tls)
        if isinstance(policy, Refused):
            kind = Failed if policy.is_permanent else Retry
            attempt.trouble(kind(None, policy.enhanced, policy.text), host=host)
            if policy.report:
                self._reach.note(replace(session, sts_mismatch=policy.is_by_sts))
            return None
        addresses = tuple(each for each in found.addresses if each.version in way.versions)
        if not addresses:
            problem = _without_address(destination, host)
            if found.addresses:
                problem = Retry(None, "4.4.4", f"{host} has no address of a kind that is used")
            attempt.trouble(problem, host=host)
            return None
        return ReachableHost(host, addresses, policy, replace(session, sts_mismatch=policy.sts_mismatch))

    async def _try(self, attempt: Attempt, way: DirectWay, host: ReachableHost) -> None:
        """Send over a connection that waits, or a new one; what a host that has closed the first has not."""
        lease = self._reach.take(attempt, way, host)
        if lease is not None and await self._send_over(attempt, host, lease):
            return
        lease = await self._reach.dial(attempt, way, host)
        if lease is not None:
            await self._send_over(attempt, host, lease)

    async def _send_over(self, attempt: Attempt, host: ReachableHost, lease: Lease) -> bool:
        """Send; return False if the host has nothing of the message, so that it can be sent once more."""
        connection, is_used = lease.connection, lease.connection.letters > 0
        is_good = False
        try:
            attempt.sessions += 1
            await self._send(attempt, host, connection)
            is_good = True
        except NotBegunError as error:
            if is_used:
                logger.debug("host closed an idle connection", extra={"host": str(host.name)})
                attempt.sessions -= 1
                return False
            attempt.trouble(_broken(host, connection, error), host=host.name, address=connection.address)
        except ContentUnreadableError as error:
            attempt.settle_all(Retry(None, "4.3.0", str(error)))
        except OSError as error:  # ConnectionError and TimeoutError are among them
            attempt.trouble(_broken(host, connection, error), host=host.name, address=connection.address)
        finally:
            await self._reach.leave(lease, is_good=is_good)
        return True

    async def _send(self, attempt: Attempt, host: ReachableHost, connection: HostConnection) -> None:
        entries = list(attempt.pending.values())
        letter = make_letter(attempt.message, entries, attempt.content)
        if isinstance(letter, Failed):
            attempt.settle_all(letter)
            return
        replies = await connection.send(letter)
        if isinstance(replies, NotSent):
            refused = Failed(None, replies.enhanced, f"{host.name}: {replies.text}")
            attempt.trouble(refused, host=host.name, address=connection.address)
            return
        tls, sts = connection.tls, None if host.session is None else host.session.sts.policy
        logger.debug(
            "message handed over",
            extra={
                "queueid": attempt.message.id,
                "host": str(host.name),
                "address": str(connection.address),
                "tls": "none" if tls is None else tls.version,
                "verified_by": str(host.policy.verification) if connection.is_verified else "nothing",
                "mta_sts": "none" if sts is None else str(sts.mode),
            },
        )
        is_dual = len({address.version for address in host.addresses}) > 1
        for entry, reply in zip(entries, replies, strict=True):
            result = result_of(reply, str(host.name), passes_on_dsn=connection.passes_on_dsn)
            if is_dual and entry.attempts == 0 and _is_about_us(result):
                # Over the other kind of address we may be welcome: that is tried next time.
                result = Retry(result.code, result.enhanced, result.text, result.host)
            attempt.settle(entry, result)


def _is_about_us(result: Result) -> bool:
    """Say whether a refusal is for security or policy reasons (RFC 3463 §3.8), so perhaps for our address."""
    return isinstance(result, Failed) and result.enhanced.startswith("5.7.")


def _broken(host: ReachableHost, connection: HostConnection, error: OSError) -> Retry:
    return Retry(None, "4.4.2", f"{host.name} [{connection.address}]: {str(error) or 'no answer in time'}")


def _without_address(destination: Destination, host: Domain) -> Result:
    if destination.is_implicit:
        # RFC 5321 §5.1: that is an error, not something to wait for; most often the name is misspelled.
        text = f"there is no mail for {destination.domain}: it has neither MX records nor an address"
        return Failed(None, "5.1.2", text)
    return Retry(None, "4.4.4", f"{host} has no address")


def _problem(destination: Destination) -> Result | None:
    match destination.status:
        case DestinationStatus.FOUND:
            return None
        case DestinationStatus.NO_MAIL:
            # RFC 7505 §4.
            return Failed(556, "5.1.10", destination.problem)
        case DestinationStatus.UNUSABLE:
            return Retry(None, "4.4.4", destination.problem)
        case DestinationStatus.TEMPERROR:
            return Retry(None, "4.4.3", f"MX records of {destination.domain}: {destination.problem}")
