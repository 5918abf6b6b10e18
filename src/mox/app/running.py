"""Running a server in the foreground: loop, signals, what its process is like."""

import asyncio
import ctypes
import signal
import sys
from collections.abc import Callable, Coroutine

from mox.app.server import Server

__all__ = ["run_loop", "stop_on_signals"]

# A thread that waits for its turn gets it after this, not after 5 ms: the driver gives up its turn often.
_SWITCH_INTERVAL_S = 0.0005
# Of glibc's malloc.h: what is larger is the system's again once it is free. By itself glibc would learn from
# the first password (Argon2 takes 19 MB) to keep as much for the next one. Of the rest it keeps some, as it
# would have learned, too: asking again and again is slow.
_M_MMAP_THRESHOLD, _LARGE_OCTETS = -3, 1 << 20
_M_TRIM_THRESHOLD, _KEPT_OCTETS = -1, 8 << 20


def run_loop(main: Callable[[], Coroutine[object, object, int]]) -> int:
    """Run until it returns, on the best loop that this system has; return what it returns."""
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    _give_memory_back()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(main())


def _give_memory_back() -> None:
    if sys.platform != "win32" and hasattr(ctypes.CDLL(None), "mallopt"):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE_OCTETS)
        ctypes.CDLL(None).mallopt(_M_TRIM_THRESHOLD, _KEPT_OCTETS)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    else:  # noqa: RET505  mypy skips what is not of its platform only in a branch
        import uvloop  # noqa: PLC0415  not there on Windows

        return uvloop.new_event_loop


def stop_on_signals(server: Server) -> None:
    """Have the server end when it gets a signal, whose number becomes its exit status."""

    def stop(number: int) -> None:
        server.shutdown.ask(signal.Signals(number).name, number)

    if sys.platform == "win32":
        # The proactor loop has no add_signal_handler.
        loop = asyncio.get_running_loop()
        signal.signal(signal.SIGINT, lambda number, _frame: loop.call_soon_threadsafe(stop, number))
    else:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop, number)
