"""Delivers through a server that relays for us, a smarthost: submission, or SMTP between friends."""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from mox.outgoing.addresses import in_order
from mox.outgoing.attempt import Attempt
from mox.outgoing.connections import Connections, Lease
from mox.outgoing.deadhosts import DeadHosts
from mox.outgoing.letters import ContentUnreadableError, make_letter, result_of
from mox.queue import Failed, QueuedMessage, Result, Retry
from moxkit.dns import Address, DnsError, Resolver
from moxkit.domain import Domain, DomainError, parse_domain
from moxkit.sasl import SaslError
from moxkit.smtpclient import (
    Credentials,
    Dialer,
    HostConnection,
    HostFailure,
    NoMechanismError,
    NotBegunError,
    NotSent,
    SmtpError,
    TlsPolicy,
    TlsUse,
    Verification,
)

__all__ = ["Smarthost", "SmarthostDelivery", "parse_smarthost", "smarthost_policy"]

logger = logging.getLogger(__name__)

# The queue counts by domain of recipients, and many of them share a smarthost, which has limits of its own.
_MOST_SESSIONS = 20
# Connecting, TLS and signing in.
_SESSION_S = 60.0
# A message until its end was sent; then the server may think for as long as it takes (RFC 5321 §4.5.3.2.6),
# since giving up on it then would deliver twice.
_TRANSACTION_S = 60.0
_EACH_MEBIBYTE_S = 1.0
_END_S = 600.0


@dataclass(frozen=True, slots=True)
class Smarthost:
    """A server that relays for us.

    Attributes:
        transport: What the configuration calls it.
        host: Its name, or its address.
        dialer: Connects, to its port.
        policy: What the connection must be like.
        credentials: How to sign in; None where that is not needed.
    """

    transport: str
    host: Domain | Address
    dialer: Dialer
    policy: TlsPolicy
    credentials: Credentials | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """All that decides what a connection is like."""
        dialer = self.dialer
        return self.transport, self.host, dialer.port, dialer.ehlo, self.policy, self.credentials


def parse_smarthost(host: str) -> Domain | Address:
    """Return the host of a transport as a name or an address.

    Raises:
        ValueError: It is neither.
    """
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        pass
    try:
        return parse_domain(host, allow_underscore=True, allow_trailing_dot=True)
    except DomainError as error:
        raise ValueError(f"{host!r} is no host: {error}") from error


def smarthost_policy(host: Domain | Address, use: TlsUse, *, verifies: bool) -> TlsPolicy:
    """Return what a connection to a smarthost must be like; public authorities verify its certificate."""
    names = (host,) if isinstance(host, Domain) else ()
    verifies = verifies and use is not TlsUse.NONE
    return TlsPolicy(use, Verification.WEBPKI if verifies else Verification.NONE, names)


class SmarthostDelivery:
    """Delivers through smarthosts."""

    def __init__(self, *, resolver: Resolver, connections: Connections, dead: DeadHosts) -> None:
        """Remember how to find them, where connections wait, and who did not answer."""
        self._resolver = resolver
        self._connections = connections
        self._dead = dead
        self._turns: dict[str, asyncio.Semaphore] = {}

    async def deliver(
        self, message: QueuedMessage, content: Path, smarthost: Smarthost
    ) -> Mapping[int, Result]:
        """Deliver to the recipients of a message; trouble is a result."""
        attempt = Attempt(message, content)
        if message.require_tls and smarthost.policy.verification is Verification.NONE:
            # RFC 8689 §4.2.1: a server that does not prove who it is could be anybody.
            text = f"REQUIRETLS: transport {smarthost.transport!r} does not verify its server"
            attempt.settle_all(Failed(554, "5.7.30", text))
            return attempt.finish()
        turns = self._turns.setdefault(smarthost.transport, asyncio.Semaphore(_MOST_SESSIONS))
        async with turns:
            lease = self._connections.take(smarthost.key, lambda _connection: True)
            if lease is None or not await self._send_over(attempt, smarthost, lease):
                lease = await self._dial(attempt, smarthost)
                if lease is not None:
                    await self._send_over(attempt, smarthost, lease)
        return attempt.finish()

    async def _dial(self, attempt: Attempt, smarthost: Smarthost) -> Lease | None:
        host = smarthost.host
        try:
            async with asyncio.timeout(_SESSION_S):
                addresses = in_order(await self._addresses(host), attempt.attempts)
                connection = await self._dead.dial(
                    smarthost.key, lambda: smarthost.dialer.dial(host, addresses, smarthost.policy)
                )
                if isinstance(connection, HostFailure):
                    attempt.trouble(Retry(connection.code, connection.enhanced, connection.text), host=host)
                    return None
                if not await self._sign_in(attempt, smarthost, connection):
                    return None
        except DnsError as error:
            attempt.trouble(Retry(None, "4.4.3", f"address of {host}: {error}"), host=host)
            return None
        except TimeoutError:
            failure = HostFailure("4.4.2", f"{host} was not ready after {_SESSION_S:.0f} seconds")
            self._dead.remember(smarthost.key, failure)
            attempt.trouble(Retry(None, failure.enhanced, failure.text), host=host)
            return None
        return self._connections.opened(smarthost.key, connection)

    async def _addresses(self, host: Domain | Address) -> tuple[Address, ...]:
        if not isinstance(host, Domain):
            return (host,)
        return (await self._resolver.ips(str(host))).records

    async def _sign_in(self, attempt: Attempt, smarthost: Smarthost, connection: HostConnection) -> bool:
        """Sign in, if that is needed; return whether the connection can be used."""
        if smarthost.credentials is None:
            return True
        is_signed_in = False
        try:
            await connection.sign_in(smarthost.credentials)
            is_signed_in = True
        except NoMechanismError as error:
            self._log_sign_in(smarthost, error)
            text = f"{smarthost.host}: no way to sign in that is allowed: {error}"
            attempt.settle_all(Failed(None, "5.7.4", text))
        except (SmtpError, SaslError) as error:
            # Somebody will repair it: a changed password must not cost mail.
            self._log_sign_in(smarthost, error)
            code = error.reply.code if isinstance(error, SmtpError) else None
            attempt.trouble(
                Retry(code, "4.7.8", f"{smarthost.host}: signing in failed: {error}"),
                host=smarthost.host,
                address=connection.address,
            )
        except OSError as error:
            attempt.trouble(
                _broken(smarthost, connection, error), host=smarthost.host, address=connection.address
            )
        finally:
            if not is_signed_in:
                await connection.close()
        return is_signed_in

    def _log_sign_in(self, smarthost: Smarthost, error: Exception) -> None:
        logger.error(
            "signing in to a smarthost failed",
            extra={"transport": smarthost.transport, "host": str(smarthost.host), "reason": str(error)},
        )

    async def _send_over(self, attempt: Attempt, smarthost: Smarthost, lease: Lease) -> bool:
        """Send; return False if the host has nothing of the message, so that it can be sent once more."""
        connection, is_used = lease.connection, lease.connection.letters > 0
        try:
            await self._send(attempt, smarthost, connection)
        except NotBegunError as error:
            self._connections.discard(lease)
            if is_used:
                return False
            attempt.trouble(
                _broken(smarthost, connection, error), host=smarthost.host, address=connection.address
            )
        except ContentUnreadableError as error:
            self._connections.discard(lease)
            attempt.settle_all(Retry(None, "4.3.0", str(error)))
        except OSError as error:  # ConnectionError and TimeoutError are among them
            self._connections.discard(lease)
            attempt.trouble(
                _broken(smarthost, connection, error), host=smarthost.host, address=connection.address
            )
        except BaseException:
            self._connections.discard(lease)
            raise
        else:
            self._connections.give_back(lease)
        return True

    async def _send(self, attempt: Attempt, smarthost: Smarthost, connection: HostConnection) -> None:
        entries = list(attempt.pending.values())
        limit = _Limit(attempt.message.size)
        letter = make_letter(attempt.message, entries, attempt.content, needs_8bit=True, pace=limit.pace)
        if isinstance(letter, Failed):
            attempt.settle_all(letter)
            return
        async with limit.timeout:
            replies = await connection.send(letter)
        if isinstance(replies, NotSent):
            attempt.settle_all(Failed(None, replies.enhanced, f"{smarthost.host}: {replies.text}"))
            return
        for entry, reply in zip(entries, replies, strict=True):
            result = result_of(reply, str(smarthost.host), passes_on_dsn=connection.passes_on_dsn)
            attempt.settle(entry, result)


class _Limit:
    """How long a transaction may take: each its time, and the answer to its end another."""

    def __init__(self, size: int) -> None:
        self._seconds = _TRANSACTION_S + _EACH_MEBIBYTE_S * size / (1 << 20)
        self.timeout = asyncio.timeout(self._seconds)

    def pace(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Pass pieces on."""
        loop = asyncio.get_running_loop()
        self.timeout.reschedule(loop.time() + self._seconds)
        yield from pieces
        self.timeout.reschedule(loop.time() + _END_S)


def _broken(smarthost: Smarthost, connection: HostConnection, error: OSError) -> Retry:
    text = f"{smarthost.host} [{connection.address}]: {str(error) or 'no answer in time'}"
    return Retry(None, "4.4.2", text)
