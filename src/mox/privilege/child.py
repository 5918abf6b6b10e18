"""The unprivileged child: what it got from its parent, and no way back to more."""

import asyncio
import ctypes
import os
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

assert sys.platform != "win32"  # noqa: S101  there is no such thing on Windows

from mox.privilege.errors import PrivilegeError  # noqa: E402  see above
from mox.privilege.handover import CHANNEL, Address, Handed, receive  # noqa: E402  see above
from mox.runtime import Notices, Worker  # noqa: E402  see above

__all__ = ["Inherited", "confine"]

_NO_NEW_PRIVILEGES = 38  # PR_SET_NO_NEW_PRIVS of prctl(2)
_CAPABILITIES = ("CapInh", "CapPrm", "CapEff", "CapAmb")
# Of a file with a key or certificates.
_MOST_OCTETS = 1 << 20
_UMASK = 0o007


@dataclass(frozen=True, slots=True)
class Inherited:
    """What the parent handed over.

    Attributes:
        worker: Which of the processes this is.
        sockets: Bound, by IP and port.
        files: Contents, by path.
        notices: Of the other processes.
        is_confined: The parent is more than this process may be.
    """

    worker: Worker
    sockets: Mapping[Address, socket.socket]
    files: Mapping[Path, bytes]
    notices: Notices
    is_confined: bool
    channel: socket.socket

    @classmethod
    def take(cls) -> "Inherited | None":
        """Take over what there is; None if no parent of that kind started this process.

        Raises:
            PrivilegeError: The parent did not hand over all of it.
        """
        if (how := os.environ.pop(CHANNEL, None)) is None:
            return None
        try:
            fd, number, count, confined = how.split(" ")
            worker, channel = Worker(int(number), int(count)), socket.socket(fileno=int(fd))
            sockets, posts, files = (_taken(channel, kind) for kind in ("sockets", "posts", "files"))
        except (OSError, ValueError) as error:
            raise PrivilegeError(f"{CHANNEL} is not from the parent: {error}") from error
        # Not for programs that we start.
        channel.set_inheritable(False)
        told = {int(name): socket.socket(fileno=fd) for name, fd in posts}
        return cls(
            worker=worker,
            sockets={_address(name): socket.socket(fileno=fd) for name, fd in sockets},
            files=_read_all(files),
            notices=Notices(told.pop(worker.number, None), told),
            is_confined=confined == "confined",
            channel=channel,
        )

    def follow(self, fresh: Callable[[Mapping[Path, bytes]], None], gone: Callable[[], None]) -> None:
        """Call, on the running loop, when fresh files come, and when the parent is gone."""
        loop = asyncio.get_running_loop()

        def take() -> None:
            try:
                taken = receive(self.channel)
            except OSError:
                taken = None
            if taken is None:
                loop.remove_reader(self.channel)
                gone()
            else:
                fresh(_read_all(taken[1]))

        loop.add_reader(self.channel, take)


def _taken(channel: socket.socket, kind: str) -> list[Handed]:
    taken = receive(channel)
    if taken is None or taken[0] != kind:
        raise PrivilegeError(f"the parent ended before it handed over {kind}")
    return taken[1]


def _address(name: str) -> Address:
    ip, _, port = name.partition(" ")
    return ip, int(port)


def _read_all(handed: list[Handed]) -> dict[Path, bytes]:
    try:
        return {Path(name): os.pread(fd, _MOST_OCTETS, 0) for name, fd in handed}
    finally:
        for _, fd in handed:
            os.close(fd)


def confine() -> None:
    """Make sure that this process cannot become more than it is.

    Raises:
        PrivilegeError: It is more, or could be.
    """
    os.umask(_UMASK)
    if 0 in {os.getuid(), os.geteuid(), *os.getresuid()}:
        raise PrivilegeError("the server would run as root; it was not started as it should be")
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        raise PrivilegeError("the system does not let a process give up new privileges")
    status = dict(
        line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line
    )
    held = [name for name in _CAPABILITIES if int(status.get(name, "0"), 16)]
    if held:
        raise PrivilegeError(f"the process holds capabilities ({', '.join(held)}); it was to have none")
