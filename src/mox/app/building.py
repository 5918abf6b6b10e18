"""The parts list: makes a server from a configuration."""

from collections.abc import Mapping
from pathlib import Path
from socket import socket

import mox
from mox.app.duties import Duties
from mox.app.exchange import exchange_notices
from mox.app.parts import Parts, make_parts
from mox.app.ports import PortMaker
from mox.app.resolving import make_resolver
from mox.app.server import Server
from mox.app.web import WebPorts
from mox.certificates import Certificates, Challenges
from mox.config import ConfigSource
from mox.listen import Listeners
from mox.observe import LogLevels, Metrics
from mox.queue import Deliverer
from mox.runtime import Clock, ConnectionIds, Notices, Shutdown, Worker
from mox.webaccount import AccountParts
from moxkit.dns import Resolver

__all__ = ["build"]


def build(
    *,
    source: ConfigSource,
    data_dir: Path,
    clock: Clock,
    levels: LogLevels,
    local_address: str | None = None,
    deliverer: Deliverer | None = None,
    resolver: Resolver | None = None,
    certificates: Certificates | None = None,
    bound: Mapping[tuple[str, int], socket] | None = None,
    enforces: bool = True,
    challenges: Challenges | None = None,
    metrics: Metrics | None = None,
    worker: Worker = Worker(),  # noqa: B008  frozen
    notices: Notices | None = None,
) -> Server:
    """Make a server; call it on the loop that will run it.

    Args:
        source: The configuration.
        data_dir: Where all data lies.
        clock: For all times.
        levels: Of the log.
        local_address: In localserve: the address that takes everybody's mail. Special recipients fail there
            on purpose.
        deliverer: Makes deliveries of queued messages; by default to this server itself, as localserve does.
        resolver: Asked about incoming mail; by default as configured.
        certificates: Of listeners; by default read from their files.
        bound: Sockets that somebody else had to bind, by IP and port.
        enforces: Mail that is judged to be junk is refused; else it is filed, with the judgement.
        challenges: What ACME providers look at.
        metrics: Numbers that others count in, too.
        worker: Which of several processes this is; only the first has web sites and duties.
        notices: Of the others.

    Raises:
        OSError, ValueError: A certificate cannot be used.
        mox.database.DatabaseError: A database cannot be used.
    """
    static, is_local = source.current.static, local_address is not None
    parts = make_parts(
        source=source,
        data_dir=data_dir,
        clock=clock,
        levels=levels,
        worker=worker,
        notices=notices or Notices(),
        local_address=local_address,
        deliverer=deliverer,
        resolver=resolver or make_resolver(static.resolvers, clock, is_local=is_local),
        enforces=enforces,
    )
    exchange_notices(parts)
    shutdown, metrics = Shutdown(), metrics or Metrics()
    certificates = certificates or Certificates(source.directory)
    duties = Duties(parts, shutdown=shutdown) if worker.is_first else None
    web = None
    if duties is not None:
        web = WebPorts(
            source=source,
            certificates=certificates,
            account=_account_parts(parts, duties),
            challenges=challenges or Challenges(),
            metrics=metrics,
            clock=clock,
            shutdown=shutdown,
            is_limited=not is_local,
        )
    ports = PortMaker(
        parts=parts,
        certificates=certificates,
        counting=metrics.smtp,
        shutdown=shutdown,
        is_local=is_local,
        web=web,
    )
    return Server(
        parts=parts,
        listeners=Listeners(ids=ConnectionIds(clock.now(), worker), bound=bound),
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
        source=parts.source,
        store=parts.store,
        queue=parts.queue,
        imports=duties.imports,
        classifiers=parts.receiving.classifiers,
        clock=parts.clock,
        version=mox.__version__,
    )
