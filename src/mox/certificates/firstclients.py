"""Who comes to a host before its first certificate is there."""

import asyncio

from mox.certificates.byhosts import HostCertificates
from mox.certificates.challenges import ACME_ALPN
from moxkit.net import ClientHello, HelloSelector, TLSContext

__all__ = ["FirstClients"]


class FirstClients:
    """Has them wait for it instead of refusing them; a `moxkit.net.HelloSelector`."""

    def __init__(self, looks: HelloSelector | None, issued: HostCertificates, provider: str) -> None:
        """Remember whom to ask.

        Args:
            looks: Answers the provider when it looks, for which nobody may wait.
            issued: Where certificates come from.
            provider: Of whom.
        """
        self._looks = looks
        self._issued = issued
        self._provider = provider

    @property
    def is_active(self) -> bool:
        """Whether a connection may be a provider's that looks, or may have to wait."""
        is_looked_at = self._looks is not None and self._looks.is_active
        return is_looked_at or self._issued.is_missing_some(self._provider)

    def choose(self, hello: ClientHello) -> TLSContext | asyncio.Future[None] | None:
        """Return the context of a look, or what to wait for; others get the usual one."""
        if hello.server_name is None:
            return None
        if hello.alpn == (ACME_ALPN,):
            return None if self._looks is None else self._looks.choose(hello)
        return self._issued.awaited(self._provider, hello.server_name.lower())
