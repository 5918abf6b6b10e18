"""Whether the world sees a domain of the configuration as it should: DNS, and what answers at our names.

    reports = await check_domain(Subject(name, domain, static, ...), Means(resolver, https.get, dialer, now))
    [report.errors for report in reports]      # nothing, when all is fine

Nothing is raised: what cannot be looked up is an error of its check. Reference quickstart.md §6.
"""

from mox.admin.dnscheck.checking import check_domain
from mox.admin.dnscheck.report import Means, Report, Subject

__all__ = ["Means", "Report", "Subject", "check_domain"]
