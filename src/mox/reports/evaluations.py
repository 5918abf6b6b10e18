"""DMARC evaluations of mail that came in, kept until they are reported.

They are written a moment later, many at once: mail never waits for them, and a crash loses a few seconds of
statistics. What others can make grow is bounded.
"""

import logging
from datetime import UTC, datetime

from mox.database import Connection, GroupWriter, Row, WriteBehind
from mox.reports.evaluation import Evaluation
from mox.reports.rowtext import encode_row, parse_row
from mox.runtime import Clock

__all__ = ["Evaluations"]

logger = logging.getLogger(__name__)

_MOST_PENDING = 10_000
_MOST_ROWS = 500_000

_ADD = """INSERT INTO evaluation(policy_domain, evaluated_at, is_optional, interval_hours, record, result)
  SELECT :policy_domain, :evaluated_at, :is_optional, :interval_hours, :record, :result
  WHERE coalesce((SELECT max(id) - min(id) FROM evaluation), 0) < :most"""
_DOMAINS = """SELECT policy_domain FROM evaluation WHERE evaluated_at >= :since AND evaluated_at < :until
  GROUP BY policy_domain HAVING min(is_optional) = 0 ORDER BY policy_domain"""
_OF_DOMAIN = """SELECT policy_domain, evaluated_at, is_optional, interval_hours, record, result
  FROM evaluation WHERE policy_domain = :domain AND evaluated_at >= :since AND evaluated_at < :until
  ORDER BY evaluated_at, id LIMIT :limit"""
_FORGET = "DELETE FROM evaluation WHERE evaluated_at < :before AND (:domain = '' OR policy_domain = :domain)"


class Evaluations:
    """The evaluations of the last days; on the loop's thread."""

    def __init__(self, *, writer: GroupWriter, reader: Connection, clock: Clock) -> None:
        self._writer = writer
        self._reader = reader
        self._pending: list[Evaluation] = []
        self._behind = WriteBehind(self._write, clock=clock, what="dmarc evaluations")

    def note(self, evaluation: Evaluation) -> None:
        """Remember an evaluation."""
        if len(self._pending) >= _MOST_PENDING:
            logger.warning("too many evaluations, some are not recorded")
            return
        self._pending.append(evaluation)
        self._behind.soon()

    async def _write(self) -> None:
        """Write what is pending; what was begun before is on disk then, too, since batches come in order."""
        rows = [_parameters(each) for each in self._pending]
        self._pending = []
        await self._writer.run(lambda tx: tx.connection.run_many(_ADD, rows))

    async def domains(self, *, since: datetime, until: datetime) -> tuple[str, ...]:
        """Return the domains that get a report about a time: some of their evaluations are not optional."""
        await self._write()
        rows = self._reader.rows(_DOMAINS, since=_seconds(since), until=_seconds(until))
        return tuple(domain for (domain,) in rows)

    async def of_domain(
        self, domain: str, *, since: datetime, until: datetime, limit: int = 100_000
    ) -> tuple[Evaluation, ...]:
        """Return the evaluations for a domain in a time, oldest first, those of just now included."""
        await self._write()
        found = self._reader.rows(
            _OF_DOMAIN, domain=domain, since=_seconds(since), until=_seconds(until), limit=limit
        )
        return tuple(_evaluation(row) for row in found)

    async def forget(self, before: datetime, *, domain: str = "") -> None:
        """Remove the evaluations before a time, of one domain or of all."""
        await self._writer.run(lambda tx: tx.connection.run(_FORGET, before=_seconds(before), domain=domain))

    async def close(self) -> None:
        """Write what is left."""
        await self._behind.close()


def _parameters(evaluation: Evaluation) -> dict[str, object]:
    return {
        "policy_domain": evaluation.policy_domain,
        "evaluated_at": _seconds(evaluation.evaluated_at),
        "is_optional": evaluation.is_optional,
        "interval_hours": evaluation.interval_hours,
        "record": evaluation.record,
        "result": encode_row(evaluation.row),
        "most": _MOST_ROWS,
    }


def _evaluation(row: Row) -> Evaluation:
    domain, at, is_optional, interval_hours, record, result = row
    evaluated_at = datetime.fromtimestamp(at, UTC)
    return Evaluation(domain, evaluated_at, bool(is_optional), interval_hours, record, parse_row(result))


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
