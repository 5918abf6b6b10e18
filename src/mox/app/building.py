"""The parts list: makes a server from a configuration."""

from collections.abc import Mapping
from socket import socket

import mox
from mox.app.duties import Duties
from mox.app.exchange import exchange_notices
from mox.app.ground import Ground
from mox.app.parts import Parts, make_parts
from mox.app.ports import PortMaker
from mox.app.resolving import make_resolver
from mox.app.selfdelivery import SelfDelivery
from mox.app.server import Server
from mox.app.web import WebPorts
from mox.certificates import Certificates, Challenges
from mox.listen import Listeners
from mox.observe import Metrics
from mox.queue import Deliverer
from mox.runtime import ConnectionIds, Shutdown
from mox.webaccount import AccountParts
from moxkit.dns import Resolver

__all__ = ["build"]


def build(
    ground: Ground,
    *,
    deliverer: Deliverer | None = None,
    resolver: Resolver | None = None,
    certificates: Certificates | None = None,
    bound: Mapping[tuple[str, int], socket] | None = None,
    challenges: Challenges | None = None,
    metrics: Metrics | None = None,
) -> Server:
    """Make a server; call it on the loop that will run it.

    Args:
        ground: What it stands on.
        deliverer: Makes deliveries of queued messages; by default to this server itself, as localserve does.
        resolver: Asked about incoming mail; by default as configured.
        certificates: Of listeners; by default read from their files.
        bound: Sockets that somebody else had to bind, by IP and port.
        challenges: What ACME providers look at.
        metrics: Numbers that others count in, too.

    Raises:
        OSError, ValueError: A certificate cannot be used.
        mox.database.DatabaseError: A database cannot be used.
    """
    static, shutdown, metrics = ground.static, Shutdown(), metrics or Metrics()
    certificates = certificates or Certificates(ground.source.directory)
    parts = make_parts(
        ground,
        deliverer=deliverer or SelfDelivery(static),
        resolver=resolver or make_resolver(static.resolvers, ground.clock, is_local=ground.is_local),
    )
    exchange_notices(parts)
    duties = Duties(parts, shutdown=shutdown) if ground.worker.is_first else None
    web = None
    if duties is not None:
        web = WebPorts(
            ground,
            certificates=certificates,
            account=_account_parts(parts, duties),
            challenges=challenges or Challenges(),
            metrics=metrics,
            shutdown=shutdown,
        )
    ports = PortMaker(parts, certificates=certificates, counting=metrics.smtp, shutdown=shutdown, web=web)
    return Server(
        parts=parts,
        listeners=Listeners(ids=ConnectionIds(ground.clock.now(), ground.worker), bound=bound),
        ports=[port for listener in static.listeners.values() for port in ports.ports(listener)],
        duties=duties,
        metrics=metrics,
        shutdown=shutdown,
        web=web,
    )


def _account_parts(parts: Parts, duties: Duties) -> AccountParts:
    return AccountParts(
        identities=parts.identities,
        accounts=parts.accounts,
        source=parts.ground.source,
        store=parts.store,
        queue=parts.queue,
        imports=duties.imports,
        classifiers=parts.receiving.classifiers,
        clock=parts.ground.clock,
        version=mox.__version__,
    )
