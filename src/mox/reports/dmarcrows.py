"""DMARC reports in the database: written once each, listed, added up."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from mox.database import Connection, Row as DatabaseRow
from mox.reports.bounds import MOST_ROWS, count_of, text_of, texts_of
from mox.reports.rowtext import encode_row, parse_row
from moxkit.dmarcreport import DkimAuth, OverrideReason, PublishedPolicy, Report, Row, SpfAuth

__all__ = ["DmarcListed", "DmarcSummary", "add_dmarc", "dmarc_rows", "list_dmarc", "summarise_dmarc"]

# Of signatures, and of reasons, in one row.
_MOST_RESULTS = 10

_ADD = """INSERT INTO dmarc_report(policy_domain, from_domain, org_name, email, report_id, begin_at, end_at,
    received_at, policy, errors, rows_left_out)
  VALUES (:policy_domain, :from_domain, :org_name, :email, :report_id, :begin_at, :end_at, :received_at,
    :policy, :errors, :rows_left_out)
  ON CONFLICT DO NOTHING"""
_ADD_ROW = """INSERT INTO dmarc_row VALUES (:id, :number, :source_ip, :messages, :disposition, :dkim_aligned,
  :spf_aligned, :header_from, :detail)"""
_LIST = """SELECT r.id, policy_domain, from_domain, org_name, email, report_id, begin_at, end_at, received_at,
    policy, errors, rows_left_out, coalesce(sum(messages), 0),
    coalesce(sum(messages) FILTER (WHERE dkim_aligned OR spf_aligned), 0)
  FROM dmarc_report r LEFT JOIN dmarc_row ON dmarc_report_id = r.id
  WHERE (:domain = '' OR policy_domain = :domain) AND end_at >= :since AND end_at < :until
  GROUP BY r.id ORDER BY end_at DESC, r.id DESC LIMIT :limit"""
_ROWS = "SELECT detail FROM dmarc_row WHERE dmarc_report_id = :id ORDER BY number"
_SUMMARY = """SELECT policy_domain, count(DISTINCT r.id), coalesce(sum(messages), 0),
    coalesce(sum(messages) FILTER (WHERE dkim_aligned OR spf_aligned), 0),
    coalesce(sum(messages) FILTER (WHERE disposition = 'quarantine'), 0),
    coalesce(sum(messages) FILTER (WHERE disposition = 'reject'), 0),
    coalesce(sum(messages) FILTER (WHERE NOT dkim_aligned), 0),
    coalesce(sum(messages) FILTER (WHERE NOT spf_aligned), 0)
  FROM dmarc_report r LEFT JOIN dmarc_row ON dmarc_report_id = r.id
  WHERE end_at >= :since AND end_at < :until GROUP BY policy_domain ORDER BY policy_domain"""


@dataclass(frozen=True, slots=True)
class DmarcListed:
    """A report, without its rows.

    Attributes:
        from_domain: Of the mail that brought it, authenticated; all else is what the sender says.
        rows_left_out: Beyond the most that are kept.
        messages: That it tells of.
        passed: Of these, how many passed DMARC.
    """

    id: int
    policy_domain: str
    from_domain: str
    org_name: str
    email: str
    report_id: str
    begin_at: datetime
    end_at: datetime
    received_at: datetime
    policy: PublishedPolicy
    errors: tuple[str, ...]
    rows_left_out: int
    messages: int
    passed: int


@dataclass(frozen=True, slots=True)
class DmarcSummary:
    """What all reports say of mail that calls itself a domain's.

    Attributes:
        passed: Messages that passed DMARC.
        quarantined: Messages that were put aside; likewise those that were rejected.
        dkim_failed: Messages without an aligned signature that passes; likewise with SPF.
    """

    policy_domain: str
    reports: int
    messages: int
    passed: int
    quarantined: int
    rejected: int
    dkim_failed: int
    spf_failed: int


def add_dmarc(connection: Connection, report: Report, *, domain: str, from_domain: str, now: int) -> bool:
    """Write a report; return False if it is known already."""
    about = report.metadata
    rows = sorted(report.rows, key=lambda row: -row.count)[:MOST_ROWS]
    policy = {name: text_of(v) if isinstance(v, str) else v for name, v in asdict(report.policy).items()}
    connection.run(
        _ADD,
        policy_domain=domain,
        from_domain=from_domain,
        org_name=text_of(about.org_name),
        email=text_of(about.email),
        report_id=text_of(about.report_id),
        begin_at=int(about.begin_at.timestamp()),
        end_at=int(about.end_at.timestamp()),
        received_at=now,
        policy=json.dumps(policy),
        errors=json.dumps(texts_of(about.errors)),
        rows_left_out=len(report.rows) - len(rows),
    )
    if not connection.changed:
        return False
    id_ = connection.last_id
    connection.run_many(
        _ADD_ROW, [_parameters(id_, number, _bounded(row)) for number, row in enumerate(rows)]
    )
    return True


def _parameters(id_: int, number: int, row: Row) -> dict[str, object]:
    return {
        "id": id_,
        "number": number,
        "source_ip": str(row.source_ip),
        "messages": row.count,
        "disposition": row.disposition,
        "dkim_aligned": row.dkim_aligned,
        "spf_aligned": row.spf_aligned,
        "header_from": row.header_from,
        "detail": encode_row(row),
    }


def _bounded(row: Row) -> Row:
    """Return a row of a size that others cannot choose."""
    return replace(
        row,
        count=count_of(row.count),
        header_from=text_of(row.header_from),
        envelope_from=None if row.envelope_from is None else text_of(row.envelope_from),
        envelope_to=None if row.envelope_to is None else text_of(row.envelope_to),
        reasons=tuple(
            OverrideReason(text_of(each.type), text_of(each.comment)) for each in row.reasons[:_MOST_RESULTS]
        ),
        dkim=tuple(
            DkimAuth(text_of(each.domain), text_of(each.selector), each.result, text_of(each.human_result))
            for each in row.dkim[:_MOST_RESULTS]
        ),
        spf=tuple(
            SpfAuth(text_of(each.domain), each.result, text_of(each.scope), text_of(each.human_result))
            for each in row.spf[:_MOST_RESULTS]
        ),
    )


def list_dmarc(
    connection: Connection, *, domain: str, since: datetime, until: datetime, limit: int
) -> tuple[DmarcListed, ...]:
    """Return reports whose period ended in a time, newest first; of all domains if none is named."""
    rows = connection.rows(_LIST, domain=domain, since=_seconds(since), until=_seconds(until), limit=limit)
    return tuple(_listed(row) for row in rows)


def _listed(row: DatabaseRow) -> DmarcListed:
    id_, domain, from_domain, org, email, report_id, begin, end, received, policy, errors, *counts = row
    left_out, messages, passed = counts
    return DmarcListed(
        id_,
        domain,
        from_domain,
        org,
        email,
        report_id,
        datetime.fromtimestamp(begin, UTC),
        datetime.fromtimestamp(end, UTC),
        datetime.fromtimestamp(received, UTC),
        PublishedPolicy(**json.loads(policy)),
        tuple(json.loads(errors)),
        left_out,
        messages,
        passed,
    )


def dmarc_rows(connection: Connection, id_: int) -> tuple[Row, ...]:
    """Return what a report tells, the most messages first."""
    return tuple(parse_row(detail) for (detail,) in connection.rows(_ROWS, id=id_))


def summarise_dmarc(connection: Connection, *, since: datetime, until: datetime) -> tuple[DmarcSummary, ...]:
    """Add up what reports say whose period ended in a time, for each domain."""
    rows = connection.rows(_SUMMARY, since=_seconds(since), until=_seconds(until))
    return tuple(DmarcSummary(*row) for row in rows)


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
