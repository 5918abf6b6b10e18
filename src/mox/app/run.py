"""Running a developer's server."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from socket import socket

from mox.app.building import build
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
    static_file = directory / STATIC_NAME
    source = ConfigSource(static_file, load_config(static_file), clock)
    data_dir = directory / source.current.static.data_dir

    def make(
        worker: Worker = Worker(),  # noqa: B008  frozen
        notices: Notices | None = None,
        bound: Mapping[tuple[str, int], socket] | None = None,
    ) -> Server:
        return build(
            source=source,
            data_dir=data_dir,
            clock=clock,
            levels=levels,
            local_address=ADDRESS,
            enforces=enforces,
            worker=worker,
            notices=notices,
            bound=bound,
        )

    async def init() -> int:
        server = make()
        await _fill(server)
        await server.stop()
        return 0

    async def serve() -> int:
        server = make()
        await _fill(server)
        stop_on_signals(server)
        return await server.run(ready)

    if init_only:
        return run_loop(init)
    if sys.platform == "win32":
        return run_loop(serve)
    else:  # noqa: RET505  mypy skips what is not of its platform only in a branch
        from mox.app.workers import run_workers  # noqa: PLC0415  not there on Windows
        from mox.privilege import Inherited  # noqa: PLC0415  likewise

        if (inherited := Inherited.take()) is None:
            if (static := source.current.static).workers == 1:
                return run_loop(serve)
            return run_workers(argv, static=static, data_dir=data_dir, run_as=None, files=())
        mine = inherited

        async def help_serve() -> int:
            is_first = mine.worker.is_first
            server = make(mine.worker, mine.notices, mine.sockets)
            if is_first:
                await _fill(server)
            stop_on_signals(server)
            mine.follow(lambda _: None, lambda: server.shutdown.ask("the parent is gone", 1))
            return await server.run(ready if is_first else lambda: None)

        return run_loop(help_serve)


async def _fill(server: Server) -> None:
    """Make what is not there yet."""
    if not server.identities.credentials.has_password(ACCOUNT):
        await server.identities.credentials.set_password(ACCOUNT, PASSWORD)
    server.store.account(ACCOUNT)
