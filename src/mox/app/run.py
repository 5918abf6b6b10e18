"""Running a developer's server."""

from collections.abc import Callable
from pathlib import Path

from mox.app.build import build
from mox.app.localserve import ACCOUNT, ADDRESS, PASSWORD
from mox.app.running import run_loop, stop_on_signals
from mox.config import STATIC_NAME, ConfigSource, load_config
from mox.observe import LogLevels
from mox.runtime import Clock

__all__ = ["run_localserve"]


def run_localserve(
    directory: Path,
    *,
    clock: Clock,
    levels: LogLevels,
    ready: Callable[[], None],
    init_only: bool = False,
    enforces: bool = False,
) -> int:
    """Serve a developer's server until it is stopped; return the exit status.

    Raises:
        mox.config.ConfigError: Its files are not good.
        mox.listen.BindError: A port cannot be had.
    """
    static_file = directory / STATIC_NAME
    source = ConfigSource(static_file, load_config(static_file), clock)
    data_dir = directory / source.current.static.data_dir

    async def serve() -> int:
        server = build(
            source=source,
            data_dir=data_dir,
            clock=clock,
            levels=levels,
            local_address=ADDRESS,
            enforces=enforces,
        )
        if not server.identities.credentials.has_password(ACCOUNT):
            await server.identities.credentials.set_password(ACCOUNT, PASSWORD)
        server.store.account(ACCOUNT)
        if init_only:
            await server.stop()
            return 0
        stop_on_signals(server)
        return await server.run(ready)

    return run_loop(serve)
