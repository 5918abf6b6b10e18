"""Reading a report's JSON (RFC 8460 §4.4), tolerant where senders are careless.

What is missing is empty or zero. A period and policies must be there, and values have their types.
"""

import json
import re
from datetime import UTC, datetime

from moxkit.tlsrpt.report import (
    FailureDetails,
    Policy,
    PolicyResult,
    PolicyType,
    Report,
    ReportError,
    ResultType,
)

__all__ = ["parse_report_json"]

_MOST_OCTETS = 20 << 20
_MOST_RESULTS = 100_000
_MOST_VALUES = 1_000_000  # objects and arrays
_LARGEST_COUNT = 2**63 - 1
# date-time of RFC 3339 §5.6; some leave out the zone, and UTC is meant.
_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.\d{1,20})?([Zz]|[+-]\d{2}:\d{2})?", re.ASCII
)

_Json = dict[str, object]


def parse_report_json(octets: bytes) -> Report:
    """Parse a report.

    Raises:
        ReportError: It is larger than 20 MB, no JSON, or has values of wrong types.
    """
    if len(octets) > _MOST_OCTETS:
        raise ReportError("report too large")
    # Nothing costs more memory for its size than empty objects.
    if octets.count(b"{") + octets.count(b"[") > _MOST_VALUES:
        raise ReportError("too many objects")
    try:
        decoded: object = json.loads(octets)
    except (ValueError, RecursionError) as error:
        raise ReportError(f"bad JSON: {error}") from None
    report = _object(decoded, "report")
    period = _object(report.get("date-range"), "date-range")
    results = _array(report.get("policies"), "policies")
    if len(results) > _MOST_RESULTS:
        raise ReportError("too many policies")
    return Report(
        organization_name=_text(report, "organization-name"),
        contact_info=_text(report, "contact-info"),
        report_id=_text(report, "report-id"),
        begin_at=_time(_text(period, "start-datetime")),
        end_at=_time(_text(period, "end-datetime")),
        results=tuple(_result(_object(each, "policies")) for each in results),
    )


def _result(item: _Json) -> PolicyResult:
    policy = _object(item.get("policy"), "policy")
    summary = _object(item.get("summary", {}), "summary")
    details = _array(item.get("failure-details"), "failure-details")
    if len(details) > _MOST_RESULTS:
        raise ReportError("too many failure-details")
    return PolicyResult(
        Policy(
            _known(PolicyType, _text(policy, "policy-type")),
            _text(policy, "policy-domain"),
            _texts(policy, "policy-string"),
            _texts(policy, "mx-host"),
        ),
        _count(summary, "total-successful-session-count"),
        _count(summary, "total-failure-session-count"),
        tuple(_failure(_object(each, "failure-details")) for each in details),
    )


def _failure(item: _Json) -> FailureDetails:
    return FailureDetails(
        result_type=_known(ResultType, _text(item, "result-type")),
        failed_sessions=_count(item, "failed-session-count"),
        sending_mta_ip=_text(item, "sending-mta-ip"),
        receiving_mx_hostname=_text(item, "receiving-mx-hostname"),
        receiving_mx_helo=_text(item, "receiving-mx-helo"),
        receiving_ip=_text(item, "receiving-ip"),
        # The RFC's text and its ABNF differ in the name.
        additional_information=_text(item, "additional-information") or _text(item, "additional-info-uri"),
        reason_code=_text(item, "failure-reason-code"),
    )


def _known(kind: type[PolicyType | ResultType], word: str) -> str:
    try:
        return kind(word)
    except ValueError:
        return word


def _object(value: object, what: str) -> _Json:
    if not isinstance(value, dict):
        raise ReportError(f"{what} is no object")
    return value


def _array(value: object, what: str) -> list[object]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise ReportError(f"{what} is no array")
    return value


def _text(item: _Json, name: str) -> str:
    value = item.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ReportError(f"{name} is no string")
    return _text_of(value)


def _texts(item: _Json, name: str) -> tuple[str, ...]:
    value = item.get(name)
    if isinstance(value, str):  # "mx-host" was a single string in the RFC's example
        return (_text_of(value),)
    texts = _array(value, name)
    for text in texts:
        if not isinstance(text, str):
            raise ReportError(f"{name} holds something else than strings")
    return tuple(_text_of(str(text)) for text in texts)


def _text_of(value: str) -> str:
    """Drop halves of surrogate pairs, which JSON can write, but no file or terminal takes."""
    return value.encode("utf-8", "replace").decode()


def _count(item: _Json, name: str) -> int:
    value = item.get(name, 0)
    # Numbers in quotes occur, too.
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST_COUNT:
        raise ReportError(f"bad {name}")
    return value


def _time(text: str) -> datetime:
    found = _TIME.fullmatch(text)
    if found is None:
        raise ReportError("bad date-time")
    try:
        return datetime.fromisoformat(f"{found[1]}T{found[2]}{(found[3] or 'Z').upper()}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise ReportError("bad date-time") from None
