"""Waiting for signals and for time to pass, in a process without a loop."""

import os
import select
import signal
import sys
from collections.abc import Sequence

assert sys.platform != "win32"  # noqa: S101  there is no such thing on Windows

__all__ = ["Wakeup"]


class Wakeup:
    """Waits for signals and for time to pass; signals come as numbers."""

    def __init__(self, numbers: Sequence[signal.Signals]) -> None:
        """Take these signals over, for as long as the process lives."""
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        os.set_blocking(self._read, False)
        signal.set_wakeup_fd(self._write)
        for number in numbers:
            signal.signal(number, _ignore)

    def wait(self, seconds: float) -> bytes:
        """Return the numbers of signals that came."""
        ready, _, _ = select.select([self._read], [], [], seconds)
        return os.read(self._read, 1000) if ready else b""


def _ignore(_number: int, _frame: object) -> None:
    """Do nothing: the wakeup pipe has its number."""
