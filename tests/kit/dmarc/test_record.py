"""Records: the examples of the RFCs, what is read as a default, refusals, sizes, round trip, noise."""

from contextlib import suppress
from time import process_time

import pytest
from hypothesis import given, strategies as st

from moxkit.dmarc import Alignment, Policy, Psd, Record, RecordError, ReportUri, is_record, parse_record

READ = [
    # RFC 7489 appendix B.2.1 to B.2.4
    (
        "v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com",
        Record(rua=(ReportUri("mailto:dmarc-feedback@example.com"),)),
    ),
    (
        "v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com;\t ruf=mailto:auth-reports@example.com",
        Record(
            rua=(ReportUri("mailto:dmarc-feedback@example.com"),),
            ruf=(ReportUri("mailto:auth-reports@example.com"),),
        ),
    ),
    (
        "v=DMARC1; p=quarantine; rua=mailto:dmarc-feedback@example.com,"
        "mailto:tld-test@thirdparty.example.net!10m; pct=25",
        Record(
            policy=Policy.QUARANTINE,
            rua=(
                ReportUri("mailto:dmarc-feedback@example.com"),
                ReportUri("mailto:tld-test@thirdparty.example.net", 10 << 20),
            ),
            percentage=25,
        ),
    ),
    # RFC 9989 §4.7: every tag
    (
        "v=DMARC1;p=reject;sp=quarantine;np=reject;psd=n;t=y;adkim=s;aspf=S;fo=1:d:s;rf=afrf;ri=3600;pct=0;",
        Record(
            policy=Policy.REJECT,
            subdomain_policy=Policy.QUARANTINE,
            nonexistent_policy=Policy.REJECT,
            psd=Psd.NO,
            testing=True,
            dkim_alignment=Alignment.STRICT,
            spf_alignment=Alignment.STRICT,
            failure_options=("1", "d", "s"),
            report_interval_s=3600,
            percentage=0,
        ),
    ),
    # RFC 9989 §4.8 lets tags come in any order, and white space stand around them.
    (
        "  V = DMARC1 ;  adkim = s ; P = REJECT ",
        Record(policy=Policy.REJECT, dkim_alignment=Alignment.STRICT),
    ),
    ("v=DMARC1; p=reject; unknown=x; a=b", Record(policy=Policy.REJECT)),
]


@pytest.mark.parametrize(("text", "record"), READ)
def test_reads(text: str, record: Record) -> None:
    assert parse_record(text) == record


# RFC 9989 §4.7: syntax errors in the remainder are discarded in favour of defaults, or ignored.
NOTED = [
    ("v=DMARC1; p=reject; adkim=x", "bad adkim"),
    ("v=DMARC1; p=reject; pct=101", "bad pct"),
    ("v=DMARC1; p=reject; pct=-1", "bad pct"),
    ("v=DMARC1; p=reject; ri=4294967296", "bad ri"),
    ("v=DMARC1; p=reject; fo=q", "bad fo"),
    ("v=DMARC1; p=reject; t=1", "bad t"),
    ("v=DMARC1; p=reject; psd=maybe", "bad psd"),
    ("v=DMARC1; p=reject; rua=nobody@example.org", "bad rua"),
    ("v=DMARC1; p=reject; rua=mailto:a@b.example!5x", "bad rua"),
    ("v=DMARC1; p=reject; garbage", "text that is no tag"),
    ("v=DMARC1; p=reject; rf=", "bad rf"),
]


@pytest.mark.parametrize(("text", "problem"), NOTED)
def test_wrong_optional_values_become_defaults(text: str, problem: str) -> None:
    assert parse_record(text) == Record(policy=Policy.REJECT, problems=(problem,))


# RFC 9989 §4.10.1, RFC 7489 §6.6.3
@pytest.mark.parametrize("tags", ["", "p=strict;", "p=reject; sp=strict;", "p=reject; sp=none; np=?;"])
def test_bad_policy_is_none_if_reports_are_wanted(tags: str) -> None:
    record = parse_record(f"v=DMARC1; {tags} rua=mailto:a@b.example")
    assert (record.policy, record.subdomain_policy, record.nonexistent_policy) == (Policy.NONE, None, None)
    assert record.problems[-1] == "read as p=none"
    with pytest.raises(RecordError):
        parse_record(f"v=DMARC1; {tags}")


REFUSED = [
    ("", "v=DMARC1"),
    ("p=reject; v=DMARC1", "v=DMARC1"),
    ("v=dmarc1; p=reject", "v=DMARC1"),  # the value's case counts, RFC 9989 §4.8
    ("v=DMARC1.0; p=reject", "v=DMARC1"),
    ("v=DMARC1", "no valid p"),
    ("v=DMARC1; p=reject; p=none", "repeated tag p"),  # RFC 6376 §3.2
    ("v=DMARC1; p=reject; P=none", "repeated tag p"),
    ("v=DMARC1; v=DMARC1; p=reject", "repeated tag v"),
    ("v=DMARC1; p=reject; sp=sometimes", "bad sp"),
    ("v=DMARC1; p=reject; " + "x" * 20_000, "too long"),
]


@pytest.mark.parametrize(("text", "problem"), REFUSED)
def test_refuses(text: str, problem: str) -> None:
    with pytest.raises(RecordError, match=problem):
        parse_record(text)


def test_consent_record_needs_no_policy() -> None:
    """RFC 9990 §4: "v=DMARC1" alone permits reports."""
    assert parse_record("v=DMARC1", is_policy=False) == Record()


def test_other_records_are_told_apart() -> None:
    assert is_record("v=DMARC1")
    assert not is_record("v=spf1 -all")
    assert not is_record("v=DMARC10")


@pytest.mark.parametrize(
    ("written", "octets"),
    [("!5", 5), ("!50k", 50 << 10), ("!1M", 1 << 20), ("!2g", 2 << 30), ("!3t", 3 << 40), ("", None)],
)
def test_sizes_count_in_powers_of_two(written: str, octets: int | None) -> None:
    """RFC 7489 §6.2."""
    record = parse_record(f"v=DMARC1; p=none; rua=mailto:a@b.example{written}")
    assert record.rua == (ReportUri("mailto:a@b.example", octets),)
    assert str(record.rua[0]).lower() == f"mailto:a@b.example{written.lower()}"


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("mailto:dmarc@mox.example", "dmarc@mox.example"),
        ("MAILTO:a%21b%2Cc@mox.example?subject=x", "a!b,c@mox.example"),
        ("mailto:a@B%C3%9Ccher.example", "a@xn--bcher-kva.example"),
        ("mailto:a%0D%0Ab@mox.example", None),
        ("mailto:a@b@c.example", None),
        ("mailto:a@-.example", None),
        ("https://mox.example/report", None),
    ],
)
def test_addresses_of_uris(uri: str, address: str | None) -> None:
    assert ReportUri(uri).address == address


def test_policy_for_subdomains() -> None:
    """RFC 9989 §4.10.1: sp for subdomains, np for those that do not exist, each falling back."""
    record = parse_record("v=DMARC1; p=reject; sp=quarantine; np=none")
    assert record.policy_for(is_subdomain=False) is Policy.REJECT
    assert record.policy_for(is_subdomain=True) is Policy.QUARANTINE
    assert record.policy_for(is_subdomain=True, exists=False) is Policy.NONE
    record = parse_record("v=DMARC1; p=reject; sp=quarantine")
    assert record.policy_for(is_subdomain=True, exists=False) is Policy.QUARANTINE
    assert parse_record("v=DMARC1; p=reject").policy_for(is_subdomain=True, exists=False) is Policy.REJECT


URIS = st.lists(
    st.builds(
        ReportUri,
        st.from_regex(
            r"(mailto:[a-z]{1,8}@[a-z]{1,8}\.example|https://[a-z]{1,8}/[a-z]{1,8})", fullmatch=True
        ),
        st.none() | st.integers(0, 1 << 44),
    ),
    max_size=3,
).map(tuple)
RECORDS = st.builds(
    Record,
    policy=st.sampled_from(Policy),
    subdomain_policy=st.none() | st.sampled_from(Policy),
    nonexistent_policy=st.none() | st.sampled_from(Policy),
    psd=st.sampled_from(Psd),
    testing=st.booleans(),
    dkim_alignment=st.sampled_from(Alignment),
    spf_alignment=st.sampled_from(Alignment),
    rua=URIS,
    ruf=URIS,
    failure_options=st.lists(st.sampled_from("01ds"), min_size=1, unique=True).map(tuple),
    report_interval_s=st.integers(0, 2**32 - 1),
    percentage=st.integers(0, 100),
)


@given(RECORDS)
def test_what_is_written_can_be_read(record: Record) -> None:
    assert parse_record(str(record)) == record


@given(st.text(max_size=60))
def test_noise_gives_a_record_or_the_error(noise: str) -> None:
    for text in (noise, f"v=DMARC1; p=none; {noise}", f"v=DMARC1; rua=mailto:{noise}"):
        with suppress(RecordError):
            for uri in parse_record(text).rua:
                assert uri.address is None or uri.address.isprintable()


@pytest.mark.parametrize("piece", [";", " ", "a=b;", "rua=mailto:a@b,", "mailto:a@b,", "!1", "%"])
def test_hostile_input_ends_soon(piece: str) -> None:
    began = process_time()
    for length in (16_000, 1 << 20):
        with suppress(RecordError):
            parse_record(("v=DMARC1; p=none; rua=" + piece * length)[:length])
    assert process_time() - began < 1
