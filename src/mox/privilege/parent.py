"""The parent: starts the server's processes, hands over, then waits; the first one's end is its own."""

import logging
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

assert sys.platform != "win32"  # noqa: S101  there is no such thing on Windows

from mox.privilege.crew import Crew  # noqa: E402  see above
from mox.privilege.errors import PrivilegeError  # noqa: E402  see above
from mox.privilege.handover import CHANNEL, Address  # noqa: E402  see above
from mox.privilege.user import RunAs  # noqa: E402  see above
from mox.privilege.wakeup import Wakeup  # noqa: E402  see above
from mox.runtime import FileWatch  # noqa: E402  see above

__all__ = ["run_parent"]

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 5.0
_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_parent(
    argv: Sequence[str],
    *,
    run_as: RunAs | None,
    sockets: Mapping[Address, socket.socket],
    files: Sequence[Path] = (),
    workers: int = 1,
    environment: Mapping[str, str] = {},
    look_every_s: float = _LOOK_EVERY_S,
) -> int:
    """Run a program, as somebody else, until it ends; return its exit status, 128 and more for a signal.

    Args:
        argv: The program and its arguments.
        run_as: Whom it runs as, without further groups; None: as whoever this is.
        sockets: Bound; closed here when all that need them have them.
        files: Keys and certificates; fresh descriptors follow when they were replaced.
        workers: How many processes run it together. With several, one that was killed is replaced.
        environment: More of it, for the program.
        look_every_s: How often files are looked at.

    Raises:
        PrivilegeError: The program cannot be started, or a file cannot be opened.
    """
    if CHANNEL in os.environ:
        raise PrivilegeError(f"{CHANNEL} is in the environment; start it without")
    watch, wakeup = FileWatch(files), Wakeup((*_FORWARDED, signal.SIGCHLD))
    crew = Crew(argv, run_as=run_as, sockets=sockets, files=files, count=workers, environment=environment)
    try:
        crew.start()
        while (status := crew.look()) is None:
            due_s = crew.replace()
            for number in wakeup.wait(look_every_s if due_s is None else min(look_every_s, due_s)):
                if number in _FORWARDED:
                    crew.signal(number)
            if watch.has_changed():
                logger.info("keys or certificates were replaced, handing them over")
                crew.renew()
    finally:
        crew.close()
    logger.info("stopping after child exit", extra={"status": status})
    return status if status >= 0 else 128 - status
