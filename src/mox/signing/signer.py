"""Signs messages for the domain of their author."""

import asyncio
import logging
import mmap
import re
from collections.abc import Callable
from concurrent.futures import Executor

from mox.config import ConfigSnapshot
from mox.runtime import Clock
from mox.signing.keyring import KeyRing, UnusableKeyError
from mox.store import Content
from moxkit import dkim
from moxkit.domain import Domain, DomainError, parse_domain
from moxkit.message import Address

__all__ = ["Signer"]

logger = logging.getLogger(__name__)

_PLAIN = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")


class Signer:
    """Signs with all selectors that a domain signs with."""

    def __init__(
        self, *, current: Callable[[], ConfigSnapshot], keys: KeyRing, clock: Clock, pool: Executor
    ) -> None:
        """Remember where keys come from.

        Args:
            current: The configuration of the moment.
            keys: Reads the keys it names.
            clock: When signatures are made.
            pool: Makes them: an RSA signature takes a millisecond, a large body more.
        """
        self._current = current
        self._keys = keys
        self._clock = clock
        self._pool = pool

    async def sign(self, content: Content, prefix: bytes, author: Address) -> bytes:
        """Return DKIM-Signature fields, with CRLF, to be put before `prefix`; none if nothing signs.

        Args:
            content: The message, on stable storage.
            prefix: Fields of it that stand before the content, with CRLF.
            author: The address in From; the keys of its domain sign.
        """
        try:
            domain = parse_domain(author.domain)
        except DomainError:
            return b""
        settings = self._current().domains.get(domain.ascii)
        if settings is None or settings.dkim is None:
            return b""
        keys: list[dkim.SigningKey] = []
        for name in settings.dkim.sign:
            try:
                keys.append(self._keys.signing_key(name, settings.dkim.selectors[name]))
            except UnusableKeyError as error:
                extra = {"domain": domain.ascii, "selector": name, "problem": str(error)}
                logger.warning("message is not signed with a selector", extra=extra)
        if not keys:
            return b""
        # Only a hint for people: an odd one is not worth the trouble of quoting it.
        localpart = author.localpart
        identity = dkim.Identity(localpart, domain) if _PLAIN.fullmatch(localpart) else None
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, self._sign, content, prefix, domain, keys, identity)
        except (dkim.SignError, OSError) as error:
            # Mail without signature often arrives; mail that is not sent never does.
            extra = {"domain": domain.ascii, "problem": str(error)}
            logger.warning("message could not be signed", extra=extra)
            return b""

    def _sign(
        self,
        content: Content,
        prefix: bytes,
        domain: Domain,
        keys: list[dkim.SigningKey],
        identity: dkim.Identity | None,
    ) -> bytes:
        now = self._clock.now()
        if content.octets is not None:
            source: bytes | mmap.mmap = content.octets
            return dkim.sign(source, domain=domain, keys=keys, now=now, identity=identity, prefix=prefix)
        with content.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as source:
            return dkim.sign(source, domain=domain, keys=keys, now=now, identity=identity, prefix=prefix)
