"""Consent of those who are to get reports: RFC 9990 §4, RFC 7489 §7.1."""

import pytest

from moxkit.dmarc import Consent, Method, ReportUri, check_report_address
from moxkit.domain import parse_domain
from moxkit.testing import FakeResolver

# The example of RFC 9990 §4.
BLUE, RED = parse_domain("blue.example.com"), parse_domain("red.example.net")
NAME = "blue.example.com._report._dmarc.red.example.net"


@pytest.mark.parametrize(
    ("records", "consent", "rua"),
    [
        (["v=DMARC1"], Consent.GIVEN, ()),
        (["v=DMARC1;"], Consent.GIVEN, ()),
        (["v=spf1 -all", "v=DMARC1; p=none"], Consent.GIVEN, ()),
        (
            ["v=DMARC1; rua=mailto:other@red.example.net"],
            Consent.GIVEN,
            (ReportUri("mailto:other@red.example.net"),),
        ),
        (["v=DMARC1", "v=DMARC1"], Consent.GIVEN, ()),  # one that can be read is enough
        (["v=DMARC1; rua=mailto:other@victim.example"], Consent.MISSING, ()),  # another host
        (["v=DMARC1; p=none; p=none"], Consent.MISSING, ()),
        (["something"], Consent.MISSING, ()),
        ([], Consent.MISSING, ()),
    ],
)
async def test_consent(records: list[str], consent: Consent, rua: tuple[ReportUri, ...]) -> None:
    zone = "\n".join(f'{NAME}. TXT "{text}"' for text in records)
    found = await check_report_address(FakeResolver(zone, authentic=True), BLUE, RED)
    assert (found.consent, found.rua, found.name) == (consent, rua, NAME)
    assert found.accepts == (consent is Consent.GIVEN)
    assert found.authentic
    assert bool(found.problem) == (consent is Consent.MISSING)


async def test_the_same_organization_needs_no_record() -> None:
    zone = '_dmarc.example.com. TXT "v=DMARC1; p=none"'
    found = await check_report_address(FakeResolver(zone), BLUE, parse_domain("mail.example.com"))
    assert found.consent is Consent.INTERNAL
    assert found.accepts
    found = await check_report_address(
        FakeResolver(), BLUE, parse_domain("mail.example.com"), method=Method.PUBLIC_SUFFIX_LIST
    )
    assert found.consent is Consent.INTERNAL


@pytest.mark.parametrize("failing", [NAME, "_dmarc.example.net"])
async def test_failing_dns(failing: str) -> None:
    found = await check_report_address(FakeResolver(temporary=[failing]), BLUE, RED)
    assert found.consent is Consent.TEMPERROR
    assert not found.accepts


async def test_a_name_that_cannot_be() -> None:
    long = parse_domain(".".join(["x" * 60] * 3))
    found = await check_report_address(FakeResolver(), long, long.parent() or long, method=Method.TREE_WALK)
    assert found.consent is Consent.MISSING
    assert found.problem == "name too long"
