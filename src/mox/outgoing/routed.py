"""Sends each message the way that the configuration says: chooses, and leaves the rest to the ways."""

import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mox.accounts import PasswordInvalidError, prepare_password
from mox.config import ConfigSnapshot, FailTransport, SocksTransport, Transport, TransportAuth, TransportSMTP
from mox.outgoing.connections import Connections
from mox.outgoing.deadhosts import DeadHosts
from mox.outgoing.direct import DirectDelivery
from mox.outgoing.hostreach import DirectWay
from mox.outgoing.routes import Chosen, choose_transport
from mox.outgoing.smarthost import Smarthost, SmarthostDelivery, parse_smarthost, smarthost_policy
from mox.outgoing.stspolicies import StsPolicies
from mox.outgoing.tlsresults import TlsResults
from mox.queue import Failed, QueuedEntry, QueuedMessage, Result, Retry
from mox.runtime import Clock
from moxkit.dns import DnsError, Resolver
from moxkit.domain import Domain
from moxkit.net import SocksProxy
from moxkit.sasl import Mechanism
from moxkit.smtpclient import Credentials, Dialer, TlsUse

__all__ = ["RoutedDelivery"]

logger = logging.getLogger(__name__)

_SUBMISSIONS_PORT, _SUBMISSION_PORT, _SMTP_PORT = 465, 587, 25
_FAIL_TEXT = "delivery is configured to fail"


class RoutedDelivery:
    """Makes the deliveries of a server."""

    def __init__(
        self,
        *,
        current: Callable[[], ConfigSnapshot],
        resolver: Resolver,
        policies: StsPolicies,
        dialer: Dialer,
        clock: Clock,
        tls_results: TlsResults | None = None,
        connections: Connections | None = None,
    ) -> None:
        """Remember what ways are made of.

        Args:
            current: The configuration of now, asked for each delivery.
            resolver: For hosts, proxies and smarthosts.
            policies: What recipients' domains ask for by MTA-STS.
            dialer: Connects directly; the others are made after it.
            clock: For connections that wait, and hosts that do not answer.
            tls_results: Is told what TLS comes to in direct deliveries.
            connections: Where connections wait; by default a place of its own.
        """
        self._current = current
        self._resolver = resolver
        self._dialer = dialer
        self._connections = connections or Connections(clock)
        self._direct = DirectDelivery(
            resolver=resolver,
            policies=policies,
            dialer=dialer,
            connections=self._connections,
            tls_results=tls_results,
            clock=clock,
        )
        self._smarthosts = SmarthostDelivery(
            resolver=resolver, connections=self._connections, dead=DeadHosts(clock)
        )

    async def deliver(self, message: QueuedMessage, content: Path) -> Mapping[int, Result]:
        """Deliver to the recipients of a message, all of one domain; trouble is a result.

        Recipients with different numbers of attempts behind them can have different routes.
        """
        config = self._current()
        results: dict[int, Result] = {}
        ways: dict[str, tuple[Chosen, list[QueuedEntry]]] = {}
        for entry in message.entries:
            chosen = choose_transport(config, message, attempts=entry.attempts)
            if isinstance(chosen, Retry):
                results[entry.id] = chosen
            else:
                ways.setdefault(chosen.name, (chosen, []))[1].append(entry)
        for chosen, entries in ways.values():
            part = replace(message, entries=tuple(entries))
            results.update(await self._deliver(part, content, chosen))
        for problem in {result.text for result in results.values() if result.enhanced == "4.3.5"}:
            logger.error("no way out", extra={"queueid": message.id, "reason": problem})
        return results

    async def _deliver(self, message: QueuedMessage, content: Path, chosen: Chosen) -> Mapping[int, Result]:
        transport = chosen.transport
        if transport.fail is not None:
            result = _failed(transport.fail)
            return {entry.id: result for entry in message.entries}
        try:
            smarthost = _smarthost(chosen, self._dialer)
            if smarthost is not None:
                return await self._smarthosts.deliver(message, content, smarthost)
            way = await self._direct_way(chosen)
        except _WayError as error:
            text = f"transport {chosen.name!r}: {error}"
            return {entry.id: Retry(None, error.enhanced, text) for entry in message.entries}
        return await self._direct.deliver(message, content, way)

    async def _direct_way(self, chosen: Chosen) -> DirectWay:
        transport = chosen.transport
        versions = {4, 6}
        if transport.direct is not None:
            versions -= {4} if transport.direct.disable_ipv4 else set()
            versions -= {6} if transport.direct.disable_ipv6 else set()
        dialer = self._dialer
        if transport.socks is not None:
            proxy = await self._proxy(transport.socks)
            dialer = replace(dialer, proxy=proxy, ehlo=transport.socks.remote_hostname)
        return DirectWay(dialer, chosen.name, frozenset(versions))

    async def _proxy(self, transport: SocksTransport) -> SocksProxy:
        name, _, port = transport.address.rpartition(":")
        if not port.isascii() or not port.isdecimal() or not 0 < int(port) < 65536:
            raise _WayError("4.3.5", f"{transport.address!r} is not host:port")
        try:
            host = parse_smarthost(name)
            address = (await self._resolver.ips(str(host))).records[0] if isinstance(host, Domain) else host
        except ValueError as error:
            raise _WayError("4.3.5", str(error)) from error
        except DnsError as error:
            raise _WayError("4.4.3", f"address of {name}: {error}") from error
        return SocksProxy(str(address), int(port))

    async def close(self) -> None:
        """Close the connections that wait."""
        await self._connections.close()


class _WayError(Exception):
    """A transport cannot be used for now, the text says why."""

    def __init__(self, enhanced: str, text: str) -> None:
        super().__init__(text)
        self.enhanced = enhanced


def _failed(transport: FailTransport) -> Result:
    code = transport.smtp_code
    kind = Failed if code >= 500 else Retry
    return kind(code, f"{code // 100}.7.0", transport.smtp_message or _FAIL_TEXT)


def _smarthost(chosen: Chosen, dialer: Dialer) -> Smarthost | None:
    """Return the smarthost of a transport; None if it is another kind."""
    for settings, port, usual in _methods(chosen.transport):
        if settings is None:
            continue
        is_plain = settings.no_starttls and usual is not TlsUse.IMMEDIATE
        use = TlsUse.NONE if is_plain else usual
        try:
            host = parse_smarthost(settings.host)
            credentials = None if settings.auth is None else _credentials(settings.auth)
        except ValueError as error:
            raise _WayError("4.3.5", str(error)) from error
        return Smarthost(
            chosen.name,
            host,
            replace(dialer, port=settings.port or port),
            smarthost_policy(host, use, verifies=not settings.starttls_insecure_skip_verify),
            credentials,
        )
    return None


def _methods(transport: Transport) -> Sequence[tuple[TransportSMTP | None, int, TlsUse]]:
    return (
        (transport.submissions, _SUBMISSIONS_PORT, TlsUse.IMMEDIATE),
        (transport.submission, _SUBMISSION_PORT, TlsUse.REQUIRED),
        (transport.smtp, _SMTP_PORT, TlsUse.REQUIRED),
    )


def _credentials(auth: TransportAuth) -> Credentials:
    """Return how to sign in.

    Raises:
        ValueError: A mechanism is none.
    """
    password = auth.password
    # Other servers have other ideas of passwords.
    with contextlib.suppress(PasswordInvalidError):
        password = prepare_password(password)
    if not auth.mechanisms:
        return Credentials(auth.username, password)
    return Credentials(auth.username, password, tuple(Mechanism(each.upper()) for each in auth.mechanisms))
