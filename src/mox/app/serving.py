"""A real server, without privileges: a process that root started, or one of who may bind the ports."""

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from socket import socket

import mox
from mox.app.building import build
from mox.app.ground import Ground
from mox.app.outgoing import Outgoing, make_outgoing
from mox.app.resolving import make_resolver
from mox.app.running import run_loop, stop_on_signals
from mox.app.server import Server
from mox.app.updating import make_update_check
from mox.certificates import Certificates, Challenges, certificate_files
from mox.config import ConfigSource, load_config
from mox.observe import AcmeMetrics, LogLevels, Metrics
from mox.runtime import Clock, FileWatch, Tasks, notify_service_manager

assert sys.platform != "win32"  # noqa: S101  the command line says that it is not available there

from mox.app.workers import run_workers  # noqa: E402  see above
from mox.privilege import Inherited, confine  # noqa: E402  see above

__all__ = ["serve"]

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 10.0


def serve(
    static_file: Path, *, argv: list[str], clock: Clock, levels: LogLevels, log_level: str | None = None
) -> int:
    """Serve until the end is asked for; return the exit status.

    Args:
        static_file: `mox.toml`.
        argv: Of each process, if several are to serve together.
        clock: For all times.
        levels: Of the log.
        log_level: Instead of the one that is configured.

    Raises:
        mox.config.ConfigError: The configuration is not good.
        mox.listen.BindError: A port cannot be had.
        mox.privilege.PrivilegeError: A child of root is not as it should be.
        mox.database.DatabaseError: A database cannot be used.
        OSError, ValueError: A certificate cannot be used.
    """
    inherited = Inherited.take()
    if inherited is not None and inherited.is_confined:
        confine()
    # What the parent handed over need not, and cannot, be opened here.
    source = ConfigSource(static_file, load_config(static_file, opens_keys=inherited is None), clock)
    static = source.current.static
    levels.set(log_level or static.log_level or "info")
    extra = {"version": mox.__version__, "pid": os.getpid(), "uid": os.getuid(), "gid": os.getgid()}
    if inherited is not None and inherited.worker.is_shared:
        extra["worker"] = inherited.worker.number
    logger.info(
        "starting without privileges" if inherited and inherited.is_confined else "starting", extra=extra
    )
    data_dir = (source.directory / static.data_dir).resolve()
    if inherited is None and static.workers > 1:
        files = certificate_files(static.listeners.values(), source.directory)
        return run_workers(argv, static=static, data_dir=data_dir, run_as=None, files=files)
    ground = Ground(source=source, data_dir=data_dir, clock=clock, levels=levels)
    if inherited is not None:
        ground = replace(ground, worker=inherited.worker, notices=inherited.notices)
    return run_loop(lambda: _serve(ground, inherited))


async def _serve(ground: Ground, inherited: Inherited | None) -> int:
    source, static = ground.source, ground.static
    challenges, metrics = Challenges(), Metrics()
    certificates = Certificates(source.directory, inherited.files if inherited else None, hello=challenges)
    async with AsyncExitStack() as stack:
        # The server ends first: what it delivers with has to be there until then.
        around = _Surroundings(ground, stack)
        outgoing = around.make_outgoing() if ground.worker.is_first else None
        stack.push_async_callback(around.tasks.close)
        if static.acme:
            around.use_acme(certificates, challenges, metrics.acme)
        server = build(
            ground,
            deliverer=outgoing.deliverer if outgoing else None,
            resolver=around.resolver,
            certificates=certificates,
            bound=_bound(inherited),
            challenges=challenges,
            metrics=metrics,
        )
        stop_on_signals(server)
        if inherited is None:
            files = certificate_files(static.listeners.values(), source.directory)
            around.tasks.spawn(_watch(FileWatch(files), ground.clock, certificates.renew), "certificates")
        else:
            inherited.follow(certificates.renew, lambda: server.shutdown.ask("the parent is gone", 1))
        if outgoing is None:
            return await server.run(lambda: None)
        around.keep_up(outgoing, server)
        return await server.run(lambda: notify_service_manager("READY=1"))


class _Surroundings:
    """What a real server has besides its parts; it ends with the stack."""

    def __init__(self, ground: Ground, stack: AsyncExitStack) -> None:
        self.resolver = make_resolver(ground.static.resolvers, ground.clock, is_local=False)
        self.tasks = Tasks()
        self._ground = ground
        self._stack = stack
        self._pool = stack.enter_context(ThreadPoolExecutor(4, thread_name_prefix="outgoing"))

    def make_outgoing(self) -> Outgoing:
        """Return the ways out."""
        outgoing = make_outgoing(self._ground, self._pool, self.resolver)
        self._stack.push_async_callback(outgoing.close)
        return outgoing

    def use_acme(self, certificates: Certificates, challenges: Challenges, counting: AcmeMetrics) -> None:
        """Have certificates that providers issue; one process asks them."""
        # Who has no provider need not load what speaks to them.
        from mox.app.issuing import kept_certificates, make_acme  # noqa: PLC0415  see above

        if not self._ground.worker.is_first:
            certificates.issued_by(kept_certificates(self._ground, counting))
            return
        acme = make_acme(
            self._ground,
            certificates=certificates,
            challenges=challenges,
            resolver=self.resolver,
            counting=counting,
        )
        self._stack.push_async_callback(acme.close)
        self.tasks.spawn(acme.run(), "certificates by acme")

    def keep_up(self, outgoing: Outgoing, server: Server) -> None:
        """Do in the background what one process does for all."""
        self.tasks.spawn(outgoing.policies.run(), "mta-sts policies")
        self.tasks.spawn(outgoing.forget_old(), "old tls results")
        if self._ground.static.check_updates:
            updates = make_update_check(self._ground, resolver=self.resolver, store=server.store)
            self.tasks.spawn(updates.run(), "update check")


def _bound(inherited: Inherited | None) -> Mapping[tuple[str, int], socket]:
    return {} if inherited is None else inherited.sockets


async def _watch(watch: FileWatch, clock: Clock, renew: Callable[[], None]) -> None:
    while True:
        await clock.sleep(_LOOK_EVERY_S)
        if await asyncio.to_thread(watch.has_changed):
            renew()
