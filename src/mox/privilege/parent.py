"""The root parent: starts the child, hands over, then waits; the child's end is its own."""

import logging
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

assert sys.platform != "win32"  # noqa: S101  there is no such thing on Windows

from mox.privilege.errors import PrivilegeError  # noqa: E402  see above
from mox.privilege.handover import Handed, send  # noqa: E402  see above
from mox.privilege.user import RunAs  # noqa: E402  see above
from mox.runtime import FileWatch  # noqa: E402  see above

__all__ = ["CHANNEL", "run_parent"]

logger = logging.getLogger(__name__)

CHANNEL = "MOX_HANDOVER"
"""Environment variable that names the descriptor of the channel to the parent."""

_LOOK_EVERY_S = 5.0
_PATIENCE_S = 10.0
_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_UMASK = 0o007

Address = tuple[str, int]
"""IP and port."""


def run_parent(
    argv: Sequence[str],
    *,
    run_as: RunAs,
    sockets: Mapping[Address, socket.socket],
    files: Sequence[Path],
    look_every_s: float = _LOOK_EVERY_S,
) -> int:
    """Run a program as somebody else until it ends; return its exit status, 128 and more for a signal.

    Args:
        argv: The program and its arguments.
        run_as: Whom it runs as, without further groups.
        sockets: Bound; closed here once they are handed over.
        files: Keys and certificates; fresh descriptors follow when they were replaced.
        look_every_s: How often that is looked for.

    Raises:
        PrivilegeError: The child cannot be started, or a file cannot be opened.
    """
    if CHANNEL in os.environ:
        raise PrivilegeError(f"{CHANNEL} is in the environment of root; start it without")
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    watch, wakeup = FileWatch(files), _Wakeup()
    # A child that hangs must not keep signals from being passed on.
    ours.settimeout(_PATIENCE_S)
    with ours:
        child = _start(argv, run_as, theirs)
        try:
            _hand_over(ours, sockets, files)
            while (status := child.poll()) is None:
                for number in wakeup.wait(look_every_s):
                    if number in _FORWARDED:
                        child.send_signal(number)
                if watch.has_changed():
                    _renew(ours, files)
        finally:
            if child.poll() is None:
                # Only after trouble of our own.
                child.terminate()
                child.wait()
    logger.info("stopping after child exit", extra={"status": status})
    return status if status >= 0 else 128 - status


def _start(argv: Sequence[str], run_as: RunAs, theirs: socket.socket) -> subprocess.Popen[bytes]:
    with theirs:
        try:
            return subprocess.Popen(  # noqa: S603  our own program
                argv,
                user=run_as.uid,
                group=run_as.gid,
                extra_groups=(),
                umask=_UMASK,
                pass_fds=(theirs.fileno(),),
                env={**os.environ, CHANNEL: str(theirs.fileno())},
            )
        except OSError as error:
            raise PrivilegeError(
                f"{argv[0]} cannot be run as {run_as.name}: {error.strerror}; "
                "everybody must be able to read the interpreter and what is installed for it"
            ) from error


def _hand_over(
    channel: socket.socket, sockets: Mapping[Address, socket.socket], files: Sequence[Path]
) -> None:
    handed: list[Handed] = [(f"{ip} {port}", each.fileno()) for (ip, port), each in sockets.items()]
    try:
        send(channel, "sockets", handed)
        _send_files(channel, files)
    except (BrokenPipeError, ConnectionResetError):
        # It ended already; why, it has said itself.
        return
    except TimeoutError as error:
        raise PrivilegeError("the child does not take what it is handed") from error
    finally:
        for each in sockets.values():
            each.close()


def _send_files(channel: socket.socket, files: Sequence[Path]) -> None:
    opened: list[Handed] = []
    try:
        for path in files:
            try:
                opened.append((str(path), os.open(path, os.O_RDONLY)))
            except OSError as error:
                raise PrivilegeError(f"{path}: {error.strerror}") from error
        send(channel, "files", opened)
    finally:
        for _, fd in opened:
            os.close(fd)


def _renew(channel: socket.socket, files: Sequence[Path]) -> None:
    logger.info("keys or certificates were replaced, handing them over")
    try:
        _send_files(channel, files)
    except (OSError, PrivilegeError) as error:
        logger.warning("fresh keys and certificates not handed over", extra={"error": error})


class _Wakeup:
    """Waits for signals and for time to pass; signals come as numbers."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        os.set_blocking(self._read, False)
        signal.set_wakeup_fd(self._write)
        for number in (*_FORWARDED, signal.SIGCHLD):
            signal.signal(number, _ignore)

    def wait(self, seconds: float) -> bytes:
        """Return the numbers of signals that came."""
        ready, _, _ = select.select([self._read], [], [], seconds)
        return os.read(self._read, 1000) if ready else b""


def _ignore(_number: int, _frame: object) -> None:
    """Do nothing: the wakeup pipe has its number."""
