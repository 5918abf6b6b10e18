"""The processes that a parent looks after: started, handed what they need, replaced when they die."""

import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

assert sys.platform != "win32"  # noqa: S101  there is no such thing on Windows

from mox.privilege.errors import PrivilegeError  # noqa: E402  see above
from mox.privilege.handover import CHANNEL, Address, Handed, send  # noqa: E402  see above
from mox.privilege.user import RunAs  # noqa: E402  see above
from mox.runtime import Worker  # noqa: E402  see above

__all__ = ["Crew"]

logger = logging.getLogger(__name__)

_PATIENCE_S = 10.0
# To end what is under way; then they are killed.
_GRACE_S = 20.0
# Who dies at once dies again: not as fast as the machine can.
_PAUSE_S = 2.0
_UMASK = 0o007


@dataclass(frozen=True, slots=True)
class _Member:
    process: subprocess.Popen[bytes]
    channel: socket.socket


class Crew:
    """The processes of a server, by number.

    The first one is alone in doing what is done once for all; its end is the end of all, unless something
    killed it. Each of the others serves, and is replaced whatever it died of.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        run_as: RunAs | None,
        sockets: Mapping[Address, socket.socket],
        files: Sequence[Path],
        count: int,
        environment: Mapping[str, str],
    ) -> None:
        """Remember what to start.

        Args:
            argv: The program and its arguments, the same for each.
            run_as: Whom they run as, without further groups; None: as whoever this is.
            sockets: Bound.
            files: Keys and certificates.
            count: How many.
            environment: More of it, for them.
        """
        self._argv = argv
        self._run_as = run_as
        self._sockets = dict(sockets)
        self._files = files
        self._environment = environment
        self._workers = tuple(Worker(number, count) for number in range(count))
        # Where each is told by the others, and where the others put it; they outlive who listens there.
        self._posts = [
            socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(count if count > 1 else 0)
        ]
        self._members: dict[int, _Member] = {}
        self._start_at: dict[int, float] = {}
        self._is_stopping = False
        self._signal = 0

    def start(self) -> None:
        """Start all.

        Raises:
            PrivilegeError: One cannot be started, or a file cannot be opened.
        """
        for worker in self._workers:
            self._start(worker)
        if len(self._workers) == 1:
            # Nobody comes after it: who connects when it is gone is to be told at once.
            self._close_sockets()

    def look(self) -> int | None:
        """See who ended; return the status of the first once all are to end, negative for a signal."""
        if self._is_stopping and 0 not in self._members:
            # It was about to be replaced.
            return -self._signal
        for worker in self._workers:
            member = self._members.get(worker.number)
            if member is None or (status := member.process.poll()) is None:
                continue
            is_killed = status < 0 and len(self._workers) > 1
            if worker.is_first and (self._is_stopping or not is_killed):
                return status
            self._note_end(worker, member, status)
        return None

    def _note_end(self, worker: Worker, member: _Member, status: int) -> None:
        member.channel.close()
        del self._members[worker.number]
        if not self._is_stopping:
            logger.error(
                "worker died, another is started",
                extra={"worker": worker.number, "pid": member.process.pid, "status": status},
            )
            self._start_at[worker.number] = time.monotonic() + _PAUSE_S

    def replace(self) -> float | None:
        """Start whom it is time to start; return how long until the next, None for nobody."""
        now = time.monotonic()
        for worker in self._workers:
            if self._start_at.get(worker.number, now + 1) <= now and not self._is_stopping:
                del self._start_at[worker.number]
                try:
                    self._start(worker)
                except (OSError, PrivilegeError) as error:
                    logger.warning("worker not started", extra={"worker": worker.number, "error": error})
                    self._start_at[worker.number] = now + _PAUSE_S
        return max(0.0, min(self._start_at.values()) - now) if self._start_at else None

    def signal(self, number: int) -> None:
        """Pass a signal on to all; it is to end them."""
        self._is_stopping, self._signal = True, number
        for member in self._members.values():
            member.process.send_signal(number)

    def renew(self) -> None:
        """Hand fresh descriptors of keys and certificates to all."""
        for number, member in self._members.items():
            try:
                self._send_files(member.channel)
            except (OSError, PrivilegeError) as error:
                logger.warning(
                    "fresh keys and certificates not handed over", extra={"worker": number, "error": error}
                )

    def close(self) -> None:
        """End who still runs, the one or other way."""
        self._is_stopping = True
        running = [each.process for each in self._members.values() if each.process.poll() is None]
        for process in running:
            process.terminate()
        end = time.monotonic() + _GRACE_S
        for process in running:
            try:
                process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                logger.warning("worker does not end, killed", extra={"pid": process.pid})
                process.kill()
                process.wait()
        for member in self._members.values():
            member.channel.close()
        for post in self._posts:
            post[0].close()
            post[1].close()
        self._close_sockets()

    def _close_sockets(self) -> None:
        for each in self._sockets.values():
            each.close()

    # --- starting one

    def _start(self, worker: Worker) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # One that hangs must not keep signals from being passed on.
        ours.settimeout(_PATIENCE_S)
        with theirs:
            try:
                process = self._process(worker, theirs.fileno())
            except PrivilegeError:
                ours.close()
                raise
        self._members[worker.number] = _Member(process, ours)
        try:
            self._hand_over(worker, ours)
        except BaseException:
            # Half of what it needs is of no use.
            process.kill()
            process.wait()
            ours.close()
            del self._members[worker.number]
            raise

    def _process(self, worker: Worker, channel: int) -> subprocess.Popen[bytes]:
        run_as = self._run_as
        how = f"{channel} {worker.number} {worker.count} {'confined' if run_as else 'as-is'}"
        try:
            return subprocess.Popen(  # noqa: S603  our own program
                self._argv,
                user=run_as.uid if run_as else None,
                group=run_as.gid if run_as else None,
                extra_groups=() if run_as else None,
                umask=_UMASK if run_as else -1,
                pass_fds=(channel,),
                env={**os.environ, **self._environment, CHANNEL: how},
            )
        except OSError as error:
            name = run_as.name if run_as else "worker"
            raise PrivilegeError(
                f"{self._argv[0]} cannot be run as {name}: {error.strerror}; "
                "everybody must be able to read the interpreter and what is installed for it"
            ) from error

    def _hand_over(self, worker: Worker, channel: socket.socket) -> None:
        sockets: list[Handed] = [
            (f"{ip} {port}", each.fileno()) for (ip, port), each in self._sockets.items()
        ]
        # One end to listen at, its own; and where to tell the others.
        posts: list[Handed] = [
            (str(number), post[number != worker.number].fileno()) for number, post in enumerate(self._posts)
        ]
        try:
            send(channel, "sockets", sockets)
            send(channel, "posts", posts)
            self._send_files(channel)
        except (BrokenPipeError, ConnectionResetError):
            # It ended already; why, it has said itself.
            return
        except TimeoutError as error:
            raise PrivilegeError("a process does not take what it is handed") from error

    def _send_files(self, channel: socket.socket) -> None:
        opened: list[Handed] = []
        try:
            for path in self._files:
                try:
                    opened.append((str(path), os.open(path, os.O_RDONLY)))
                except OSError as error:
                    raise PrivilegeError(f"{path}: {error.strerror}") from error
            send(channel, "files", opened)
        finally:
            for _, fd in opened:
                os.close(fd)
