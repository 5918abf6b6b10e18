"""Contexts by server name, where somebody else issues certificates, host by host."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from moxkit.net import HelloSelector, TLSContext

__all__ = ["HostCertificates", "Names", "OfHosts"]

_Pairs = Sequence[tuple[bytes, bytes]]


class HostCertificates(Protocol):
    """Where certificates come from that somebody else issues, host by host."""

    def current(self, provider: str, host: str) -> _Pairs | None:
        """Return a host's chains and keys, the same object while nothing is new; `None` for none.

        An empty host is that of a client that named none, and had to.
        """
        ...

    def is_missing_some(self, provider: str) -> bool:
        """Say whether there may be anything to wait for; cheap."""
        ...

    def awaited(self, provider: str, host: str) -> asyncio.Future[None] | None:
        """Return what is done once a host has its first certificate, or cannot have it now.

        `None` if there is nothing to wait for.
        """
        ...


@dataclass(frozen=True, slots=True)
class Names:
    """Which host's certificate a client gets, where each host has its own.

    Attributes:
        hostname: For who sends no name.
        is_lenient: For who sends an unknown one, too; on port 25 nobody looks at names, but all want TLS.
        needs_name: Who sends no name is refused: a browser always does.
    """

    hostname: str
    is_lenient: bool = False
    needs_name: bool = False


class OfHosts:
    """The contexts of a service; made when first needed, and again when there is a new certificate."""

    def __init__(
        self,
        make: Callable[..., TLSContext],
        names: Names,
        current: Callable[[str], _Pairs | None],
    ) -> None:
        """Remember what there is.

        Args:
            make: Makes a context from chains and keys, with what `server_context` takes besides.
            names: Which certificate is for whom.
            current: Returns chains and keys of a host.
        """
        self._make = make
        self._names = names
        self._current = current
        # As many as there are hosts with certificates.
        self._made: dict[str, tuple[_Pairs, TLSContext]] = {}

    def listening(self, hello: HelloSelector | None) -> TLSContext:
        """Return the context to listen with."""
        return self._make((), select=self._select, hello=hello)

    def _select(self, name: str | None) -> TLSContext | None:
        names = self._names
        if name is None:
            return self._context("" if names.needs_name else names.hostname)
        found = self._context(name.lower())
        return self._context(names.hostname) if found is None and names.is_lenient else found

    def _context(self, host: str) -> TLSContext | None:
        pairs = self._current(host)
        if pairs is None:
            return None
        known = self._made.get(host)
        if known is None or known[0] is not pairs:
            known = self._made[host] = pairs, self._make(pairs)
        return known[1]
