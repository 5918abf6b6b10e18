"""Hosts that did not answer a moment ago: a long backlog for one need not wait for it again and again.

Only what took long is remembered. A host that refuses at once costs nothing to ask.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import replace

from mox.runtime import Clock
from moxkit.smtpclient import HostConnection, HostFailure

__all__ = ["DeadHosts"]

_MOST_REMEMBERED = 10_000


class DeadHosts:
    """Remembers them for a minute; in memory."""

    def __init__(self, clock: Clock, *, slow_s: float = 5.0, remembered_s: float = 60.0) -> None:
        """Begin without any.

        Args:
            clock: For how long a host took, and is remembered.
            slow_s: A failure that took less is not worth remembering.
            remembered_s: After that it is tried again.
        """
        self._clock = clock
        self._slow_s = slow_s
        self._remembered_s = remembered_s
        self._dead: OrderedDict[Hashable, tuple[float, HostFailure]] = OrderedDict()

    async def dial(
        self, key: Hashable, dialing: Callable[[], Awaitable[HostConnection | HostFailure]]
    ) -> HostConnection | HostFailure:
        """Dial, unless that has just been in vain.

        Args:
            key: All that decides what dialing comes to.
            dialing: Does it.
        """
        began = self._clock.monotonic()
        until, failure = self._dead.get(key, (0.0, None))
        if failure is not None and began < until:
            return replace(failure, text=f"{failure.text}, a moment ago")
        connection = await dialing()
        now = self._clock.monotonic()
        self._dead.pop(key, None)
        # What is wrong with TLS was found by talking to it.
        if isinstance(connection, HostFailure) and not connection.failures and now - began >= self._slow_s:
            self.remember(key, connection)
        return connection

    def remember(self, key: Hashable, failure: HostFailure) -> None:
        """Take note that a host is not to be tried for a while."""
        self._dead[key] = self._clock.monotonic() + self._remembered_s, failure
        if len(self._dead) > _MOST_REMEMBERED:
            self._dead.popitem(last=False)
