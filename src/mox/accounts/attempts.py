"""Attempts to sign in: recorded for people, and counted against guessing.

What is recorded is written behind the answer: nobody waits for it, and a flood becomes few writes. Failures
are counted by network in the database, so that all processes of a server count together.
"""

import asyncio
import hashlib
import json
import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from mox.accounts.authdatabase import AuthDatabase
from mox.accounts.service import Service
from mox.database import Transaction
from mox.listen import networks_of
from mox.runtime import Clock

__all__ = ["Attempt", "Attempts", "RecordedAttempt", "Result"]

logger = logging.getLogger(__name__)

# Length in seconds, and how many failures the smallest, middle and largest network may have in it.
_WINDOWS = ((60, (10, 30, 90)), (86400, (50, 150, 450)))
_KEEP_S = 30 * 86400
_MOST_FAILED = 10_000
# Distinct attempts between two writes; what a flood has beyond is counted, not recorded.
_MOST_PENDING = 1_000
_LONGEST_TEXT = 200

_COUNTS = """SELECT w.value ->> 0 AS place, count FROM json_each(:wanted) w
  JOIN failed_sign_in f
  ON f.window = w.value ->> 1 AND f.network = w.value ->> 2 AND f.start = w.value ->> 3"""
_COUNT = """INSERT INTO failed_sign_in VALUES (:window, :network, :start, :more)
  ON CONFLICT (window, network) DO UPDATE
  SET count = iif(start = excluded.start, count + :more, :more), start = excluded.start"""
_OWN = "SELECT count FROM failed_sign_in WHERE window = :window AND network = :network AND start = :start"
_FORGIVE = """UPDATE failed_sign_in SET count = max(0, count - :own)
  WHERE window = :window AND network = :network AND start = :start"""
_RECORD = """INSERT INTO login_attempt VALUES (:digest, :account, :address, :service, :mechanism, :result,
    :user_agent, :remote_ip, :local_ip, :tls, :fingerprint, :app_password, :count, :at, :at)
  ON CONFLICT (digest) DO UPDATE SET count = count + excluded.count, last_at = excluded.last_at"""
_FORGET_OLD = "DELETE FROM login_attempt WHERE last_at < :before"
_FORGET_WINDOWS = "DELETE FROM failed_sign_in WHERE (start + 1) * window < :now"
_FORGET_FAILED = """DELETE FROM login_attempt WHERE digest IN (SELECT digest FROM login_attempt
  WHERE account = :account AND result != 'ok' ORDER BY last_at DESC LIMIT -1 OFFSET :most)"""
_LIST = """SELECT account, address, service, mechanism, result, user_agent, remote_ip, local_ip, tls,
    fingerprint, app_password, count, first_at, last_at
  FROM login_attempt WHERE account = :account ORDER BY last_at DESC, digest LIMIT :limit"""


class Result(StrEnum):
    """How an attempt ended."""

    OK = "ok"
    BAD_CREDENTIALS = "badcreds"
    BAD_CHANNEL_BINDING = "badchanbind"
    BAD_PROTOCOL = "badprotocol"
    LOGIN_DISABLED = "logindisabled"
    ABORTED = "aborted"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody tried to sign in.

    Attributes:
        service: Where.
        mechanism: SASL name, ``login``, or ``tlsclientauth``.
        result: How it ended.
        remote_ip: From where.
        local_ip: To where.
        account: As far as known; empty if not.
        address: As given; untrusted.
        tls: Version and cipher; empty without TLS.
        fingerprint: Of the client certificate's key; empty without.
        app_password: Name of the app password; empty if it was none.
        user_agent: As given; untrusted.
    """

    service: Service
    mechanism: str
    result: Result
    remote_ip: str
    local_ip: str = ""
    account: str = ""
    address: str = ""
    tls: str = ""
    fingerprint: str = ""
    app_password: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class RecordedAttempt:
    """Equal attempts: how many, the first and the last of them."""

    attempt: Attempt
    count: int
    first_at: datetime
    last_at: datetime


class Attempts:
    """Records and counts the attempts of a server; on the loop's thread.

    Attributes:
        has_limits: Whether failures are held against addresses and connections.
    """

    def __init__(self, *, database: AuthDatabase, clock: Clock, limits: bool = True) -> None:
        """Remember the parts; without `limits` nobody is refused for failures."""
        self._database = database
        self._clock = clock
        self.has_limits = limits
        self._pending: dict[Attempt, int] = {}
        self._writing: asyncio.Future[None] | None = None
        self._pruned_at = 0

    def has_room(self, ip: str) -> bool:
        """Say whether an address may try (again): neither it nor its neighbours failed too often."""
        if not self.has_limits or not ip:
            return True
        places = _places(ip, self._now())
        wanted = [[place, *where] for place, (where, _) in enumerate(places)]
        counts: dict[int, int] = dict(self._database.reader.rows(_COUNTS, wanted=json.dumps(wanted)))
        return all(counts.get(place, 0) < limit for place, (_, limit) in enumerate(places))

    def note(self, attempt: Attempt) -> None:
        """Record an attempt; a failure counts against its address, a success forgives that."""
        trimmed = replace(
            attempt, address=attempt.address[:_LONGEST_TEXT], user_agent=attempt.user_agent[:_LONGEST_TEXT]
        )
        if trimmed in self._pending or len(self._pending) < _MOST_PENDING:
            self._pending[trimmed] = self._pending.get(trimmed, 0) + 1
        if self._writing is None:
            self._write()

    def recent(self, account: str, limit: int = 100) -> list[RecordedAttempt]:
        """Return the attempts on an account, latest first."""
        return [
            RecordedAttempt(
                Attempt(
                    service=Service(row[2]),
                    mechanism=row[3],
                    result=Result(row[4]),
                    remote_ip=row[6],
                    local_ip=row[7],
                    account=row[0],
                    address=row[1],
                    tls=row[8],
                    fingerprint=row[9],
                    app_password=row[10],
                    user_agent=row[5],
                ),
                count=row[11],
                first_at=datetime.fromtimestamp(row[12], UTC),
                last_at=datetime.fromtimestamp(row[13], UTC),
            )
            for row in self._database.reader.rows(_LIST, account=account, limit=limit)
        ]

    async def settle(self) -> None:
        """Return when everything noted so far is written."""
        while self._writing is not None:
            await asyncio.wait([self._writing])

    def _now(self) -> int:
        return int(self._clock.now().timestamp())

    def _write(self) -> None:
        pending, self._pending = self._pending, {}
        now, limits = self._now(), self.has_limits
        is_prune_due = now - self._pruned_at > 3600
        if is_prune_due:
            self._pruned_at = now

        def write(tx: Transaction) -> None:
            for attempt, count in pending.items():
                _record(tx, attempt, count, now)
                if limits and attempt.remote_ip:
                    _count(tx, attempt, count, now)
            if is_prune_due:
                _prune(tx, {attempt.account for attempt in pending}, now)

        self._writing = self._database.write(write)
        self._writing.add_done_callback(self._written)

    def _written(self, done: "asyncio.Future[None]") -> None:
        self._writing = None
        if not done.cancelled() and (error := done.exception()) is not None:
            logger.error("login attempts not recorded", exc_info=error)
        elif self._pending:
            self._write()


def _places(ip: str, now: int) -> list[tuple[tuple[int, str, int], int]]:
    """Return window, network and start for each count of an address, with its limit."""
    return [
        ((window, network, now // window), limit)
        for window, limits in _WINDOWS
        for network, limit in zip(networks_of(ip), limits, strict=True)
    ]


def _record(tx: Transaction, attempt: Attempt, count: int, now: int) -> None:
    values = (
        attempt.account,
        attempt.address,
        attempt.service,
        attempt.mechanism,
        attempt.result,
        attempt.user_agent,
        attempt.remote_ip,
        attempt.local_ip,
        attempt.tls,
        attempt.fingerprint,
        attempt.app_password,
    )
    tx.connection.run(
        _RECORD,
        digest=hashlib.sha256("\0".join(values).encode(errors="replace")).digest(),
        account=attempt.account,
        address=attempt.address.encode(errors="replace").decode(),
        service=attempt.service,
        mechanism=attempt.mechanism,
        result=attempt.result,
        user_agent=attempt.user_agent.encode(errors="replace").decode(),
        remote_ip=attempt.remote_ip,
        local_ip=attempt.local_ip,
        tls=attempt.tls,
        fingerprint=attempt.fingerprint,
        app_password=attempt.app_password,
        count=count,
        at=now,
    )


def _count(tx: Transaction, attempt: Attempt, count: int, now: int) -> None:
    places = _places(attempt.remote_ip, now)
    match attempt.result:
        case Result.OK:
            # The address is forgiven; its neighbours only what it had added to their count.
            for at in range(0, len(places), 3):
                (window, network, start), _ = places[at]
                own = tx.connection.value(_OWN, window=window, network=network, start=start)
                if own:
                    for (_, each, _), _ in places[at : at + 3]:
                        tx.connection.run(_FORGIVE, own=own, window=window, network=each, start=start)
        case Result.LOGIN_DISABLED | Result.ABORTED | Result.ERROR:
            # The credentials were right, or none were given.
            pass
        case _:
            for (window, network, start), _ in places:
                tx.connection.run(_COUNT, window=window, network=network, start=start, more=count)


def _prune(tx: Transaction, accounts: set[str], now: int) -> None:
    tx.connection.run(_FORGET_OLD, before=now - _KEEP_S)
    tx.connection.run(_FORGET_WINDOWS, now=now)
    for account in accounts | {""}:
        tx.connection.run(_FORGET_FAILED, account=account, most=_MOST_FAILED)
