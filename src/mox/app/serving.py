"""A real server, without privileges: a process that root started, or one of who may bind the ports."""

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from socket import socket

import mox
from mox.app.building import build
from mox.app.outgoing import Outgoing, make_outgoing
from mox.app.resolving import make_resolver
from mox.app.running import run_loop, stop_on_signals
from mox.app.server import Server
from mox.app.updating import make_update_check
from mox.certificates import Certificates, Challenges, certificate_files
from mox.config import ConfigSource, load_config
from mox.observe import AcmeMetrics, LogLevels, Metrics
from mox.runtime import Clock, FileWatch, Tasks, Worker, notify_service_manager

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
    if inherited is None and static.workers > 1:
        data_dir = (source.directory / static.data_dir).resolve()
        files = certificate_files(static.listeners.values(), source.directory)
        return run_workers(argv, static=static, data_dir=data_dir, run_as=None, files=files)
    return run_loop(lambda: _serve(source, clock, levels, inherited))


async def _serve(source: ConfigSource, clock: Clock, levels: LogLevels, inherited: Inherited | None) -> int:
    static = source.current.static
    worker = inherited.worker if inherited else Worker()
    challenges, metrics = Challenges(), Metrics()
    certificates = Certificates(source.directory, inherited.files if inherited else None, hello=challenges)
    async with AsyncExitStack() as stack:
        # The server ends first: what it delivers with has to be there until then.
        around = _Surroundings(source, clock, stack)
        outgoing = around.make_outgoing() if worker.is_first else None
        stack.push_async_callback(around.tasks.close)
        if static.acme:
            around.use_acme(certificates, challenges, metrics.acme, is_first=worker.is_first)
        server = build(
            source=source,
            data_dir=around.data_dir,
            clock=clock,
            levels=levels,
            deliverer=outgoing.deliverer if outgoing else None,
            resolver=around.resolver,
            certificates=certificates,
            bound=_bound(inherited),
            challenges=challenges,
            metrics=metrics,
            worker=worker,
            notices=inherited.notices if inherited else None,
        )
        stop_on_signals(server)
        if inherited is None:
            files = certificate_files(static.listeners.values(), source.directory)
            around.tasks.spawn(_watch(FileWatch(files), clock, certificates.renew), "certificates")
        else:
            inherited.follow(certificates.renew, lambda: server.shutdown.ask("the parent is gone", 1))
        if outgoing is None:
            return await server.run(lambda: None)
        around.keep_up(outgoing, server)
        return await server.run(lambda: notify_service_manager("READY=1"))


class _Surroundings:
    """What a real server has besides its parts; it ends with the stack."""

    def __init__(self, source: ConfigSource, clock: Clock, stack: AsyncExitStack) -> None:
        self.data_dir = (source.directory / source.current.static.data_dir).resolve()
        self.resolver = make_resolver(source.current.static.resolvers, clock, is_local=False)
        self.tasks = Tasks()
        self._source = source
        self._clock = clock
        self._stack = stack
        self._pool = stack.enter_context(ThreadPoolExecutor(4, thread_name_prefix="outgoing"))

    def make_outgoing(self) -> Outgoing:
        """Return the ways out."""
        outgoing = make_outgoing(
            source=self._source,
            data_dir=self.data_dir,
            clock=self._clock,
            pool=self._pool,
            resolver=self.resolver,
        )
        self._stack.push_async_callback(outgoing.close)
        return outgoing

    def use_acme(
        self, certificates: Certificates, challenges: Challenges, counting: AcmeMetrics, *, is_first: bool
    ) -> None:
        """Have certificates that providers issue; one process asks them."""
        # Who has no provider need not load what speaks to them.
        from mox.app.issuing import kept_certificates, make_acme  # noqa: PLC0415  see above

        if not is_first:
            kept = kept_certificates(self._source, self.data_dir, self._clock, counting)
            certificates.issued_by(kept)
            return
        acme = make_acme(
            source=self._source,
            data_dir=self.data_dir,
            clock=self._clock,
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
        if self._source.current.static.check_updates:
            updates = make_update_check(
                source=self._source,
                data_dir=self.data_dir,
                clock=self._clock,
                resolver=self.resolver,
                store=server.store,
            )
            self.tasks.spawn(updates.run(), "update check")


def _bound(inherited: Inherited | None) -> Mapping[tuple[str, int], socket]:
    return {} if inherited is None else inherited.sockets


async def _watch(watch: FileWatch, clock: Clock, renew: Callable[[], None]) -> None:
    while True:
        await clock.sleep(_LOOK_EVERY_S)
        if await asyncio.to_thread(watch.has_changed):
            renew()
