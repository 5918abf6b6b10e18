"""Reports about mail authentication and TLS: those of others about us, and what we will report to others.

DMARC aggregate reports (RFC 9990, RFC 7489 §7.2) and TLS reports (RFC 8460) that come in are recognised,
checked and kept, each once. DMARC evaluations of incoming mail are kept until they are reported. It neither
decides about mail nor sends any.

    reports = Reports(directory=data, clock=clock, pool=pool, own_domains=lambda: config.domains)
    checked = await reports.inbox.check(octets, verification, now)
    if isinstance(checked, ValidReport):
        await reports.inbox.keep(checked, now)
    for summary in reports.inbox.summarise_dmarc(): print(summary.policy_domain, summary.passed)

What is wrong with a report is a value. Writing raises `OSError` or `mox.database.DatabaseError`.
"""

from mox.reports.check import ReportKind, ReportProblem, ValidReport, check_report
from mox.reports.dmarcrows import DmarcListed, DmarcSummary
from mox.reports.evaluation import Evaluation, evaluation_of, report_interval_hours
from mox.reports.evaluations import Evaluations
from mox.reports.inbox import ReportInbox
from mox.reports.reports import Reports
from mox.reports.tlsrows import TlsListed, TlsSummary

__all__ = [
    "DmarcListed",
    "DmarcSummary",
    "Evaluation",
    "Evaluations",
    "ReportInbox",
    "ReportKind",
    "ReportProblem",
    "Reports",
    "TlsListed",
    "TlsSummary",
    "ValidReport",
    "check_report",
    "evaluation_of",
    "report_interval_hours",
]
