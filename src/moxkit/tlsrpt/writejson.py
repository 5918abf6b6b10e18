"""Writing a report's JSON (RFC 8460 §4.4)."""

import json
from datetime import UTC, datetime

from moxkit.tlsrpt.report import FailureDetails, PolicyResult, Report

__all__ = ["encode_report_json"]


def encode_report_json(report: Report, *, indent: int | None = None) -> bytes:
    """Write a report.

    Args:
        report: Its times must have time zones.
        indent: Spaces a level, for people; None for a single line.
    """
    value = {
        "organization-name": report.organization_name,
        "date-range": {"start-datetime": _time(report.begin_at), "end-datetime": _time(report.end_at)},
        "contact-info": report.contact_info,
        "report-id": report.report_id,
        "policies": [_result(result) for result in report.results],
    }
    return json.dumps(value, indent=indent, ensure_ascii=True).encode()


def _result(result: PolicyResult) -> dict[str, object]:
    policy: dict[str, object] = {"policy-type": result.policy.type}
    if result.policy.strings:
        policy["policy-string"] = list(result.policy.strings)
    policy["policy-domain"] = result.policy.domain
    if result.policy.mx_hosts:
        policy["mx-host"] = list(result.policy.mx_hosts)
    written: dict[str, object] = {
        "policy": policy,
        "summary": {
            "total-successful-session-count": result.successful_sessions,
            "total-failure-session-count": result.failed_sessions,
        },
    }
    if result.failures:
        written["failure-details"] = [_failure(failure) for failure in result.failures]
    return written


def _failure(failure: FailureDetails) -> dict[str, object]:
    texts = {
        "result-type": failure.result_type,
        "sending-mta-ip": failure.sending_mta_ip,
        "receiving-mx-hostname": failure.receiving_mx_hostname,
        "receiving-mx-helo": failure.receiving_mx_helo,
        "receiving-ip": failure.receiving_ip,
        "additional-information": failure.additional_information,
        "failure-reason-code": failure.reason_code,
    }
    return {name: text for name, text in texts.items() if text} | {
        "failed-session-count": failure.failed_sessions
    }


def _time(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
