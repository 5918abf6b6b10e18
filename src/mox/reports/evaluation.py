"""One DMARC evaluation of a message that came in, as it will be reported to its author's domain. Pure."""

from dataclasses import dataclass
from datetime import datetime

from mox.verification import Verification
from moxkit import dkim, dmarcreport, spf
from moxkit.publicsuffix import organizational_domain

__all__ = ["Evaluation", "evaluation_of", "report_interval_hours"]

# That divide a day, so that reports begin at midnight (reference queue.md §11).
_INTERVALS = (24, 12, 8, 6, 4, 3, 2)
_MOST_SIGNATURES = 10


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What DMARC said of a message for one recipient, and what was done.

    Attributes:
        policy_domain: Where the record was found; ASCII.
        is_optional: Without others, no report is made of it.
        interval_hours: How often the domain wants reports.
        record: As it was applied, with the addresses for reports.
        row: Of one message.
    """

    policy_domain: str
    evaluated_at: datetime
    is_optional: bool
    interval_hours: int
    record: str
    row: dmarcreport.Row


def report_interval_hours(interval_s: int) -> int:
    """Return the hours between reports: as asked for or less, so that days are divided evenly."""
    hours = -(-interval_s // 3600)
    return next((each for each in _INTERVALS if hours >= each), 1)


def evaluation_of(
    found: Verification,
    *,
    now: datetime,
    is_rejected: bool,
    recipient_domain: str,
    overrides: tuple[str, ...] = (),
    is_optional: bool = False,
) -> Evaluation | None:
    """Return what to report of a message; None if its author's domain asks for no reports.

    Args:
        found: What was found out.
        now: Time of the evaluation.
        is_rejected: It was refused because of the policy.
        recipient_domain: Of the address that it was for.
        overrides: Why the policy did not count (RFC 7489 appendix C).
        is_optional: See `Evaluation`.
    """
    result, author = found.dmarc, found.author_domain
    if result is None or author is None or result.record is None or result.domain is None:
        return None
    if not any(uri.address for uri in result.record.rua):
        return None
    row = dmarcreport.Row(
        source_ip=found.sender.client_ip,
        count=1,
        disposition=dmarcreport.Disposition.REJECT if is_rejected else dmarcreport.Disposition.NONE,
        dkim_aligned=result.aligned_dkim,
        spf_aligned=result.aligned_spf,
        header_from=author.ascii,
        envelope_from=_envelope_from(found),
        envelope_to=recipient_domain,
        reasons=tuple(dmarcreport.OverrideReason(word) for word in overrides),
        dkim=tuple(_dkim(found)),
        spf=(_spf(found.spf),) if found.spf.domain is not None else (),
    )
    return Evaluation(
        result.domain.ascii,
        now,
        is_optional,
        report_interval_hours(result.record.report_interval_s),
        str(result.record),
        row,
    )


def _envelope_from(found: Verification) -> str:
    domain = found.sender.domain(spf.Identity.MAILFROM) if found.sender.mail_from else None
    return "" if domain is None else domain.ascii


def _dkim(found: Verification) -> list[dmarcreport.DkimAuth]:
    """Tell of signatures by the author's organization; who else signed is not its business."""
    if found.author_domain is None:
        return []
    organization = organizational_domain(found.author_domain)
    return [
        _signature(each.signature, each.status)
        for each in found.dkim
        if each.signature is not None and organizational_domain(each.signature.domain) == organization
    ][:_MOST_SIGNATURES]


def _signature(signature: dkim.Signature, status: dkim.Status) -> dmarcreport.DkimAuth:
    return dmarcreport.DkimAuth(
        signature.domain.ascii, signature.selector.ascii, dmarcreport.AuthResult(status.value)
    )


def _spf(result: spf.Result) -> dmarcreport.SpfAuth:
    scope = "mfrom" if result.identity is spf.Identity.MAILFROM else "helo"
    domain = "" if result.domain is None else result.domain.ascii
    return dmarcreport.SpfAuth(domain, dmarcreport.AuthResult(result.status.value), scope)
