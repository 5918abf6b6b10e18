"""Certificates that another process asks for: read when they are needed, and again when they are new."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mox.acme.cache import CertificateCache
from mox.acme.hosts import Hosts, certificate_hosts
from mox.certificates import KeyType
from mox.config import ConfigSnapshot
from mox.observe import AcmeMetrics
from mox.runtime import Clock

__all__ = ["KeptCertificates"]

_LOOK_EVERY_S = 2.0

_Pairs = tuple[tuple[bytes, bytes], ...]
_Stamp = tuple[int, int] | None


@dataclass(slots=True)
class _Known:
    """What was read, of files with which stamps, and when to look again."""

    pairs: _Pairs = ()
    stamps: tuple[_Stamp, ...] = ()
    look_at: float = float("-inf")


class KeptCertificates:
    """The certificates of all providers, as they are on disk."""

    def __init__(
        self,
        *,
        snapshot: Callable[[], ConfigSnapshot],
        data_dir: Path,
        clock: Clock,
        counting: AcmeMetrics,
    ) -> None:
        """Remember where they are.

        Args:
            snapshot: The configuration as it is; its hosts may change at any time.
            data_dir: Where certificates are kept.
            clock: For pauses between looks.
            counting: Numbers.
        """
        self._snapshot = snapshot
        self._clock = clock
        self._counting = counting
        self._caches = {name: CertificateCache(data_dir, name) for name in snapshot().static.acme}
        self._known: dict[tuple[str, str], _Known] = {}
        self._seen: ConfigSnapshot | None = None
        self._hosts: Mapping[str, Hosts] = {}

    def current(self, provider: str, host: str) -> _Pairs | None:
        """Return chains and keys of a host; `None` if it is not ours, or has none yet.

        As long as nothing is new the very same object comes back.
        """
        if not host:
            self._counting.missing_name()
            return None
        if (snapshot := self._snapshot()) is not self._seen:
            self._hosts, self._seen = certificate_hosts(snapshot), snapshot
        hosts = self._hosts.get(provider)
        types = hosts.key_types(host) if hosts is not None else ()
        if not types:
            self._counting.unknown_name()
            return None
        known = self._known.setdefault((provider, host), _Known())
        if (now := self._clock.monotonic()) >= known.look_at:
            known.look_at = now + _LOOK_EVERY_S
            self._look(known, self._caches[provider], host, types)
        return known.pairs or None

    def is_missing_some(self, provider: str) -> bool:
        """Say that there is nothing to wait for: web sites, whose clients wait, are not served here."""
        return False

    def awaited(self, provider: str, host: str) -> None:
        """Return nothing to wait for."""
        return

    def _look(self, known: _Known, cache: CertificateCache, host: str, types: tuple[KeyType, ...]) -> None:
        stamps = tuple(_stamp(cache.file(host, key_type)) for key_type in types)
        if stamps == known.stamps:
            return
        known.stamps = stamps
        found = [cache.load(host, key_type) for key_type in types]
        known.pairs = tuple((each.chain, each.key) for each in found if each is not None)


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns
