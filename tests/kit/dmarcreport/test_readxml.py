"""Reading reports of both schemas, refusals, attacks through XML, noise."""

from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import ip_address
from time import process_time

import pytest
from hypothesis import given, strategies as st

from kit.dmarcreport.samples import OLD, SAMPLE
from moxkit.dmarcreport import (
    AuthResult,
    Disposition,
    DkimAuth,
    Metadata,
    OverrideReason,
    PublishedPolicy,
    Report,
    ReportError,
    Row,
    SpfAuth,
    parse_report_xml,
)


def test_sample_of_rfc_9990() -> None:
    assert parse_report_xml(SAMPLE) == Report(
        Metadata(
            org_name="Sample Reporter",
            email="report_sender@example-reporter.com",
            report_id="3v98abbp8ya9n3va8yr8oa3ya",
            begin_at=datetime(1979, 8, 7, tzinfo=UTC),
            end_at=datetime(1979, 8, 7, 23, 59, 59, tzinfo=UTC),
            extra_contact_info="https://example-reporter.com/dmarc",
            generator="Example DMARC Aggregate Reporter v1.2",
        ),
        PublishedPolicy(
            domain="example.com",
            policy="quarantine",
            subdomain_policy="none",
            nonexistent_policy="none",
            testing=False,
            discovery_method="treewalk",
        ),
        (
            Row(
                source_ip=ip_address("192.0.2.123"),
                count=123,
                disposition=Disposition.PASS,
                dkim_aligned=True,
                spf_aligned=False,
                header_from="example.com",
                envelope_from="example.com",
                dkim=(DkimAuth("example.com", "abc123", AuthResult.PASS),),
                spf=(SpfAuth("example.com", AuthResult.FAIL),),
            ),
        ),
    )


def test_report_after_rfc_7489() -> None:
    report = parse_report_xml(OLD)
    assert report.metadata.org_name == "Grüße"
    assert report.metadata.begin_at == datetime(2013, 2, 19, 20, tzinfo=UTC)
    assert report.metadata.errors == ("one", "two")
    assert (report.policy.dkim_alignment, report.policy.spf_alignment) == ("r", "s")
    assert (report.policy.percentage, report.policy.testing) == (50, None)
    (row,) = report.rows
    assert (row.envelope_from, row.envelope_to) == ("", "b.example")
    assert row.reasons == (OverrideReason("forwarded", "list"), OverrideReason("sampled_out"))
    assert row.dkim == (DkimAuth("a.example", "", AuthResult.FAIL, "bad"),)
    assert row.spf == (
        SpfAuth("c.example", AuthResult.TEMPERROR, "helo"),
        SpfAuth("d.example", AuthResult.NONE, "", "weird"),
    )


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (b"<feedback xmlns", b"<report xmlns", "bad XML|root"),
        (b"</feedback>", b"", "bad XML"),
        (b"report_metadata>", b"metadata>", "no report_metadata"),
        (b"policy_published>", b"policy>", "no policy_published"),
        (b"<domain>example.com</domain>\n    <p>", b"<p>", "no domain"),
        (b"302832000", b"yesterday", "bad date_range"),
        (b"302832000", b"999999999999", "bad date_range"),
        (b"<count>123</count>", b"<count>-1</count>", "bad count"),
        (b"<count>123</count>", b"", "bad count"),
        (b"<count>123", b"<count>" + b"9" * 5000, "bad count"),
        (b"192.0.2.123", b"192.0.2", "bad source_ip"),
        (b"<feedback", b"<!DOCTYPE feedback><feedback", "document type"),
        (b"<feedback", b'<!DOCTYPE f [<!ENTITY a "b">]><feedback', "document type"),
        (b"Sample Reporter", b"<a>" * 20 + b"</a>" * 20, "nested too deeply"),
        (b"Sample Reporter", b"<a/>" * 20_001, "too many elements"),
        (b"Sample Reporter", b"&a;", "bad XML"),
        (b"Sample Reporter", b"\xff", "bad XML"),
        (b"<feedback", b'<?xml version="1.0" encoding="x-none"?><feedback', "bad XML"),
    ],
)
def test_refuses(old: bytes, new: bytes, problem: str) -> None:
    assert old in SAMPLE
    with pytest.raises(ReportError, match=problem):
        parse_report_xml(SAMPLE.replace(old, new))


def test_an_unknown_disposition_is_none() -> None:
    octets = SAMPLE.replace(b"<disposition>pass", b"<disposition>delivered")
    assert parse_report_xml(octets).rows[0].disposition is Disposition.NONE


def test_rows_are_not_needed() -> None:
    start, end = SAMPLE.index(b"<record>"), SAMPLE.index(b"</record>") + 9
    assert parse_report_xml(SAMPLE[:start] + SAMPLE[end:]).rows == ()


def test_refuses_a_document_that_is_too_large() -> None:
    with pytest.raises(ReportError, match="too large"):
        parse_report_xml(bytes((20 << 20) + 1))


@pytest.mark.parametrize(
    "piece",
    [
        b"<a>",
        b"<a/>",
        b"<a></a>",
        b"x",
        b"&lt;",
        b"<!--x-->",
        b"<record/>",
        b"<a b='c'/>",
        b"<error>x</error>",
    ],
)
def test_hostile_documents_end_soon(piece: bytes) -> None:
    """RFC 9990 §8: decompressors and XML parsers are what an attacker aims at."""
    began = process_time()
    for prefix in (b"<feedback>", b"<feedback><report_metadata>"):
        with pytest.raises(ReportError):
            parse_report_xml(prefix + (piece * (1 << 20))[: 2 << 20])
    assert process_time() - began < 5


@given(st.binary(max_size=60), st.integers(0, len(SAMPLE)), st.integers(0, 20))
def test_noise_gives_a_report_or_the_error(noise: bytes, at: int, cut: int) -> None:
    with suppress(ReportError):
        parse_report_xml(SAMPLE[:at] + noise + SAMPLE[at + cut :])
    with suppress(ReportError):
        parse_report_xml(noise)
