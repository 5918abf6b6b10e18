"""Work in a process of its own, on the other processor; it outlives neither `stop` nor its parent.

The parent holds the child's standard input: when that ends, so does the child, after the piece it is at.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Sequence

__all__ = ["ChildProcess", "be_child", "python_argv"]


def python_argv(module: str) -> list[str]:
    """Return how one of our modules is run by this interpreter: isolated if this process is."""
    return [sys.executable, *(("-I",) if sys.flags.isolated else ()), "-m", module]


class ChildProcess:
    """Runs one of our modules as a program; `stop` may be called from any thread."""

    def __init__(self, module: str, arguments: Sequence[str]) -> None:
        self._argv = [*python_argv(module), *arguments]
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._is_stopped = False

    def run(self) -> str:
        """Run it until it ends; blocking. Return what went wrong, empty if nothing did.

        Raises:
            OSError: It cannot be started.
        """
        with self._lock:
            if self._is_stopped:
                return ""
            process = self._process = subprocess.Popen(  # noqa: S603  our own program
                self._argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
            )
        with process:
            trouble = process.stderr.read() if process.stderr is not None else ""
            status = process.wait()
        with self._lock:
            self._process = None
        return "" if status == 0 else (trouble.strip() or f"exit status {status}")

    def stop(self) -> None:
        """Have it end after the piece that it is at, and not start again."""
        with self._lock:
            self._is_stopped = True
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.close()


def be_child(niceness: int = 10) -> threading.Event:
    """Begin as such a process, behind all others; the event says when the parent wants no more."""
    if hasattr(os, "nice"):
        os.nice(niceness)
    ended = threading.Event()
    threading.Thread(target=_watch, args=(ended,), daemon=True).start()
    return ended


def _watch(ended: threading.Event) -> None:
    # Unbuffered: a lock of `sys.stdin` that is held at the end of the program would be fatal to it.
    while os.read(0, 64):
        pass
    ended.set()
