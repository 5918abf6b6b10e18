"""What the processes of a server tell each other: short notices, that something is worth a look.

A notice is a hint, never data: who gets one looks at what is stored, and who missed one, since it was being
replaced, looks when it starts. What does not fit into another's socket waits here, each notice once, so that
a slow process costs memory that is known beforehand and delays nobody.
"""

import asyncio
import json
import logging
import socket
from collections.abc import Callable, Mapping

__all__ = ["Notices"]

logger = logging.getLogger(__name__)

_LONGEST = 4096
# Datagrams taken before others have their turn.
_AT_ONCE = 100
_AGAIN_S = 0.02
# For each other process; there are about as many different ones as accounts.
_MOST_WAITING = 100_000


class Notices:
    """The notices of one process; on the loop's thread."""

    def __init__(self, own: socket.socket | None = None, others: Mapping[int, socket.socket] = {}) -> None:
        """Remember the sockets, of datagrams; without any nobody is told anything.

        Args:
            own: Where this process is told.
            others: Where other processes are told, by their number.
        """
        self._own = own
        self._others = dict(others)
        self._waiting: dict[int, dict[bytes, None]] = {number: {} for number in others}
        self._listening: dict[str, Callable[[str], None]] = {}
        self._again: asyncio.TimerHandle | None = None
        for each in (*others.values(), *(() if own is None else (own,))):
            each.setblocking(False)

    def on(self, kind: str, listen: Callable[[str], None]) -> None:
        """Have somebody called, with the text of each notice of a kind."""
        self._listening[kind] = listen

    def start(self) -> None:
        """Begin to listen, on the running loop."""
        if self._own is not None:
            asyncio.get_running_loop().add_reader(self._own, self._take)

    def tell(self, kind: str, text: str = "") -> None:
        """Tell all others, soon; one that is told the same already is told once."""
        if not self._others:
            return
        notice = json.dumps([kind, text]).encode()
        for number, waiting in self._waiting.items():
            if waiting or not self._send(number, notice):
                if len(waiting) < _MOST_WAITING:
                    waiting[notice] = None
                self._try_again_soon()

    def _send(self, number: int, notice: bytes) -> bool:
        """Return whether it needs no other try."""
        try:
            self._others[number].send(notice)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            logger.debug("notice not sent", extra={"worker": number, "error": error})
        return True

    def _try_again_soon(self) -> None:
        if self._again is None:
            self._again = asyncio.get_running_loop().call_later(_AGAIN_S, self._try_again)

    def _try_again(self) -> None:
        self._again = None
        for number, waiting in self._waiting.items():
            while waiting:
                notice = next(iter(waiting))
                if not self._send(number, notice):
                    self._try_again_soon()
                    break
                del waiting[notice]

    def _take(self) -> None:
        if self._own is None:
            return
        for _ in range(_AT_ONCE):
            try:
                octets = self._own.recv(_LONGEST)
            except (BlockingIOError, InterruptedError):
                return
            self._hear(octets)

    def _hear(self, octets: bytes) -> None:
        kind, text = json.loads(octets)
        if (listen := self._listening.get(kind)) is None:
            return
        try:
            listen(text)
        except Exception:
            # What one notice does must not keep others from being heard.
            logger.exception("notice of another worker crashed", extra={"kind": kind})

    def close(self) -> None:
        """Hear and tell nothing more."""
        if self._again is not None:
            self._again.cancel()
        if self._own is not None:
            asyncio.get_running_loop().remove_reader(self._own)
            self._own.close()
        for each in self._others.values():
            each.close()
        self._own = None
        self._others, self._waiting = {}, {}
