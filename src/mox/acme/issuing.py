"""Which certificates there are, which are wanted, and asking for them one after the other."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Protocol

from mox.acme.cache import CertificateCache
from mox.acme.certificate import Issued, read_issued
from mox.acme.hosts import Hosts, certificate_hosts, host_key_files
from mox.acme.schedule import renewal_time, retry_delay
from mox.acme.session import AcmeError
from mox.certificates import KeyType, PrivateKey, key_pem, make_key, read_key
from mox.config import ConfigSnapshot, format_duration
from mox.observe import AcmeMetrics
from mox.runtime import Clock

__all__ = ["Acme"]

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 2.0
# Providers take some hundred orders in three hours.
_ABSENT = timedelta(seconds=30)
_AT_ONCE, _THEN_EVERY_S = 20, 40.0


@dataclass(slots=True)
class _Slot:
    """A certificate that is wanted.

    Attributes:
        issued: What is there; it is shown even when it is old.
        failures: In a row.
        not_before: The next time to ask, after a failure.
        is_absent: It was told that the host is not in DNS.
        is_of_other_key: The configuration has another key for the host now.
    """

    issued: Issued | None
    failures: int = 0
    not_before: datetime | None = None
    is_absent: bool = False
    is_of_other_key: bool = False


_Key = tuple[str, str, KeyType]


class Ordering(Protocol):
    """A session with a provider; `mox.acme.Session` is one. It waits, and is called in a thread."""

    def order(self, host: str, key: PrivateKey, ways: Sequence[str]) -> bytes:
        """Have a certificate issued; return its chain, PEM. Raises `AcmeError`."""
        ...

    def stop(self) -> None:
        """End soon what waits."""
        ...


class Acme:
    """Certificates of all providers of the configuration."""

    def __init__(
        self,
        *,
        snapshot: Callable[[], ConfigSnapshot],
        sessions: Mapping[str, Ordering],
        data_dir: Path,
        clock: Clock,
        read_file: Callable[[str], bytes],
        ways: Callable[[str], Sequence[str]],
        is_in_dns: Callable[[str], Awaitable[bool]],
        counting: AcmeMetrics,
    ) -> None:
        """Remember what there is; nobody is asked before `run`.

        Args:
            snapshot: The configuration as it is; its hosts may change at any time.
            sessions: With each provider, by its name.
            data_dir: Where certificates are kept.
            clock: For dates and pauses.
            read_file: Returns the content of a HostPrivateKeyFile.
            ways: Returns the kinds of challenges that a provider's looks can find here, best first.
            is_in_dns: Says whether a host is there for a provider to look at.
            counting: Numbers.
        """
        self._snapshot = snapshot
        self._sessions = sessions
        self._clock = clock
        self._read_file = read_file
        self._ways = ways
        self._is_in_dns = is_in_dns
        self._counting = counting
        self._is_ending = False
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="acme")
        providers = snapshot().static.acme
        self._renew_before = {name: provider.renew_before for name, provider in providers.items()}
        self._caches = {name: CertificateCache(data_dir, name) for name in providers}
        self._slots: dict[_Key, _Slot] = {}
        self._pairs: dict[tuple[str, str], tuple[tuple[bytes, bytes], ...]] = {}
        self._seen: ConfigSnapshot | None = None
        self._hosts: Mapping[str, Hosts] = {}
        # Hosts without any certificate, and who waits for their first.
        self._missing: dict[str, set[str]] = {}
        self._awaited: dict[tuple[str, str], asyncio.Future[None]] = {}

    def current(self, provider: str, host: str) -> tuple[tuple[bytes, bytes], ...] | None:
        """Return chains and keys of a host; `None` if it is not ours, or has none yet.

        A host whose certificates are asked for on demand is asked for from now on. As long as nothing is new
        the very same object comes back.
        """
        if not host:
            self._counting.missing_name()
            return None
        hosts = self._current_hosts().get(provider)
        types = hosts.key_types(host) if hosts is not None else ()
        if not types:
            self._counting.unknown_name()
            return None
        pairs = self._pairs.get((provider, host))
        if pairs is None:
            slots = [self._slot((provider, host, key_type)) for key_type in types]
            pairs = tuple((slot.issued.chain, slot.issued.key) for slot in slots if slot.issued is not None)
            self._pairs[provider, host] = pairs
        return pairs or None

    def _current_hosts(self) -> Mapping[str, Hosts]:
        snapshot = self._snapshot()
        if snapshot is not self._seen:
            self._hosts, self._seen = certificate_hosts(snapshot), snapshot
            for provider, hosts in self._hosts.items():
                self._missing[provider] = set(self._look_through(provider, hosts))
        return self._hosts

    def _look_through(self, provider: str, hosts: Hosts) -> Iterator[str]:
        """Want what is asked for at once, and what is there already; yield the hosts that have none."""
        for host, types in (hosts.at_once | hosts.on_demand).items():
            keys = [(provider, host, key_type) for key_type in types]
            wanted = [
                key for key in keys if host in hosts.at_once or key in self._slots or self._is_kept(key)
            ]
            slots = [self._slot(key) for key in wanted]
            if all(slot.issued is None for slot in slots):
                yield host

    def _is_kept(self, key: _Key) -> bool:
        provider, host, key_type = key
        return self._caches[provider].load(host, key_type) is not None

    def is_missing_some(self, provider: str) -> bool:
        """Say whether a host of a provider has no certificate."""
        self._current_hosts()
        return bool(self._missing.get(provider))

    def awaited(self, provider: str, host: str) -> asyncio.Future[None] | None:
        """Return what is done once a host has its first certificate, or asking for it failed.

        `None` if there is nothing to wait for.
        """
        hosts = self._current_hosts().get(provider)
        if self._is_ending or hosts is None or host not in self._missing[provider]:
            return None
        now = self._clock.now()
        slots = [self._slot((provider, host, key_type)) for key_type in hosts.key_types(host)]
        if all(slot.not_before is not None and slot.not_before > now for slot in slots):
            return None
        future = self._awaited.get((provider, host))
        if future is None or future.done():
            future = self._awaited[provider, host] = asyncio.get_running_loop().create_future()
        return future

    def _settle(self, provider: str, host: str) -> None:
        """Let who waits for a host's first certificate go on."""
        future = self._awaited.pop((provider, host), None)
        if future is not None and not future.done():
            future.set_result(None)

    def _slot(self, key: _Key) -> _Slot:
        slot = self._slots.get(key)
        if slot is None:
            provider, host, key_type = key
            slot = self._slots[key] = _Slot(self._caches[provider].load(host, key_type))
            slot.is_of_other_key = slot.issued is not None and not self._is_of_host_key(slot.issued, provider)
        return slot

    def _is_of_host_key(self, issued: Issued, provider: str) -> bool:
        """Say whether a certificate is for the key of its host, if that has one: DANE records name it."""
        wanted, own = self._host_key(provider, issued.host, issued.key_type), read_key(issued.key)
        return wanted is None or own is None or own[1].public_key() == wanted.public_key()

    async def run(self) -> None:
        """Ask for what is missing, and again before it gets too old, for ever."""
        ordered = 0
        while True:
            key = min(self._due(), default=None, key=self._due_at)
            if key is None:
                await self._clock.sleep(_LOOK_EVERY_S)
                continue
            if not await self._is_there(key):
                continue
            await self._obtain(key)
            ordered += 1
            if ordered > _AT_ONCE:
                await self._clock.sleep(_THEN_EVERY_S)

    def _due(self) -> Iterator[_Key]:
        hosts, now = self._current_hosts(), self._clock.now()
        for key in self._slots:
            provider, host, key_type = key
            if key_type in hosts[provider].key_types(host) and self._due_at(key) <= now:
                yield key

    def _due_at(self, key: _Key) -> datetime:
        slot, provider = self._slots[key], key[0]
        if slot.not_before is not None:
            return slot.not_before
        if slot.issued is None or slot.is_of_other_key:
            # Before what only gets old.
            return datetime.min.replace(tzinfo=self._clock.now().tzinfo)
        return renewal_time(slot.issued, self._renew_before[provider])

    async def _is_there(self, key: _Key) -> bool:
        """Say whether it is of use to ask; vain looks of providers are counted against us."""
        slot, host = self._slots[key], key[1]
        if slot.issued is not None or await self._is_in_dns(host):
            return True
        if not slot.is_absent:
            slot.is_absent = True
            logger.warning(
                "host is not in DNS, a certificate is asked for once it is",
                extra={"host": host, "key": key[2]},
            )
        slot.not_before = self._clock.now() + _ABSENT
        self._settle(key[0], host)
        return False

    async def _obtain(self, key: _Key) -> None:
        provider, host, key_type = key
        slot = self._slots[key]
        logger.info(
            "certificate asked for",
            extra={
                "provider": provider,
                "host": host,
                "key": key_type,
                "is_renewal": slot.issued is not None,
            },
        )
        try:
            private = self._host_key(provider, host, key_type)
            order = partial(self._order, key, private, self._ways(provider))
            issued = await asyncio.get_running_loop().run_in_executor(self._pool, order)
        except (AcmeError, ValueError, OSError) as error:
            self._failed(key, str(error), error.retry_after if isinstance(error, AcmeError) else None)
            return
        except Exception:
            # What a provider says may surprise the package; certificates have to be renewed all the same.
            logger.exception("asking for a certificate crashed")
            self._failed(key, "see above", None)
            return
        slot.issued, slot.failures, slot.not_before, slot.is_of_other_key = issued, 0, None, False
        self._pairs.pop((provider, host), None)
        self._missing[provider].discard(host)
        self._settle(provider, host)
        self._counting.stored()
        logger.info(
            "certificate in use",
            extra={"host": host, "key": key_type, "serial": issued.serial, "until": issued.not_after},
        )

    def _failed(self, key: _Key, reason: str, told: timedelta | None) -> None:
        if self._is_ending:
            return
        slot = self._slots[key]
        slot.failures += 1
        delay = retry_delay(slot.failures, told)
        slot.not_before = self._clock.now() + delay
        self._settle(key[0], key[1])
        self._counting.failed()
        logger.error(
            "no certificate, it is tried again",
            extra={
                "provider": key[0],
                "host": key[1],
                "key": key[2],
                "reason": reason,
                "again_in": format_duration(delay),
                "old_until": None if slot.issued is None else slot.issued.not_after,
            },
        )

    def _order(self, key: _Key, private: PrivateKey | None, ways: Sequence[str]) -> Issued:
        """Get a certificate and keep it; this waits, in a thread."""
        provider, host, key_type = key
        private = private or make_key(key_type)
        chain = self._sessions[provider].order(host, private, ways)
        issued = read_issued(host, key_type, chain, key_pem(private))
        try:
            self._caches[provider].store(issued)
        except OSError as error:
            # It is in use all the same: to ask again and again would use up what the provider allows.
            logger.warning("certificate not kept, asked for again at the next start", extra={"error": error})
        return issued

    def _host_key(self, provider: str, host: str, key_type: KeyType) -> PrivateKey | None:
        for name in host_key_files(self._snapshot(), provider, host):
            found = read_key(self._read_file(name))
            if found is None:
                logger.error(
                    "HostPrivateKeyFile is neither RSA with 2048 bits nor ECDSA on P-256, not used",
                    extra={"file": name},
                )
            elif found[0] is key_type:
                return found[1]
        return None

    async def close(self) -> None:
        """Ask nobody any more."""
        self._is_ending = True
        for key in list(self._awaited):
            self._settle(*key)
        for session in self._sessions.values():
            session.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)
