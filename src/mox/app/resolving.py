"""The resolver of a server; a developer's asks, too, but never waits long for DNS that is not there."""

import asyncio
import logging
from datetime import timedelta
from typing import Any

from mox.config import Resolvers
from mox.runtime import Clock
from moxkit.dns import (
    Answer,
    DnsResolver,
    RecordType,
    Resolver,
    ResolverByType,
    TemporaryFailure,
    parse_name_server,
)

__all__ = ["ImpatientResolver", "make_resolver"]

logger = logging.getLogger(__name__)

_PATIENCE = timedelta(seconds=1)
_PAUSE_S = 60.0


class ImpatientResolver(ResolverByType):
    """Asks another resolver, and stops asking for a minute when that does not answer in a second."""

    __slots__ = ("_clock", "_down_until", "_patience_s", "_resolver")

    def __init__(self, resolver: DnsResolver, clock: Clock, patience: timedelta = _PATIENCE) -> None:
        self._resolver = resolver
        self._clock = clock
        self._patience_s = patience.total_seconds()
        self._down_until = float("-inf")

    async def lookup(self, name: str, kind: RecordType) -> Answer[Any]:
        """Return the records of this type; see `ResolverByType.lookup`."""
        if self._clock.monotonic() < self._down_until:
            raise TemporaryFailure("DNS did not answer a moment ago")
        try:
            async with asyncio.timeout(self._patience_s):
                return await self._resolver.lookup(name, kind)
        except TimeoutError:
            self._down_until = self._clock.monotonic() + _PAUSE_S
            logger.info("dns does not answer, not asking for a minute", extra={"question": f"{kind} {name}"})
            raise TemporaryFailure("DNS does not answer") from None


class _NoResolver(ResolverByType):
    """Stands for a machine without DNS."""

    __slots__ = ("_problem",)

    def __init__(self, problem: str) -> None:
        self._problem = problem

    async def lookup(self, name: str, kind: RecordType) -> Answer[Any]:
        """Fail."""
        raise TemporaryFailure(self._problem)


def make_resolver(configured: Resolvers, clock: Clock, *, is_local: bool) -> Resolver:
    """Return the resolver that is configured, by default the machine's.

    Args:
        configured: Which.
        clock: For pauses.
        is_local: It is a developer's server, on a machine that may have no DNS.

    Raises:
        OSError: The machine has none, and the server is to be on the internet.
    """
    servers = [parse_name_server(name) for name in configured.servers] or None
    try:
        resolver = DnsResolver(servers=servers, trust_ad=configured.trust_ad)
    except OSError as error:
        if not is_local:
            raise
        return _NoResolver(str(error))
    return ImpatientResolver(resolver, clock) if is_local else resolver
