"""What TLS came to in our deliveries, day by day: recorded behind them, read by whoever sends reports.

Results are added up in memory and written a moment later, many at once: a delivery never waits for them, and
a crash loses a few seconds of statistics. What others can make grow is bounded: rows, and kinds of failures.
"""

import json
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import UTC, date
from pathlib import Path

from mox.database import Connection, GroupWriter, Migrations, Row, WriteBehind, open_database, open_reader
from mox.outgoing.tlssessions import Noted
from mox.runtime import Clock
from moxkit.tlsrpt import FailureDetails, Policy, PolicyResult, add

__all__ = ["DayResults", "TlsResults"]

logger = logging.getLogger(__name__)

_MIGRATIONS = Migrations("mox.outgoing", "tlsschema")
_MOST_PENDING = 10_000
_MOST_ROWS = 200_000
_MOST_FAILURES = 100
_MOST_STRINGS, _MOST_STRING_CHARACTERS = 50, 500
_MOST_TEXT_CHARACTERS = 255

_KEY = """day = :day AND policy_domain = :policy_domain AND recipient_domain = :recipient_domain
  AND is_host = :is_host AND policy_type = :policy_type AND policy_strings = :policy_strings
  AND mx_hosts = :mx_hosts"""
_ADD = f"""UPDATE result SET successes = successes + :successes, failures = failures + :failures,
  sends_report = max(sends_report, :sends_report) WHERE {_KEY} RETURNING id"""  # noqa: S608  constants
_INSERT = """INSERT INTO result(policy_domain, day, recipient_domain, is_host, policy_type, policy_strings,
    mx_hosts, sends_report, successes, failures)
  SELECT :policy_domain, :day, :recipient_domain, :is_host, :policy_type, :policy_strings, :mx_hosts,
    :sends_report, :successes, :failures
  WHERE coalesce((SELECT max(id) FROM result), 0) - coalesce((SELECT min(id) FROM result), 0) < :most
  RETURNING id"""
_ADD_FAILURE = """UPDATE failure SET sessions = sessions + :sessions WHERE result_id = :result_id
  AND result_type = :result_type AND sending_ip = :sending_ip AND mx_host = :mx_host AND helo = :helo
  AND receiving_ip = :receiving_ip AND reason = :reason"""
_INSERT_FAILURE = """INSERT INTO failure(result_id, result_type, sending_ip, mx_host, helo, receiving_ip,
    reason, sessions)
  SELECT :result_id, :result_type, :sending_ip, :mx_host, :helo, :receiving_ip, :reason, :sessions
  WHERE (SELECT count(*) FROM failure WHERE result_id = :result_id) < :most"""
_OF_DAY = """SELECT id, policy_domain, recipient_domain, is_host, policy_type, policy_strings, mx_hosts,
    sends_report, successes, failures FROM result WHERE day = :day
  ORDER BY policy_domain, recipient_domain, is_host, id"""
_FAILURES_OF_DAY = """SELECT result_id, result_type, sending_ip, mx_host, helo, receiving_ip, reason, sessions
  FROM failure WHERE result_id IN (SELECT id FROM result WHERE day = :day) ORDER BY id"""
_FORGET_FAILURES = "DELETE FROM failure WHERE result_id IN (SELECT id FROM result WHERE day < :before)"
_FORGET = "DELETE FROM result WHERE day < :before"


@dataclass(frozen=True, slots=True)
class DayResults:
    """What is to be told to one domain about one day and one domain of recipients.

    Attributes:
        policy_domain: Gets the report.
        recipient_domain: Whose mail it was about.
        is_host: The policy is that of a mail host.
        sends_report: There was other mail than reports, which ask for no further ones.
        results: One for each policy that was seen.
    """

    policy_domain: str
    recipient_domain: str
    is_host: bool
    sends_report: bool
    results: tuple[PolicyResult, ...]


@dataclass(frozen=True, slots=True)
class _Key:
    day: str
    policy_domain: str
    recipient_domain: str
    is_host: bool
    policy: Policy
    sends_report: bool


class TlsResults:
    """The results of the last days; on the loop's thread."""

    def __init__(
        self,
        *,
        directory: Path,
        clock: Clock,
        pool: Executor,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        """Open `tlsrptresult.db` below the data directory, creating it if need be; blocking.

        Args:
            directory: The server's data directory.
            clock: Says which day it is.
            pool: Writes.
            is_wanted: Whether reports are sent at all; asked for each result.
        """
        self._writing = open_database(directory / "tlsrptresult.db", _MIGRATIONS)
        self._reader = open_reader(directory / "tlsrptresult.db")
        self._writer = GroupWriter(self._writing, pool)
        self._clock = clock
        self._is_wanted = is_wanted
        self._pending: dict[_Key, PolicyResult] = {}
        self._behind = WriteBehind(self._write, clock=clock, what="tls results")

    def note(self, results: Iterable[Noted], *, sends_report: bool = True) -> None:
        """Add results to those of today.

        Args:
            results: Of one session.
            sends_report: False if the message was a TLS report itself, so that reports are not about reports.
        """
        if not self._is_wanted():
            return
        day = self._clock.now().astimezone(UTC).date().isoformat()
        for each in results:
            policy = _bounded(each.result.policy)
            key = _Key(day, each.policy_domain, each.recipient_domain, each.is_host, policy, sends_report)
            so_far = self._pending.get(key)
            if so_far is None and len(self._pending) >= _MOST_PENDING:
                logger.warning(
                    "too many tls results, some are not recorded", extra={"host": each.policy_domain}
                )
                return
            result = so_far or PolicyResult(policy)
            self._pending[key] = add(
                result,
                successful_sessions=each.result.successful_sessions,
                failed_sessions=each.result.failed_sessions,
                failures=each.result.failures,
            )
        if self._pending:
            self._behind.soon()

    async def _write(self) -> None:
        """Write what is pending; what was begun before is on disk then, too, since batches come in order."""
        pending, self._pending = self._pending, {}
        await self._writer.run(lambda tx: _record(tx.connection, pending))

    async def of_day(self, day: date) -> tuple[DayResults, ...]:
        """Return the results of a day of UTC, those of just now included."""
        await self._write()
        failures: dict[int, list[FailureDetails]] = {}
        with self._reader.snapshot():
            rows = self._reader.rows(_OF_DAY, day=day.isoformat())
            for row in self._reader.rows(_FAILURES_OF_DAY, day=day.isoformat()):
                failures.setdefault(row[0], []).append(_failure(row[1:]))
        found: dict[tuple[str, str, bool], DayResults] = {}
        for id_, policy_domain, recipient_domain, is_host, kind, strings, hosts, sends, good, bad in rows:
            key = policy_domain, recipient_domain, bool(is_host)
            policy = Policy(kind, policy_domain, tuple(json.loads(strings)), tuple(json.loads(hosts)))
            result = PolicyResult(policy, good, bad, tuple(failures.get(id_, ())))
            known = found.setdefault(key, DayResults(*key, False, ()))
            found[key] = replace(
                known,
                sends_report=known.sends_report or bool(sends),
                results=(*known.results, result),
            )
        return tuple(found.values())

    async def forget(self, before: date) -> None:
        """Remove the results of the days before."""

        def remove(connection: Connection) -> None:
            connection.run(_FORGET_FAILURES, before=before.isoformat())
            connection.run(_FORGET, before=before.isoformat())

        await self._writer.run(lambda tx: remove(tx.connection))

    async def close(self) -> None:
        """Write what is left and close."""
        await self._behind.close()
        self._reader.close()
        self._writer.close()


def _bounded(policy: Policy) -> Policy:
    """Return a policy of a size that others cannot choose."""
    strings = (each[:_MOST_STRING_CHARACTERS] for each in policy.strings[:_MOST_STRINGS])
    hosts = (each[:_MOST_TEXT_CHARACTERS] for each in policy.mx_hosts[:_MOST_STRINGS])
    return replace(policy, strings=tuple(strings), mx_hosts=tuple(hosts))


def _record(connection: Connection, pending: dict[_Key, PolicyResult]) -> None:
    for key, result in pending.items():
        parameters: dict[str, object] = {
            "day": key.day,
            "policy_domain": key.policy_domain,
            "recipient_domain": key.recipient_domain,
            "is_host": key.is_host,
            "policy_type": key.policy.type,
            "policy_strings": json.dumps(key.policy.strings),
            "mx_hosts": json.dumps(key.policy.mx_hosts),
            "sends_report": key.sends_report,
            "successes": result.successful_sessions,
            "failures": result.failed_sessions,
        }
        rows = connection.rows(_ADD, **parameters) or connection.rows(_INSERT, **parameters, most=_MOST_ROWS)
        if not rows:
            logger.warning("too many tls results, some are not recorded", extra={"host": key.policy_domain})
            return
        for failure in result.failures:
            _record_failure(connection, rows[0][0], failure)


def _record_failure(connection: Connection, result_id: int, failure: FailureDetails) -> None:
    parameters: dict[str, object] = {
        "result_id": result_id,
        "result_type": failure.result_type,
        "sending_ip": failure.sending_mta_ip,
        "mx_host": failure.receiving_mx_hostname,
        "helo": failure.receiving_mx_helo[:_MOST_TEXT_CHARACTERS],
        "receiving_ip": failure.receiving_ip,
        "reason": failure.reason_code[:_MOST_TEXT_CHARACTERS],
        "sessions": failure.failed_sessions,
    }
    connection.run(_ADD_FAILURE, **parameters)
    if not connection.changed:
        connection.run(_INSERT_FAILURE, **parameters, most=_MOST_FAILURES)


def _failure(row: Row) -> FailureDetails:
    result_type, sending_ip, mx_host, helo, receiving_ip, reason, sessions = row
    return FailureDetails(
        result_type=result_type,
        failed_sessions=sessions,
        sending_mta_ip=sending_ip,
        receiving_mx_hostname=mx_host,
        receiving_mx_helo=helo,
        receiving_ip=receiving_ip,
        reason_code=reason,
    )
