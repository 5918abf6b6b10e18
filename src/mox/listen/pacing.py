"""Writing and reading at the speed a client deserves (who guesses passwords is served slowly)."""

from mox.runtime import Clock
from moxkit.net import LineConn

__all__ = ["Pace"]

_PAUSE_S = 1.0
# Of the 30 seconds a reply may take; the rest is sent at once before the client gives up.
_SLOW_OCTETS = 25


class Pace:
    """Speed of one connection.

    Attributes:
        is_slow: It misbehaved: one octet per second.
    """

    __slots__ = ("_clock", "_conn", "is_slow")

    def __init__(self, conn: LineConn, clock: Clock) -> None:
        self._conn = conn
        self._clock = clock
        self.is_slow = False

    def set_slow(self, is_slow: bool) -> None:
        """Change speed."""
        self.is_slow = is_slow

    async def read(self) -> bytes:
        """Return what the client sent; nothing at the end."""
        if self.is_slow:
            await self._clock.sleep(_PAUSE_S)
        return await self._conn.read()

    async def write(self, octets: bytes) -> None:
        """Send a reply."""
        if self.is_slow:
            for at in range(min(_SLOW_OCTETS, len(octets))):
                self._conn.write(octets[at : at + 1])
                await self._conn.drain()
                await self._clock.sleep(_PAUSE_S)
            octets = octets[_SLOW_OCTETS:]
        if octets:
            self._conn.write(octets)
            await self._conn.drain()
