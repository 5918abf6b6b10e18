"""Writing reports: what is written can be read, in the schema that was asked for."""

from dataclasses import replace
from datetime import UTC, datetime

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
    Row,
    Schema,
    SpfAuth,
    encode_report_xml,
    parse_report_xml,
)

TEXT = st.text(st.characters(exclude_categories=["C"], exclude_characters="\ufffe\uffff"), max_size=20).map(
    lambda text: " ".join(text.split())
)
WORD = st.from_regex(r"[a-z0-9.]{1,12}", fullmatch=True)
TIME = st.integers(0, 2**33).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
RESULT = st.sampled_from(AuthResult)
REPORTS = st.builds(
    Report,
    st.builds(
        Metadata,
        org_name=TEXT,
        email=TEXT,
        report_id=WORD,
        begin_at=TIME,
        end_at=TIME,
        extra_contact_info=TEXT,
        errors=st.lists(TEXT.filter(bool), max_size=2).map(tuple),
        generator=TEXT,
    ),
    st.builds(
        PublishedPolicy,
        domain=WORD,
        policy=st.sampled_from(["none", "quarantine", "reject"]),
        subdomain_policy=st.sampled_from(["none", "quarantine", "reject"]),
        nonexistent_policy=st.sampled_from(["", "reject"]),
        dkim_alignment=st.sampled_from(["", "r", "s"]),
        failure_options=st.sampled_from(["", "0:d"]),
        testing=st.none() | st.booleans(),
        discovery_method=st.sampled_from(["", "psl", "treewalk"]),
    ),
    st.lists(
        st.builds(
            Row,
            source_ip=st.ip_addresses(),
            count=st.integers(0, 2**63 - 1),
            disposition=st.sampled_from(Disposition),
            dkim_aligned=st.booleans(),
            spf_aligned=st.booleans(),
            header_from=WORD,
            envelope_from=st.none() | st.just("") | WORD,
            envelope_to=st.none() | WORD,
            reasons=st.lists(
                st.builds(
                    OverrideReason, st.sampled_from(["other", "local_policy", "policy_test_mode"]), TEXT
                ),
                max_size=2,
            ).map(tuple),
            dkim=st.lists(st.builds(DkimAuth, WORD, WORD, RESULT, TEXT), max_size=2).map(tuple),
            spf=st.lists(
                st.builds(SpfAuth, WORD, RESULT, st.sampled_from(["", "mfrom"]), TEXT), max_size=2
            ).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
)


@given(REPORTS)
def test_what_is_written_can_be_read(report: Report) -> None:
    assert parse_report_xml(encode_report_xml(report)) == report


def test_schema_of_rfc_9990() -> None:
    octets = encode_report_xml(parse_report_xml(SAMPLE))
    assert b'<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">\n<version>1.0</version>' in octets
    assert b"pct" not in octets
    assert parse_report_xml(octets) == parse_report_xml(SAMPLE)
    # Reasons of the old schema are "other" now, the word kept.
    assert parse_report_xml(encode_report_xml(parse_report_xml(OLD))).rows[0].reasons == (
        OverrideReason("other", "list"),
        OverrideReason("other", "sampled_out"),
    )


def test_schema_of_rfc_7489() -> None:
    octets = encode_report_xml(parse_report_xml(SAMPLE), schema=Schema.RFC_7489)
    assert b"<feedback>" in octets
    for word in (b"xmlns", b"discovery_method", b"testing", b"generator", b"<np>", b"<disposition>pass"):
        assert word not in octets
    assert b"<pct>100</pct>" in octets
    report = parse_report_xml(OLD)
    spf = tuple(replace(each, human_result="") for each in report.rows[0].spf)
    expected = replace(report, rows=(replace(report.rows[0], spf=spf),))
    assert parse_report_xml(encode_report_xml(report, schema=Schema.RFC_7489)) == expected


@pytest.mark.parametrize("text", ["</org_name><x>", "a&b", "]]>", "\0\x1b\ud800\ufffe", "\r\n"])
def test_values_cannot_leave_their_element(text: str) -> None:
    report = parse_report_xml(SAMPLE)
    report = replace(report, metadata=replace(report.metadata, org_name=text))
    written = parse_report_xml(encode_report_xml(report))
    assert written.metadata.org_name == (text if text.isprintable() else "")
    assert written.rows == report.rows
