"""Reports that came in: checked, written once each, listed for people."""

import asyncio
import logging
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

from mox.database import Connection, GroupWriter
from mox.reports.check import ReportProblem, ValidReport, check_report
from mox.reports.dmarcrows import (
    DmarcListed,
    DmarcSummary,
    add_dmarc,
    dmarc_rows,
    list_dmarc,
    summarise_dmarc,
)
from mox.reports.tlsrows import TlsListed, TlsSummary, add_tls, list_tls, summarise_tls, tls_results
from mox.verification import Verification
from moxkit import dmarcreport, tlsrpt
from moxkit.domain import parse_domain
from moxkit.message import Source

__all__ = ["ReportInbox"]

logger = logging.getLogger(__name__)

_EVER, _NEVER = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
# Of one domain in a day; the large senders make one for each of our domains.
_MOST_A_DAY = 1_000
_DAY = timedelta(days=1)

_COUNT = """SELECT (SELECT count(*) FROM dmarc_report WHERE from_domain = :domain AND received_at >= :since)
  + (SELECT count(*) FROM tls_report WHERE from_domain = :domain AND received_at >= :since)"""
_FORGET = (
    "DELETE FROM dmarc_row WHERE dmarc_report_id IN (SELECT id FROM dmarc_report WHERE end_at < :before)",
    "DELETE FROM dmarc_report WHERE end_at < :before",
    """DELETE FROM tls_failure WHERE tls_result_id IN (SELECT s.id FROM tls_result s JOIN tls_report r
      ON r.id = tls_report_id WHERE end_at < :before)""",
    "DELETE FROM tls_result WHERE tls_report_id IN (SELECT id FROM tls_report WHERE end_at < :before)",
    "DELETE FROM tls_report WHERE end_at < :before",
)


class ReportInbox:
    """Reports of others about us; on the loop's thread."""

    def __init__(
        self, *, writer: GroupWriter, reader: Connection, own_domains: Callable[[], Collection[str]]
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._own_domains = own_domains

    async def check(self, source: Source, found: Verification, now: datetime) -> ValidReport | ReportProblem:
        """Say whether a message is a report that can be used; nothing is written.

        Args:
            source: The message as it came; not changed meanwhile.
            found: Who it is from.
            now: Reports of the future are none.
        """
        own = self._own_domains()
        checked = await asyncio.to_thread(check_report, source, found, own_domains=own, now=now)
        if isinstance(checked, ReportProblem):
            logger.info("report cannot be used", extra={"kind": checked.kind, "problem": checked.text})
        return checked

    async def keep(self, valid: ValidReport, now: datetime) -> bool:
        """Write a report; return False if it is known already, or its sender sends too many.

        Raises:
            OSError, mox.database.DatabaseError: It could not be written.
        """
        is_new = await self._writer.run(lambda tx: _keep(tx.connection, valid, now))
        logger.info(
            "report kept" if is_new else "report is not kept",
            extra={"kind": valid.kind, "from": valid.from_domain.ascii},
        )
        return is_new

    def list_dmarc(
        self, domain: str = "", *, since: datetime = _EVER, until: datetime = _NEVER, limit: int = 1000
    ) -> tuple[DmarcListed, ...]:
        """Return DMARC reports whose period ended in a time, newest first; of one domain or all."""
        return list_dmarc(self._reader, domain=domain, since=since, until=until, limit=limit)

    def dmarc_rows(self, id_: int) -> tuple[dmarcreport.Row, ...]:
        """Return what a DMARC report tells, the most messages first; empty for one that is not there."""
        return dmarc_rows(self._reader, id_)

    def summarise_dmarc(
        self, *, since: datetime = _EVER, until: datetime = _NEVER
    ) -> tuple[DmarcSummary, ...]:
        """Add up what DMARC reports say, for each of our domains."""
        return summarise_dmarc(self._reader, since=since, until=until)

    def list_tls(
        self, domain: str = "", *, since: datetime = _EVER, until: datetime = _NEVER, limit: int = 1000
    ) -> tuple[TlsListed, ...]:
        """Return TLS reports whose period ended in a time, newest first; of one domain or all."""
        return list_tls(self._reader, domain=domain, since=since, until=until, limit=limit)

    def tls_results(self, id_: int) -> tuple[tlsrpt.PolicyResult, ...]:
        """Return what a TLS report tells of our domains; empty for one that is not there."""
        return tls_results(self._reader, id_)

    def summarise_tls(self, *, since: datetime = _EVER, until: datetime = _NEVER) -> tuple[TlsSummary, ...]:
        """Add up what TLS reports say, for each of our domains and hosts."""
        return summarise_tls(self._reader, since=since, until=until)

    async def forget(self, before: datetime) -> None:
        """Remove reports whose period ended before a time."""

        def remove(connection: Connection) -> None:
            for statement in _FORGET:
                connection.run(statement, before=int(before.timestamp()))

        await self._writer.run(lambda tx: remove(tx.connection))


def _keep(connection: Connection, valid: ValidReport, now: datetime) -> bool:
    domain, since = valid.from_domain.ascii, int((now - _DAY).timestamp())
    if connection.value(_COUNT, domain=domain, since=since) >= _MOST_A_DAY:
        logger.warning("too many reports from one domain, some are not kept", extra={"from": domain})
        return False
    at, report = int(now.timestamp()), valid.report
    if isinstance(report, dmarcreport.Report):
        about = _ascii(report.policy.domain)
        return add_dmarc(connection, report, domain=about, from_domain=domain, now=at)
    domains = tuple(_ascii(each.policy.domain) for each in report.results)
    return add_tls(connection, report, domains=domains, from_domain=domain, now=at)


def _ascii(name: str) -> str:
    return parse_domain(name, allow_underscore=True, allow_trailing_dot=True).ascii
