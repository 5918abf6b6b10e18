"""Delivers to the mail hosts of a recipient's domain, one after the other (RFC 5321 §5.1)."""

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from mox.outgoing.results import in_order, is_about_us, read_pieces, result_of
from mox.outgoing.stspolicies import PolicyUnknownError, StsPolicies
from mox.queue import Failed, QueuedEntry, QueuedMessage, Result, Retry
from moxkit import mtasts
from moxkit.dns import Address, NotFound, Resolver, TemporaryFailure
from moxkit.domain import Domain, DomainError, parse_domain
from moxkit.smtp import Body, CommandError, MailFrom, RcptTo, parse_path
from moxkit.smtpclient import (
    Destination,
    DestinationStatus,
    Dialer,
    HostConnection,
    HostFailure,
    Letter,
    NotSent,
    Refused,
    TlsFailure,
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


@dataclass(frozen=True, slots=True)
class _Host:
    """A host to try, as it was looked up."""

    name: Domain
    addresses: tuple[Address, ...]
    policy: TlsPolicy


class _Attempt:
    """A message on its way: what is settled, and what stood in the way of the rest."""

    def __init__(self, message: QueuedMessage, content: Path) -> None:
        self.message = message
        self.content = content
        self.results: dict[int, Result] = {}
        self.pending: dict[int, QueuedEntry] = {entry.id: entry for entry in message.entries}
        self.troubles: list[Result] = []
        self.sessions = 0

    def settle(self, entry: QueuedEntry, result: Result) -> None:
        """Note a result; what is to be tried again can be tried at the next host already."""
        self.results[entry.id] = result
        if not isinstance(result, Retry):
            self.pending.pop(entry.id, None)

    def finish(self) -> Mapping[int, Result]:
        """Return all results; what no host spoke of got as far as its trouble."""
        trouble: Result = Retry(None, "4.4.1", "no host could be reached")
        if self.troubles:
            lasting = all(isinstance(each, Failed) for each in self.troubles)
            temporary = [each for each in self.troubles if isinstance(each, Retry)]
            trouble = self.troubles[-1] if lasting else temporary[-1]
        for entry in self.pending.values():
            self.results.setdefault(entry.id, trouble)
        return self.results


class DirectDelivery:
    """Delivers to where MX records say."""

    def __init__(
        self,
        *,
        resolver: Resolver,
        policies: StsPolicies,
        dialer: Dialer,
        shuffle: Callable[[list[Domain]], None] = random.shuffle,
    ) -> None:
        """Remember how to get there.

        Args:
            resolver: Where, and whose word on DNSSEC is taken.
            policies: What recipients' domains ask for by MTA-STS.
            dialer: Connects.
            shuffle: Mixes hosts of the same preference.
        """
        self._resolver = resolver
        self._policies = policies
        self._dialer = dialer
        self._shuffle = shuffle

    async def deliver(self, message: QueuedMessage, content: Path) -> Mapping[int, Result]:
        """Deliver to the recipients of a message, all of one domain; trouble is a result."""
        attempt = _Attempt(message, content)
        try:
            async with asyncio.timeout(_LONGEST_S):
                await self._deliver(attempt)
        except TimeoutError:
            attempt.troubles.append(Retry(None, "4.4.7", f"not done after {_LONGEST_S:.0f} seconds"))
        return attempt.finish()

    async def _deliver(self, attempt: _Attempt) -> None:
        name = attempt.message.domain
        if name.startswith("["):
            await self._deliver_to_literal(attempt, name)
            return
        try:
            domain = parse_domain(name, allow_underscore=True)
        except DomainError as error:
            attempt.troubles.append(Failed(None, "5.1.2", f"{name} is no domain: {error}"))
            return
        destination = await find_destination(self._resolver, domain, shuffle=self._shuffle)
        if (problem := _problem(destination)) is not None:
            attempt.troubles.append(problem)
            return
        try:
            sts = None if attempt.message.require_tls is False else await self._policies.policy(domain)
        except PolicyUnknownError as error:
            attempt.troubles.append(Retry(None, "4.7.5", f"MTA-STS policy of {domain}: {error}"))
            return
        for name_of_host in destination.hosts[:_MOST_HOSTS]:
            host = await self._look_up(attempt, destination, name_of_host, sts)
            if host is not None:
                await self._try(attempt, host)
            if not attempt.pending or attempt.sessions >= _MOST_SESSIONS:
                return

    async def _deliver_to_literal(self, attempt: _Attempt, text: str) -> None:
        """Deliver to an address itself; nothing says how secure that must be (RFC 5321 §5.1)."""
        try:
            address = ip_address(text.strip("[]").lower().removeprefix("ipv6:"))
        except ValueError:
            attempt.troubles.append(Failed(None, "5.1.2", f"{text} is no address of a host"))
            return
        if attempt.message.require_tls:
            attempt.troubles.append(Failed(None, "5.7.30", f"REQUIRETLS: {text} has no name to be verified"))
            return
        name = parse_domain("address-literal.invalid")
        policy = TlsPolicy(TlsUse.OPPORTUNISTIC, Verification.NONE, (name,))
        await self._try(attempt, _Host(name, (address,), policy))

    async def _look_up(
        self, attempt: _Attempt, destination: Destination, host: Domain, sts: mtasts.Policy | None
    ) -> _Host | None:
        """Return a host with its addresses and what is asked of it; None, and a trouble, if it is no use."""
        try:
            found = await find_host(self._resolver, destination, host)
        except NotFound:
            attempt.troubles.append(Retry(None, "4.4.4", f"{host} has no address"))
            return None
        except TemporaryFailure as failure:
            attempt.troubles.append(Retry(None, "4.4.3", f"address of {host}: {failure}"))
            return None
        policy = decide_tls(host, found=found, sts=sts, requires_tls=attempt.message.require_tls)
        if isinstance(policy, Refused):
            kind = Failed if policy.is_permanent else Retry
            attempt.troubles.append(kind(None, policy.enhanced, policy.text))
            return None
        if not found.addresses:
            attempt.troubles.append(Retry(None, "4.4.4", f"{host} has no address"))
            return None
        return _Host(host, found.addresses, policy)

    async def _try(self, attempt: _Attempt, host: _Host) -> None:
        attempts = max(entry.attempts for entry in attempt.pending.values())
        connection = await self._dialer.dial(host.name, in_order(host.addresses, attempts), host.policy)
        _log_failures(host.name, connection.failures)
        if isinstance(connection, HostFailure):
            attempt.troubles.append(Retry(None, connection.enhanced, connection.text))
            return
        attempt.sessions += 1
        try:
            await self._send(attempt, host, connection)
        except OSError as error:  # ConnectionError and TimeoutError are among them
            text = f"{host.name} [{connection.address}]: {str(error) or 'no answer in time'}"
            attempt.troubles.append(Retry(None, "4.4.2", text))
        finally:
            await connection.close()

    async def _send(self, attempt: _Attempt, host: _Host, connection: HostConnection) -> None:
        entries = list(attempt.pending.values())
        letter = _letter(attempt, entries)
        if isinstance(letter, Failed):
            for entry in entries:
                attempt.settle(entry, letter)
            return
        replies = await connection.send(letter)
        if isinstance(replies, NotSent):
            attempt.troubles.append(Failed(None, replies.enhanced, f"{host.name}: {replies.text}"))
            return
        is_dual = len({address.version for address in host.addresses}) > 1
        for entry, reply in zip(entries, replies, strict=True):
            result = result_of(reply, str(host.name))
            if is_dual and entry.attempts == 0 and is_about_us(result):
                # Over the other kind of address we may be welcome: that is tried next time.
                result = Retry(result.code, result.enhanced, result.text, result.host)
            attempt.settle(entry, result)


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


def _letter(attempt: _Attempt, entries: list[QueuedEntry]) -> Letter | Failed:
    message = attempt.message
    try:
        sender = parse_path(message.reverse_path) if message.reverse_path else None
        recipients = tuple(RcptTo(parse_path(entry.recipient)) for entry in entries)
    except CommandError as error:
        return Failed(None, error.enhanced, f"bad address: {error.text}")
    mail_from = MailFrom(
        sender,
        body=Body.EIGHT_BIT_MIME if message.has_8bit else None,
        size=message.size,
        smtputf8=message.smtputf8,
        requires_tls=message.require_tls is True,
    )
    return Letter(mail_from, recipients, lambda: read_pieces(message.prefix, attempt.content))


def _log_failures(host: Domain, failures: tuple[TlsFailure, ...]) -> None:
    for failure in failures:
        logger.info(
            "tls is not as it should be",
            extra={
                "host": str(host),
                "address": str(failure.address),
                "result": failure.result_type,
                "reason": failure.reason,
                "mattered": failure.mattered,
            },
        )
