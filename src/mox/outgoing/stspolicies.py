"""MTA-STS policies of domains that we send to, kept as long as they say (RFC 8461 §3.3, §5.1).

Invariant: a policy that is valid counts whatever DNS and HTTPS say meanwhile, unless a newer one was fetched;
so who can suppress answers cannot take a policy away.
"""

import logging
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from mox.database import GroupWriter, Migrations, Row, open_database, open_reader
from mox.runtime import Clock
from moxkit import mtasts
from moxkit.dns import Resolver
from moxkit.domain import Domain, parse_domain
from moxkit.https import Get

__all__ = ["KnownPolicy", "PolicyUnknownError", "StsPolicies"]

logger = logging.getLogger(__name__)

_MIGRATIONS = Migrations("mox.outgoing", "schema")
_FETCH_AGAIN_AFTER = timedelta(minutes=5)
# RFC 8461 §3.3: looked for before they end, so that no mail goes without between two of them.
_REFRESH_AFTER = timedelta(hours=12)
_FORGET_AFTER = timedelta(days=180)
_REFRESH_EVERY_S = 24 * 3600.0
_BETWEEN_REFRESHES_S = 1.0
_MOST_REFRESHED = 10_000
# Not every delivery is worth a write.
_NOTE_USE_AFTER_S = 24 * 3600

_GET = "SELECT record_id, text, valid_until, retry_at, used_at, report FROM policy WHERE domain = :domain"
_SET = """INSERT INTO policy(domain, record_id, text, valid_until, retry_at, report, updated_at, used_at)
  VALUES (:domain, :record_id, :text, :valid_until, :retry_at, :report, :now, :now)
  ON CONFLICT DO UPDATE SET record_id = :record_id, text = :text, valid_until = :valid_until,
    retry_at = :retry_at, report = :report, updated_at = :now"""
_USED = "UPDATE policy SET used_at = :now WHERE domain = :domain"
_LATER = "UPDATE policy SET retry_at = :retry_at WHERE domain = :domain"
_FORGET = "DELETE FROM policy WHERE used_at < :before OR valid_until < :now AND retry_at < :now"
_OLD = """SELECT domain FROM policy WHERE updated_at < :before AND valid_until > :now
  ORDER BY updated_at LIMIT :limit"""


class PolicyUnknownError(Exception):
    """Whether the domain has a policy cannot be known for now; the text says why."""


@dataclass(frozen=True, slots=True)
class KnownPolicy:
    """What a domain asks for by MTA-STS.

    Attributes:
        policy: None if it asks for nothing.
        text: The policy as served.
        report: Why there is none although there should be, as a result type of TLS reports
            (RFC 8460 §4.3.2.2); empty otherwise.
    """

    policy: mtasts.Policy | None = None
    text: str = ""
    report: str = ""


@dataclass(frozen=True, slots=True)
class _Kept:
    record_id: str
    known: KnownPolicy
    retry_at: int
    used_at: int


class StsPolicies:
    """The policies of all domains that were sent to."""

    def __init__(
        self, *, directory: Path, clock: Clock, pool: Executor, resolver: Resolver, get: Get
    ) -> None:
        """Open `mtasts.db` below the data directory, creating it if need be; blocking.

        Args:
            directory: The server's data directory.
            clock: For how long policies count.
            pool: Writes.
            resolver: For records.
            get: For policies; it verifies certificates (RFC 8461 §3.3).
        """
        self._writing = open_database(directory / "mtasts.db", _MIGRATIONS)
        self._reader = open_reader(directory / "mtasts.db")
        self._writer = GroupWriter(self._writing, pool)
        self._clock = clock
        self._resolver = resolver
        self._get = get

    async def find(self, domain: Domain) -> KnownPolicy:
        """Return what is asked of mail to a domain.

        Raises:
            PolicyUnknownError: DNS does not answer, and nothing is kept from before.
        """
        now = self._now()
        kept = self._kept(domain, now)
        if kept is not None and kept.known.policy is not None:
            record = (await mtasts.find_record(self._resolver, domain)).record
            if record is None or record.id == kept.record_id or now < kept.retry_at:
                if now - kept.used_at > _NOTE_USE_AFTER_S:
                    await self._write(_USED, domain=domain.ascii, now=now)
                return kept.known
            return await self._fetch(domain, kept.known)
        if kept is not None and now < kept.retry_at:
            return kept.known
        return await self._fetch(domain, None)

    async def _fetch(self, domain: Domain, kept: KnownPolicy | None) -> KnownPolicy:
        """Fetch a policy; return what counts now."""
        found = await mtasts.lookup(self._resolver, self._get, domain)
        now = self._now()
        if found.policy is not None and found.record is not None:
            valid_until = now + int(found.policy.max_age.total_seconds())
            await self._set(domain, found, now, valid_until=valid_until, retry_at=0)
            return KnownPolicy(found.policy, found.text)
        retry_at = now + int(_FETCH_AGAIN_AFTER.total_seconds())
        if kept is not None:
            await self._write(_LATER, domain=domain.ascii, retry_at=retry_at)
            return kept
        if found.is_temporary:
            raise PolicyUnknownError(found.detail)
        if found.record is not None:
            extra = {"domain": domain.ascii, "problem": found.problem, "detail": found.detail}
            logger.warning("mta-sts policy cannot be had, sending without", extra=extra)
            await self._set(domain, replace(found, text=""), now, valid_until=0, retry_at=retry_at)
        return KnownPolicy(report=found.report)

    async def _set(
        self, domain: Domain, found: mtasts.Found, now: int, *, valid_until: int, retry_at: int
    ) -> None:
        await self._write(
            _SET,
            domain=domain.ascii,
            record_id="" if found.record is None else found.record.id,
            text=found.text.encode(),
            valid_until=valid_until,
            retry_at=retry_at,
            report=found.report,
            now=now,
        )

    def _kept(self, domain: Domain, now: int) -> _Kept | None:
        row: Row | None = self._reader.row(_GET, domain=domain.ascii)
        if row is None:
            return None
        record_id, text, valid_until, retry_at, used_at, report = row
        known = KnownPolicy(report=report)
        if text and now < valid_until:
            try:
                known = KnownPolicy(mtasts.parse_policy(bytes(text)), bytes(text).decode("utf-8", "replace"))
            except mtasts.PolicyError:
                # It was read before; this version reads it differently.
                known = KnownPolicy(report="sts-policy-invalid")
        return _Kept(record_id, known, retry_at, used_at)

    async def run(self) -> None:
        """Keep policies fresh until cancelled."""
        while True:
            await self._clock.sleep(_REFRESH_EVERY_S)
            await self.refresh()

    async def refresh(self) -> None:
        """Fetch anew what was fetched some time ago, forget what is of no use."""
        now = self._now()
        await self._write(_FORGET, before=now - int(_FORGET_AFTER.total_seconds()), now=now)
        before = now - int(_REFRESH_AFTER.total_seconds())
        for (name,) in self._reader.rows(_OLD, before=before, now=now, limit=_MOST_REFRESHED):
            domain = parse_domain(name, allow_underscore=True)
            kept = self._kept(domain, self._now())
            if kept is not None and kept.known.policy is not None:
                await self._fetch(domain, kept.known)
            # Servers of policies are not to feel our clock.
            await self._clock.sleep(_BETWEEN_REFRESHES_S)

    async def _write(self, sql: str, **parameters: object) -> None:
        try:
            await self._writer.run(lambda tx: tx.connection.run(sql, **parameters))
        except OSError as error:
            # What was fetched counts all the same, for this delivery.
            logger.warning("mta-sts policy cannot be kept", extra={"reason": str(error)})

    def _now(self) -> int:
        return int(self._clock.now().timestamp())

    async def close(self) -> None:
        """Finish writing and close."""
        await self._writer.run(lambda _: None)
        self._reader.close()
        self._writer.close()
