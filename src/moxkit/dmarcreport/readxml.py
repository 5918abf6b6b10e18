"""Reading a report's XML (RFC 9990 appendix A, RFC 7489 appendix C), as tolerant as real reports need.

Namespaces, order and unknown elements do not matter. What a report is about must be there: a period, a
domain, and in each row an address and a count.
"""

from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address

from moxkit.dmarcreport.elements import Element, read_elements
from moxkit.dmarcreport.errors import ReportError
from moxkit.dmarcreport.report import (
    AuthResult,
    Disposition,
    DkimAuth,
    Metadata,
    OverrideReason,
    PublishedPolicy,
    Report,
    Row,
    SpfAuth,
)

__all__ = ["parse_report_xml"]

_MOST_OCTETS = 20 << 20
_MOST_RESULTS = 100  # of DKIM in one row, RFC 9990 §3.1.3
_LARGEST_COUNT = 2**63 - 1  # what databases hold
_LATEST = 253_402_300_799  # the last second that datetime knows

# Words from before the RFC, still written (RFC 7489 appendix C: "commonly implemented as").
_OLD_WORDS = {
    "unknown": AuthResult.TEMPERROR,
    "error": AuthResult.PERMERROR,
    "hardfail": AuthResult.FAIL,
    "hard_fail": AuthResult.FAIL,
    "soft_fail": AuthResult.SOFTFAIL,
}


def parse_report_xml(octets: bytes) -> Report:
    """Parse an aggregate report.

    Raises:
        ReportError: It is larger than 20 MB, malformed, or lacks what a report is about.
    """
    if len(octets) > _MOST_OCTETS:
        raise ReportError("report too large")
    metadata: list[Metadata] = []
    policies: list[PublishedPolicy] = []
    rows: list[Row] = []

    def take(element: Element) -> None:
        match element.name:
            case "report_metadata":
                metadata.append(_read_metadata(element))
            case "policy_published":
                policies.append(_read_policy(element))
            case "record":
                rows.append(_read_row(element))
            case _:
                pass  # version, extensions, and whatever else there is

    read_elements(octets, "feedback", take)
    if not metadata or not policies:
        raise ReportError("no report_metadata" if not metadata else "no policy_published")
    return Report(metadata[0], policies[0], tuple(rows))


def _read_metadata(element: Element) -> Metadata:
    period = element.child("date_range")
    return Metadata(
        org_name=element.get("org_name"),
        email=element.get("email"),
        report_id=element.get("report_id"),
        begin_at=_read_time(period.get("begin")),
        end_at=_read_time(period.get("end")),
        extra_contact_info=element.get("extra_contact_info"),
        errors=tuple(each.text for each in element.all("error") if each.text),
        generator=element.get("generator"),
    )


def _read_policy(element: Element) -> PublishedPolicy:
    domain = element.get("domain")
    if not domain:
        raise ReportError("no domain in policy_published")
    testing = element.get("testing").lower()
    percentage = element.get("pct")
    return PublishedPolicy(
        domain=domain,
        policy=element.get("p").lower(),
        subdomain_policy=element.get("sp").lower(),
        nonexistent_policy=element.get("np").lower(),
        dkim_alignment=element.get("adkim").lower(),
        spf_alignment=element.get("aspf").lower(),
        failure_options=element.get("fo"),
        testing=testing == "y" if testing in {"y", "n"} else None,
        percentage=_read_number(percentage, 100, "pct") if percentage else None,
        discovery_method=element.get("discovery_method").lower(),
    )


def _read_row(element: Element) -> Row:
    row, identifiers = element.child("row"), element.child("identifiers")
    results, evaluated = element.child("auth_results"), row.child("policy_evaluated")
    return Row(
        source_ip=_read_address(row.get("source_ip")),
        count=_read_number(row.get("count"), _LARGEST_COUNT, "count"),
        disposition=_read_disposition(evaluated.get("disposition")),
        dkim_aligned=evaluated.get("dkim").lower() == "pass",
        spf_aligned=evaluated.get("spf").lower() == "pass",
        header_from=identifiers.get("header_from"),
        envelope_from=identifiers.get("envelope_from") if "envelope_from" in identifiers else None,
        envelope_to=identifiers.get("envelope_to") if "envelope_to" in identifiers else None,
        reasons=tuple(
            OverrideReason(each.get("type").lower(), each.get("comment"))
            for each in evaluated.all("reason")[:_MOST_RESULTS]
        ),
        dkim=tuple(_read_dkim(each) for each in results.all("dkim")[:_MOST_RESULTS]),
        spf=tuple(_read_spf(each) for each in results.all("spf")[:_MOST_RESULTS]),
    )


def _read_dkim(element: Element) -> DkimAuth:
    result, human = _read_result(element)
    return DkimAuth(element.get("domain"), element.get("selector"), result, human)


def _read_spf(element: Element) -> SpfAuth:
    result, human = _read_result(element)
    return SpfAuth(element.get("domain"), result, element.get("scope").lower(), human)


def _read_result(element: Element) -> tuple[AuthResult, str]:
    """Read result and text for people; a word that nobody knows goes there and counts as none."""
    written, human = element.get("result").lower(), element.get("human_result")
    try:
        return _OLD_WORDS.get(written) or AuthResult(written), human
    except ValueError:
        return AuthResult.NONE, human or written


def _read_disposition(text: str) -> Disposition:
    try:
        return Disposition(text.lower())
    except ValueError:
        return Disposition.NONE  # also left out by some for messages that passed


def _read_address(text: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(text)
    except ValueError:
        raise ReportError("bad source_ip") from None


def _read_number(text: str, largest: int, what: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 19 or int(text) > largest:
        raise ReportError(f"bad {what}")
    return int(text)


def _read_time(text: str) -> datetime:
    # Some write fractions of seconds.
    return datetime.fromtimestamp(_read_number(text.partition(".")[0], _LATEST, "date_range"), UTC)
