"""Reaching a host of a recipient's domain: over a connection that waits, or a new one.

What TLS comes to on the way is logged, and noted for TLS reports.
"""

import logging
from dataclasses import dataclass, replace

from mox.outgoing.addresses import LastAddresses, in_order
from mox.outgoing.attempt import Attempt
from mox.outgoing.connections import Connections, Lease
from mox.outgoing.deadhosts import DeadHosts
from mox.outgoing.tlsresults import TlsResults
from mox.outgoing.tlssessions import Session, results_of
from mox.queue import Retry
from moxkit import dane
from moxkit.dns import Address
from moxkit.domain import Domain
from moxkit.smtpclient import Dialer, HostConnection, HostFailure, TlsFailure, TlsPolicy

__all__ = ["DirectWay", "HostReach", "ReachableHost"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DirectWay:
    """From where to connect to the hosts of other domains.

    Attributes:
        dialer: Connects.
        name: Of the transport; connections of different ones are not shared.
        versions: Of the Internet Protocol that may be used.
    """

    dialer: Dialer
    name: str = ""
    versions: frozenset[int] = frozenset({4, 6})


@dataclass(frozen=True, slots=True)
class ReachableHost:
    """A host to try, as it was looked up.

    Attributes:
        name: Its name, or its address where it has none.
        addresses: At least one.
        policy: What a connection must be like.
        session: For TLS reports; None where there is nobody to tell.
    """

    name: Domain | Address
    addresses: tuple[Address, ...]
    policy: TlsPolicy
    session: Session | None = None


class HostReach:
    """Gets connections to hosts."""

    def __init__(
        self, connections: Connections | None, tls_results: TlsResults | None, dead: DeadHosts
    ) -> None:
        """Remember where connections wait, if they do, who is told of TLS, and who did not answer."""
        self._dead = dead
        self._connections = connections
        self._tls_results = tls_results
        self._last = LastAddresses()

    def take(self, attempt: Attempt, way: DirectWay, host: ReachableHost) -> Lease | None:
        """Return a connection that waits and is as a new one would be; None without."""
        if self._connections is None:
            return None
        addresses = self._in_order(attempt, host)

        def fits(connection: HostConnection) -> bool:
            # After a failure the other kind of address is to be tried.
            is_first_kind = connection.address.version == addresses[0].version
            return connection.address in addresses and (not attempt.attempts or is_first_kind)

        lease = self._connections.take(_key(attempt, way, host), fits)
        if lease is not None:
            self._last.note(attempt.message.id, host.name, lease.connection.address)
        return lease

    async def dial(self, attempt: Attempt, way: DirectWay, host: ReachableHost) -> Lease | None:
        """Connect; return None, and leave a trouble, if that is not possible."""
        addresses = self._in_order(attempt, host)
        connection = await self._dead.dial(
            (way.name, host.name, frozenset(addresses)),
            lambda: way.dialer.dial(host.name, addresses, host.policy),
        )
        _log_failures(host, connection.failures)
        is_encrypted = isinstance(connection, HostConnection) and connection.tls is not None
        if host.session is not None:
            self.note(replace(host.session, failures=connection.failures, is_encrypted=is_encrypted))
        if isinstance(connection, HostFailure):
            attempt.trouble(Retry(connection.code, connection.enhanced, connection.text), host=host.name)
            return None
        self._last.note(attempt.message.id, host.name, connection.address)
        if self._connections is None:
            return Lease(connection, None, 0.0)
        return self._connections.opened(_key(attempt, way, host), connection)

    def _in_order(self, attempt: Attempt, host: ReachableHost) -> tuple[Address, ...]:
        last = self._last.of(attempt.message.id, host.name)
        return in_order(host.addresses, attempt.attempts, last)

    def note(self, session: Session) -> None:
        """Note what TLS came to."""
        if self._tls_results is not None:
            self._tls_results.note(results_of(session))

    async def leave(self, lease: Lease, *, is_good: bool) -> None:
        """Let a connection wait for the next message, or close it."""
        if self._connections is None:
            await lease.connection.close()
        elif is_good:
            self._connections.give_back(lease)
        else:
            self._connections.discard(lease)


def _key(attempt: Attempt, way: DirectWay, host: ReachableHost) -> tuple[object, ...]:
    """Return all that decides what a connection is like; only deliveries with an equal one share it."""
    policy, found = host.policy, host.policy.found
    records = frozenset() if found is None else frozenset(found.records)
    # Names matter to records of authorities; else domains with the same hosts share connections.
    names = policy.names
    if found is not None and all(record.usage == dane.Usage.DANE_EE for record in found.records):
        names = names[:1]
    return (
        way.name,
        host.name,
        policy.use,
        policy.verification,
        names,
        records,
        attempt.message.require_tls,
    )


def _log_failures(host: ReachableHost, failures: tuple[TlsFailure, ...]) -> None:
    for failure in failures:
        # That most certificates are not what they should be is nobody's news, unless it was asked for.
        logger.log(
            logging.INFO if failure.mattered else logging.DEBUG,
            "tls is not as it should be",
            extra={
                "host": str(host.name),
                "address": str(failure.address),
                "result": failure.result_type,
                "reason": failure.reason,
                "mattered": failure.mattered,
            },
        )
