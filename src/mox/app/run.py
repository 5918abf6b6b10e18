"""Running a server in the foreground: loop, signals, exit status."""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path

from mox.app.build import Server, build
from mox.app.localserve import ACCOUNT, ADDRESS, PASSWORD
from mox.config import STATIC_NAME, ConfigSource, load_config
from mox.observe import LogLevels
from mox.runtime import Clock

__all__ = ["run_localserve"]

# A thread that waits for its turn gets it after this, not after 5 ms: the driver gives up its turn often.
_SWITCH_INTERVAL_S = 0.0005


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
        _stop_on_signals(server)
        return await server.run(ready)

    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    return _run(serve)


def _run(main: Callable[[], Coroutine[object, object, int]]) -> int:
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(main())


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    else:  # noqa: RET505  mypy skips what is not of its platform only in a branch
        import uvloop  # noqa: PLC0415  not there on Windows

        return uvloop.new_event_loop


def _stop_on_signals(server: Server) -> None:
    def stop(number: int) -> None:
        server.shutdown.ask(signal.Signals(number).name, number)

    if sys.platform == "win32":
        # The proactor loop has no add_signal_handler.
        loop = asyncio.get_running_loop()
        signal.signal(signal.SIGINT, lambda number, _frame: loop.call_soon_threadsafe(stop, number))
    else:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop, number)
