"""Running a developer's server."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from socket import socket

from mox.app.building import build
from mox.app.ground import Ground
from mox.app.localserve import ACCOUNT, ADDRESS, PASSWORD
from mox.app.running import run_loop, stop_on_signals
from mox.app.server import Server
from mox.config import STATIC_NAME, ConfigSource, load_config
from mox.observe import LogLevels
from mox.runtime import Clock, Notices, Worker

__all__ = ["run_localserve"]


def run_localserve(
    directory: Path,
    *,
    argv: list[str],
    clock: Clock,
    levels: LogLevels,
    ready: Callable[[], None],
    init_only: bool = False,
    enforces: bool = False,
) -> int:
    """Serve a developer's server until it is stopped; return the exit status.

    Args:
        directory: Of its files.
        argv: Of each process, if several are to serve together.
        clock: For all times.
        levels: Of the log.
        ready: Called when it is.
        init_only: Only make what is not there yet.
        enforces: Refuse what a server on the internet would refuse.

    Raises:
        mox.config.ConfigError: Its files are not good.
        mox.listen.BindError: A port cannot be had.
    """
    local = _Local(directory, clock, levels, ready, enforces=enforces)
    if init_only:
        return run_loop(local.init)
    if sys.platform == "win32":
        return run_loop(local.serve)
    else:  # noqa: RET505  mypy skips what is not of its platform only in a branch
        from mox.app.workers import run_workers  # noqa: PLC0415  not there on Windows
        from mox.privilege import Inherited  # noqa: PLC0415  likewise

        inherited = Inherited.take()
        if inherited is None and (static := local.source.current.static).workers > 1:
            return run_workers(argv, static=static, data_dir=local.data_dir, run_as=None, files=())
        if inherited is None:
            return run_loop(local.serve)
        mine = inherited
        return run_loop(lambda: local.serve(mine.worker, mine.notices, mine.sockets, follow=mine.follow))


class _Local:
    """A developer's server, in one process or as one of several."""

    def __init__(
        self,
        directory: Path,
        clock: Clock,
        levels: LogLevels,
        ready: Callable[[], None],
        *,
        enforces: bool,
    ) -> None:
        static_file = directory / STATIC_NAME
        self.source = ConfigSource(static_file, load_config(static_file), clock)
        self.data_dir = directory / self.source.current.static.data_dir
        self._clock = clock
        self._levels = levels
        self._ready = ready
        self._enforces = enforces

    def _make(
        self,
        worker: Worker = Worker(),  # noqa: B008  frozen
        notices: Notices | None = None,
        bound: Mapping[tuple[str, int], socket] | None = None,
    ) -> Server:
        ground = Ground(
            source=self.source,
            data_dir=self.data_dir,
            clock=self._clock,
            levels=self._levels,
            worker=worker,
            notices=notices or Notices(),
            local_address=ADDRESS,
            enforces=self._enforces,
        )
        return build(ground, bound=bound)

    async def init(self) -> int:
        """Only make what is not there yet."""
        server = self._make()
        await _fill(server)
        await server.stop()
        return 0

    async def serve(
        self,
        worker: Worker = Worker(),  # noqa: B008  frozen
        notices: Notices | None = None,
        bound: Mapping[tuple[str, int], socket] | None = None,
        follow: Callable[[Callable[[object], None], Callable[[], None]], None] = lambda _fresh, _gone: None,
    ) -> int:
        """Serve until the end is asked for; return the exit status.

        Args:
            worker: Which of several processes this is.
            notices: Of the others.
            bound: Sockets of the parent.
            follow: Calls back when the parent has something new, or is gone.
        """
        server = self._make(worker, notices, bound)
        if worker.is_first:
            await _fill(server)
        stop_on_signals(server)
        follow(lambda _: None, lambda: server.shutdown.ask("the parent is gone", 1))
        return await server.run(self._ready if worker.is_first else lambda: None)


async def _fill(server: Server) -> None:
    """Make what is not there yet."""
    if not server.identities.credentials.has_password(ACCOUNT):
        await server.identities.credentials.set_password(ACCOUNT, PASSWORD)
    server.store.account(ACCOUNT)
