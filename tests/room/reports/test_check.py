"""Which mail is a report that we believe (RFC 9990 §3.5.2, RFC 8460 §3, §5.3)."""

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from mox.reports import ReportKind, ReportProblem, ValidReport, check_report
from moxkit import dkim, dmarc
from moxkit.domain import parse_domain
from moxkit.message import Composer, attachment, multipart, text_entity
from room.reports.mails import (
    BIG,
    DAY,
    KEY,
    NOW,
    OURS,
    PASSED,
    RESULTS,
    dmarc_mail,
    dmarc_report,
    dmarc_result,
    signature,
    tls_mail,
    tls_report,
    verified,
)


def check(octets: bytes, **found: Any) -> ValidReport | ReportProblem:
    return check_report(octets, verified(**found), own_domains=OURS, now=NOW)


def test_a_dmarc_report() -> None:
    checked = check(dmarc_mail(dmarc_report()))
    assert isinstance(checked, ValidReport)
    assert (checked.kind, checked.from_domain) == (ReportKind.DMARC, BIG)
    assert checked.report == dmarc_report()


def test_a_tls_report_is_kept_as_far_as_it_is_about_us() -> None:
    checked = check(tls_mail(tls_report()), dmarc=None)
    assert isinstance(checked, ValidReport)
    assert (checked.kind, checked.from_domain) == (ReportKind.TLS, BIG)
    assert checked.report == tls_report(results=RESULTS[:2])


@pytest.mark.parametrize(
    ("octets", "found", "kind", "text"),
    [
        (dmarc_mail(dmarc_report()), {"dmarc": None}, "dmarc", "not authenticated: DMARC does not pass"),
        (
            dmarc_mail(dmarc_report()),
            {"dmarc": dmarc_result(dmarc.Status.FAIL)},
            "dmarc",
            "not authenticated: DMARC does not pass",
        ),
        (
            dmarc_mail(dmarc_report()),
            {"author": None, "author_domain": None},
            "dmarc",
            "not authenticated: DMARC does not pass",
        ),
        (dmarc_mail(dmarc_report("other.example")), {}, "dmarc", "about another domain: other.example"),
        (dmarc_mail(dmarc_report("no name")), {}, "dmarc", "about another domain: no name"),
        (
            dmarc_mail(dmarc_report(end_at=NOW + timedelta(seconds=61))),
            {},
            "dmarc",
            "bad period: 2030-01-02 00:00:00+00:00 to 2030-01-03 12:01:01+00:00",
        ),
        (
            dmarc_mail(dmarc_report(end_at=DAY - timedelta(seconds=1))),
            {},
            "dmarc",
            "bad period: 2030-01-02 00:00:00+00:00 to 2030-01-01 23:59:59+00:00",
        ),
        (b"Subject: hello\r\n\r\nbuy this\r\n", {}, "dmarc", "cannot be read: no report in message"),
        (b"", {}, "dmarc", "cannot be read: no report in message"),
        (
            tls_mail(tls_report(results=RESULTS[2:])),
            {},
            "tls",
            "about other domains: other.example",
        ),
        (tls_mail(tls_report(results=())), {}, "tls", "about other domains: "),
        (
            b"Content-Type: application/tlsrpt+json\r\n\r\n{}\r\n",
            {},
            "tls",
            "cannot be read: date-range is no object",
        ),
        (
            b"Content-Type: multipart/report; report-type=tlsrpt; boundary=x\r\n\r\n--x\r\n\r\n\r\n--x--\r\n",
            {},
            "tls",
            "cannot be read: no report in message",
        ),
    ],
)
def test_what_is_no_report_for_us(octets: bytes, found: dict[str, Any], kind: str, text: str) -> None:
    assert check(octets, **found) == ReportProblem(ReportKind(kind), text)


@pytest.mark.parametrize(
    ("author", "result", "is_enough"),
    [
        ("big.example", PASSED, True),
        ("tls.big.example", PASSED, True),
        ("big.example", replace(PASSED, signature=signature("tls.big.example")), False),
        ("big.example", replace(PASSED, signature=signature("other.example")), False),
        ("big.co.uk", replace(PASSED, signature=signature("co.uk")), False),
        ("big.example", replace(PASSED, signature=signature(body_length=10)), False),
        ("big.example", replace(PASSED, status=dkim.Status.FAIL), False),
        ("big.example", replace(PASSED, status=dkim.Status.NONE), False),
        ("big.example", replace(PASSED, record=replace(KEY, services=("email",))), False),
        ("big.example", replace(PASSED, record=replace(KEY, services=("email", "tlsrpt"))), True),
        ("big.example", dkim.Result(dkim.Status.PERMERROR), False),
    ],
)
def test_who_signs_tls_reports(author: str, result: dkim.Result, is_enough: bool) -> None:
    bad = dkim.Result(dkim.Status.PERMERROR)
    checked = check(tls_mail(tls_report()), dkim=(bad, result), author_domain=parse_domain(author))
    if is_enough:
        assert isinstance(checked, ValidReport)
    else:
        problem = "not authenticated: no signature of the author for reports"
        assert checked == ReportProblem(ReportKind.TLS, problem)


def mail_with(file: bytes, content_type: str) -> bytes:
    part = attachment(file, content_type=content_type, filename="report")
    return Composer().message(multipart("mixed", [text_entity("hello"), part]))


@given(noise=st.binary(max_size=300), kind=st.sampled_from(["application/tlsrpt+gzip", "application/gzip"]))
def test_noise_gives_a_value(noise: bytes, kind: str) -> None:
    for octets in (noise, mail_with(noise, kind), mail_with(b"\x1f\x8b" + noise, kind)):
        assert isinstance(check(octets), ReportProblem)


@pytest.mark.parametrize(
    "octets",
    [
        mail_with(b"<feedback>" + b"<record>" * 120_000, "text/xml"),
        mail_with(b"[" * 1_000_000, "application/tlsrpt+json"),
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\n" * 100_000,
    ],
)
def test_hostile_reports_end_soon(octets: bytes) -> None:
    before = time.perf_counter()
    assert isinstance(check(octets), ReportProblem)
    assert time.perf_counter() - before < 5
