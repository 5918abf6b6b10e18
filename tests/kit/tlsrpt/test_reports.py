"""Reports: the RFC's example, leniency, refusals, round trip, sums, noise."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from time import process_time

import pytest
from hypothesis import given, strategies as st

from kit.tlsrpt.samples import SAMPLE
from moxkit.tlsrpt import (
    FailureDetails,
    Policy,
    PolicyResult,
    PolicyType,
    Report,
    ReportError,
    ResultType,
    add,
    encode_report_json,
    merge,
    parse_report_json,
)


def test_example_of_the_rfc() -> None:
    """RFC 8460 appendix B."""
    report = parse_report_json(SAMPLE)
    assert report.organization_name == "Company-X"
    assert report.contact_info == "sts-reporting@company-x.example"
    assert report.report_id == "5065427c-23d3-47ca-b6e0-946ea0e8c4be"
    assert report.begin_at == datetime(2016, 4, 1, tzinfo=UTC)
    assert report.end_at == datetime(2016, 4, 1, 23, 59, 59, tzinfo=UTC)
    (result,) = report.results
    assert result.policy == Policy(
        PolicyType.STS,
        "company-y.example",
        ("version: STSv1", "mode: testing", "mx: *.mail.company-y.example", "max_age: 86400"),
        ("*.mail.company-y.example",),
    )
    assert (result.successful_sessions, result.failed_sessions) == (5326, 303)
    assert [failure.result_type for failure in result.failures] == [
        ResultType.CERTIFICATE_EXPIRED,
        ResultType.STARTTLS_NOT_SUPPORTED,
        ResultType.VALIDATION_FAILURE,
    ]
    assert result.failures[2] == FailureDetails(
        result_type="validation-failure",
        failed_sessions=3,
        sending_mta_ip="198.51.100.62",
        receiving_mx_hostname="mx-backup.mail.company-y.example",
        receiving_ip="203.0.113.58",
        reason_code="X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED",
    )
    assert json.loads(encode_report_json(report)) == json.loads(SAMPLE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"2016-04-01T00:00:00Z"', b'"2016-04-01T00:00:00"'),  # no zone: UTC
        (b'"2016-04-01T00:00:00Z"', b'"2016-04-01t02:00:00.123+02:00"'),
        (b"5326", b'"5326"'),
        (b'["*.mail.company-y.example"]', b'"*.mail.company-y.example"'),
        (b'"additional-information"', b'"additional-info-uri"'),
        (b'"organization-name"', b'"extension": [{}], "organization-name"'),
        (b"{\n  ", b"\xef\xbb\xbf{"),
    ],
)
def test_reads_what_careless_senders_write(old: bytes, new: bytes) -> None:
    assert old in SAMPLE
    assert parse_report_json(SAMPLE.replace(old, new, 1)) == parse_report_json(SAMPLE)


def test_unknown_words_and_missing_values_stay() -> None:
    report = parse_report_json(
        b'{"date-range": {"start-datetime": "2016-04-01T00:00:00Z", "end-datetime": "2016-04-02T00:00:00Z"},'
        b' "contact-info": null, "report-id": "\\ud800", "policies": [{"policy": {"policy-type": "new"},'
        b' "failure-details": [{"result-type": "odd"}]}]}'
    )
    assert (report.organization_name, report.contact_info, report.report_id) == ("", "", "?")
    assert report.results == (PolicyResult(Policy("new", ""), failures=(FailureDetails(result_type="odd"),)),)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (SAMPLE, b"", "bad JSON"),
        (SAMPLE, b"[]", "report is no object"),
        (SAMPLE, b"[" * 100_000, "bad JSON"),
        (SAMPLE, b"[" * 1_000_001, "too many objects"),
        (SAMPLE, bytes((20 << 20) + 1), "too large"),
        (b'"policies": [', b'"policies": [' + b"0," * 100_001, "too many policies"),
        (b'"failure-details": [', b'"failure-details": [' + b"0," * 100_001, "too many failure-details"),
        (SAMPLE, b"\xff\xfe\xfd", "bad JSON"),
        (b"2016-04-01T00:00:00Z", b"yesterday", "bad date-time"),
        (b"2016-04-01T00:00:00Z", b"2016-13-01T00:00:00Z", "bad date-time"),
        (b"2016-04-01T00:00:00Z", b"0001-01-01T00:00:00+01:00", "bad date-time"),
        (b'"date-range"', b'"range"', "date-range is no object"),
        (b'"policy":', b'"rule":', "policy is no object"),
        (b"5326", b"-1", "bad total-successful"),
        (b"5326", b"true", "bad total-successful"),
        (b"5326", b"1.5", "bad total-successful"),
        (b"5326", b"9223372036854775808", "bad total-successful"),
        (b"5326", b"9" * 5000, "bad JSON"),
        (b'"Company-X"', b"1", "organization-name is no string"),
        (b'["*.mail.company-y.example"]', b"[1]", "mx-host holds something else"),
        (b'["*.mail.company-y.example"]', b"1", "mx-host is no array"),
        (b'"policies": [', b'"policies": [1, ', "policies is no object"),
    ],
)
def test_refuses(old: bytes, new: bytes, problem: str) -> None:
    assert old in SAMPLE
    with pytest.raises(ReportError, match=problem):
        parse_report_json(SAMPLE.replace(old, new))


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
TIME = st.integers(0, 2**33).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
COUNT = st.integers(0, 2**63 - 1)
FAILURE = st.builds(
    FailureDetails,
    result_type=st.sampled_from(ResultType) | TEXT,
    failed_sessions=COUNT,
    sending_mta_ip=TEXT,
    receiving_mx_hostname=TEXT,
    receiving_mx_helo=TEXT,
    receiving_ip=TEXT,
    additional_information=TEXT,
    reason_code=TEXT,
)
POLICY = st.builds(
    Policy,
    st.sampled_from(PolicyType),
    TEXT,
    st.lists(TEXT, max_size=2).map(tuple),
    st.lists(TEXT, max_size=2).map(tuple),
)
RESULT = st.builds(PolicyResult, POLICY, COUNT, COUNT, st.lists(FAILURE, max_size=2).map(tuple))
REPORT = st.builds(
    Report,
    organization_name=TEXT,
    contact_info=TEXT,
    report_id=TEXT,
    begin_at=TIME,
    end_at=TIME,
    results=st.lists(RESULT, max_size=3).map(tuple),
)


@given(REPORT, st.none() | st.just(2))
def test_what_is_written_can_be_read(report: Report, indent: int | None) -> None:
    assert parse_report_json(encode_report_json(report, indent=indent)) == report


@given(st.binary(max_size=60), st.integers(0, len(SAMPLE)), st.integers(0, 20))
def test_noise_gives_a_report_or_the_error(noise: bytes, at: int, cut: int) -> None:
    with suppress(ReportError):
        parse_report_json(SAMPLE[:at] + noise + SAMPLE[at + cut :])


@pytest.mark.parametrize("piece", [b"{},", b'"a",', b"0,", b'{"a":', b"[", b" "])
def test_hostile_documents_end_soon(piece: bytes) -> None:
    began = process_time()
    with pytest.raises(ReportError):
        parse_report_json(b'{"policies": [' + (piece * (1 << 20))[: 2 << 20])
    assert process_time() - began < 3


STS, TLSA = Policy(PolicyType.STS, "a.example"), Policy(PolicyType.TLSA, "mx.a.example", ("3 1 1 00",))
EXPIRED = FailureDetails(result_type=ResultType.CERTIFICATE_EXPIRED, failed_sessions=1)
ELSEWHERE = replace(EXPIRED, receiving_ip="192.0.2.1")


def test_equal_policies_and_failures_are_summed() -> None:
    merged = merge(
        [
            PolicyResult(STS, 1, 2, (EXPIRED, ELSEWHERE)),
            PolicyResult(TLSA, 5),
            PolicyResult(STS, 10, 1, (EXPIRED,)),
        ]
    )
    assert merged == (
        PolicyResult(STS, 11, 3, (replace(EXPIRED, failed_sessions=2), ELSEWHERE)),
        PolicyResult(TLSA, 5),
    )
    assert merge(merged) == merged
    assert merge([]) == ()


def test_counts_never_fall_below_zero() -> None:
    """An alert right after the handshake turns a success into a failure."""
    result = add(PolicyResult(STS, 1), successful_sessions=-1, failed_sessions=1, failures=[EXPIRED])
    assert result == PolicyResult(STS, 0, 1, (EXPIRED,))
    assert add(result, successful_sessions=-5, failed_sessions=-5) == PolicyResult(STS, 0, 0, (EXPIRED,))
    less = replace(EXPIRED, failed_sessions=-9)
    assert add(result, failures=[less]).failures == (replace(EXPIRED, failed_sessions=0),)


@given(st.lists(RESULT, max_size=4))
def test_merging_keeps_sums(results: list[PolicyResult]) -> None:
    merged = merge(results)
    assert len({result.policy for result in merged}) == len(merged)
    for count in ("successful_sessions", "failed_sessions"):
        assert sum(getattr(each, count) for each in merged) == sum(getattr(each, count) for each in results)


def test_merging_many_is_fast() -> None:
    began = process_time()
    failures = [replace(EXPIRED, reason_code=str(number)) for number in range(20_000)]
    merged = merge([PolicyResult(STS, 0, 1, (failure,)) for failure in failures])
    assert len(merged[0].failures) == 20_000
    assert process_time() - began < 2
