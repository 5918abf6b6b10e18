"""Is a message a report that we can believe: recognised, authenticated, read (RFC 9990, 8460).

Cheap checks come first: what is not authenticated is not unpacked. Nothing is written here.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from mox.verification import Verification
from moxkit import dkim, dmarc, dmarcreport, tlsrpt
from moxkit.domain import Domain, DomainError, parse_domain
from moxkit.message import Source, parse
from moxkit.publicsuffix import organizational_domain

__all__ = ["ReportKind", "ReportProblem", "ValidReport", "check_report"]

# Clocks differ.
_LEEWAY = timedelta(seconds=60)


class ReportKind(StrEnum):
    """What a report is about."""

    DMARC = "dmarc"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class ReportProblem:
    """Why a message is no report that can be used.

    Attributes:
        kind: What it seems to be.
        text: For people; may hold words of the sender.
    """

    kind: ReportKind
    text: str


@dataclass(frozen=True, slots=True)
class ValidReport:
    """A report that is authenticated, well-formed, and about us.

    Attributes:
        report: Of TLS reports, only what is about our domains.
        from_domain: Of its author.
    """

    report: dmarcreport.Report | tlsrpt.Report
    from_domain: Domain

    @property
    def kind(self) -> ReportKind:
        """What it is about."""
        return ReportKind.DMARC if isinstance(self.report, dmarcreport.Report) else ReportKind.TLS


def check_report(
    source: Source, found: Verification, *, own_domains: Collection[str], now: datetime
) -> ValidReport | ReportProblem:
    """Recognise a report and check it; takes seconds for the largest.

    Args:
        source: The message as it came.
        found: Who it is from.
        own_domains: ASCII names that reports may be about; for TLS also hosts.
        now: Reports of the future are none.
    """
    kind = _recognise(source)
    author = found.author_domain
    is_known = _is_dmarc_proved(found) if kind is ReportKind.DMARC else _is_signed_for_tls(found)
    if author is None or not is_known:
        asked = (
            "DMARC does not pass" if kind is ReportKind.DMARC else "no signature of the author for reports"
        )
        return ReportProblem(kind, f"not authenticated: {asked}")
    try:
        if kind is ReportKind.DMARC:
            report = dmarcreport.parse_report_message(source)
            problem = _check_dmarc(report, own_domains, now)
            return problem or ValidReport(report, author)
        return _check_tls(tlsrpt.parse_report_message(source), author, own_domains)
    except (dmarcreport.ReportError, tlsrpt.ReportError) as error:
        return ReportProblem(kind, f"cannot be read: {error}")


def _recognise(source: Source) -> ReportKind:
    """Tell by the types of its parts: TLS reports have types of their own (RFC 8460 §5.3, §6.4, §6.5)."""
    root = parse(source)
    if root.subtype == "report" and root.params.get("report-type", "").lower() == "tlsrpt":
        return ReportKind.TLS
    is_tls = any(
        part.type == "application" and part.subtype in {"tlsrpt+json", "tlsrpt+gzip"} for part in root.walk()
    )
    return ReportKind.TLS if is_tls else ReportKind.DMARC


def _is_dmarc_proved(found: Verification) -> bool:
    """RFC 9990 §3.5.2: mail with reports has to pass DMARC."""
    return found.dmarc is not None and found.dmarc.status is dmarc.Status.PASS


def _is_signed_for_tls(found: Verification) -> bool:
    """RFC 8460 §3: signed by the author's domain or one above it, all of the body, with a key for reports."""
    author = found.author_domain
    if author is None:
        return False
    for result in found.dkim:
        signature, record = result.signature, result.record
        if result.status is not dkim.Status.PASS or signature is None or record is None:
            continue
        is_above = author == signature.domain or author.is_below(signature.domain)
        is_same = organizational_domain(author) == organizational_domain(signature.domain)
        if is_above and is_same and signature.body_length is None and record.allows_service("tlsrpt"):
            return True
    return False


def _check_dmarc(
    report: dmarcreport.Report, own_domains: Collection[str], now: datetime
) -> ReportProblem | None:
    about = report.metadata
    if _ascii(report.policy.domain) not in own_domains:
        return ReportProblem(ReportKind.DMARC, f"about another domain: {report.policy.domain}")
    if about.end_at > now + _LEEWAY or about.begin_at > about.end_at:
        return ReportProblem(ReportKind.DMARC, f"bad period: {about.begin_at} to {about.end_at}")
    return None


def _check_tls(
    report: tlsrpt.Report, author: Domain, own_domains: Collection[str]
) -> ValidReport | ReportProblem:
    ours = tuple(each for each in report.results if _ascii(each.policy.domain) in own_domains)
    if not ours:
        domains = ", ".join(dict.fromkeys(each.policy.domain for each in report.results[:5]))
        return ReportProblem(ReportKind.TLS, f"about other domains: {domains}")
    return ValidReport(replace(report, results=ours), author)


def _ascii(name: str) -> str:
    try:
        return parse_domain(name, allow_underscore=True, allow_trailing_dot=True).ascii
    except DomainError:
        return ""
