"""TLS reports in the database: written once each, listed, added up."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from mox.database import Connection, Row
from mox.reports.bounds import MOST_ROWS, count_of, text_of, texts_of
from moxkit.tlsrpt import FailureDetails, Policy, PolicyResult, Report

__all__ = ["TlsListed", "TlsSummary", "add_tls", "list_tls", "summarise_tls", "tls_results"]

_MOST_RESULTS = 500

_ADD = """INSERT INTO tls_report(from_domain, organization, contact, report_id, begin_at, end_at, received_at)
  VALUES (:from_domain, :organization, :contact, :report_id, :begin_at, :end_at, :received_at)
  ON CONFLICT DO NOTHING"""
_ADD_RESULT = """INSERT INTO tls_result(tls_report_id, policy_domain, policy_type, policy_strings, mx_hosts,
    successes, failures)
  VALUES (:id, :policy_domain, :policy_type, :policy_strings, :mx_hosts, :successes, :failures)"""
_ADD_FAILURE = """INSERT INTO tls_failure VALUES (:id, :number, :result_type, :sessions, :sending_ip,
  :mx_host, :helo, :receiving_ip, :information, :reason)"""
_LIST = """SELECT r.id, from_domain, organization, contact, report_id, begin_at, end_at, received_at,
    coalesce(sum(successes), 0), coalesce(sum(failures), 0)
  FROM tls_report r JOIN tls_result ON tls_report_id = r.id
  WHERE (:domain = '' OR policy_domain = :domain) AND end_at >= :since AND end_at < :until
  GROUP BY r.id ORDER BY end_at DESC, r.id DESC LIMIT :limit"""
_RESULTS = """SELECT id, policy_domain, policy_type, policy_strings, mx_hosts, successes, failures
  FROM tls_result WHERE tls_report_id = :id ORDER BY id"""
_FAILURES = """SELECT tls_result_id, result_type, sessions, sending_ip, mx_host, helo, receiving_ip,
    information, reason
  FROM tls_failure WHERE tls_result_id IN (SELECT id FROM tls_result WHERE tls_report_id = :id)
  ORDER BY tls_result_id, number"""
_SUMMARY = """SELECT policy_domain, count(DISTINCT r.id), sum(successes), sum(failures)
  FROM tls_report r JOIN tls_result ON tls_report_id = r.id
  WHERE end_at >= :since AND end_at < :until GROUP BY policy_domain ORDER BY policy_domain"""
_TYPES = """SELECT policy_domain, result_type, sum(sessions)
  FROM tls_report r JOIN tls_result s ON tls_report_id = r.id JOIN tls_failure ON tls_result_id = s.id
  WHERE end_at >= :since AND end_at < :until GROUP BY policy_domain, result_type
  ORDER BY policy_domain, sum(sessions) DESC, result_type"""


@dataclass(frozen=True, slots=True)
class TlsListed:
    """A report, without its results.

    Attributes:
        from_domain: Of the mail that brought it, authenticated; all else is what the sender says.
        successes: Sessions, of the domain that was asked for, or all of ours; likewise failures.
    """

    id: int
    from_domain: str
    organization: str
    contact: str
    report_id: str
    begin_at: datetime
    end_at: datetime
    received_at: datetime
    successes: int
    failures: int


@dataclass(frozen=True, slots=True)
class TlsSummary:
    """What all reports say of sessions for a domain or host.

    Attributes:
        by_type: Sessions that failed, by type of failure, most first.
    """

    policy_domain: str
    reports: int
    successes: int
    failures: int
    by_type: tuple[tuple[str, int], ...]


def add_tls(
    connection: Connection, report: Report, *, domains: tuple[str, ...], from_domain: str, now: int
) -> bool:
    """Write a report, with the ASCII names of its policies' domains; return False if it is known already."""
    connection.run(
        _ADD,
        from_domain=from_domain,
        organization=text_of(report.organization_name),
        contact=text_of(report.contact_info),
        report_id=text_of(report.report_id),
        begin_at=int(report.begin_at.timestamp()),
        end_at=int(report.end_at.timestamp()),
        received_at=now,
    )
    if not connection.changed:
        return False
    id_, room = connection.last_id, MOST_ROWS
    for domain, result in list(zip(domains, report.results, strict=True))[:_MOST_RESULTS]:
        connection.run(
            _ADD_RESULT,
            id=id_,
            policy_domain=domain,
            policy_type=text_of(result.policy.type),
            policy_strings=json.dumps(texts_of(result.policy.strings)),
            mx_hosts=json.dumps(texts_of(result.policy.mx_hosts)),
            successes=count_of(result.successful_sessions),
            failures=count_of(result.failed_sessions),
        )
        failures, result_id = result.failures[:room], connection.last_id
        room -= len(failures)
        connection.run_many(
            _ADD_FAILURE, [_parameters(result_id, number, each) for number, each in enumerate(failures)]
        )
    return True


def _parameters(result_id: int, number: int, failure: FailureDetails) -> dict[str, object]:
    return {
        "id": result_id,
        "number": number,
        "result_type": text_of(failure.result_type),
        "sessions": count_of(failure.failed_sessions),
        "sending_ip": text_of(failure.sending_mta_ip),
        "mx_host": text_of(failure.receiving_mx_hostname),
        "helo": text_of(failure.receiving_mx_helo),
        "receiving_ip": text_of(failure.receiving_ip),
        "information": text_of(failure.additional_information),
        "reason": text_of(failure.reason_code),
    }


def list_tls(
    connection: Connection, *, domain: str, since: datetime, until: datetime, limit: int
) -> tuple[TlsListed, ...]:
    """Return reports whose period ended in a time, newest first; of all domains if none is named."""
    rows = connection.rows(_LIST, domain=domain, since=_seconds(since), until=_seconds(until), limit=limit)
    return tuple(_listed(row) for row in rows)


def _listed(row: Row) -> TlsListed:
    id_, from_domain, organization, contact, report_id, begin, end, received, successes, failures = row
    return TlsListed(
        id_,
        from_domain,
        organization,
        contact,
        report_id,
        datetime.fromtimestamp(begin, UTC),
        datetime.fromtimestamp(end, UTC),
        datetime.fromtimestamp(received, UTC),
        successes,
        failures,
    )


def tls_results(connection: Connection, id_: int) -> tuple[PolicyResult, ...]:
    """Return what a report tells of our domains."""
    failures: dict[int, list[FailureDetails]] = {}
    for result_id, kind, sessions, sending, host, helo, receiving, information, reason in connection.rows(
        _FAILURES, id=id_
    ):
        details = FailureDetails(
            result_type=kind,
            failed_sessions=sessions,
            sending_mta_ip=sending,
            receiving_mx_hostname=host,
            receiving_mx_helo=helo,
            receiving_ip=receiving,
            additional_information=information,
            reason_code=reason,
        )
        failures.setdefault(result_id, []).append(details)
    return tuple(
        PolicyResult(
            Policy(kind, domain, tuple(json.loads(strings)), tuple(json.loads(hosts))),
            good,
            bad,
            tuple(failures.get(result_id, ())),
        )
        for result_id, domain, kind, strings, hosts, good, bad in connection.rows(_RESULTS, id=id_)
    )


def summarise_tls(connection: Connection, *, since: datetime, until: datetime) -> tuple[TlsSummary, ...]:
    """Add up what reports say whose period ended in a time, for each domain."""
    period = {"since": _seconds(since), "until": _seconds(until)}
    types: dict[str, list[tuple[str, int]]] = {}
    for domain, kind, sessions in connection.rows(_TYPES, **period):
        types.setdefault(domain, []).append((kind, sessions))
    return tuple(
        TlsSummary(domain, reports, successes, failures, tuple(types.get(domain, ())))
        for domain, reports, successes, failures in connection.rows(_SUMMARY, **period)
    )


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
