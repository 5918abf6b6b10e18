"""All checks, at the same time, each with its time."""

import asyncio
from collections.abc import Awaitable, Callable

from mox.admin.dnscheck.host import (
    check_addresses,
    check_dane,
    check_dnssec,
    check_reverse_names,
    check_tls,
)
from mox.admin.dnscheck.mail import (
    check_dkim,
    check_dmarc,
    check_domain_tlsrpt,
    check_host_tlsrpt,
    check_mtasts,
    check_mx,
    check_spf,
)
from mox.admin.dnscheck.programs import check_autoconfig, check_autodiscover, check_services
from mox.admin.dnscheck.report import Means, Report, Subject
from moxkit.dns import DnsError

__all__ = ["check_domain"]

_PATIENCE_S = 60.0
_Check = Callable[[Subject, Means, Report], Awaitable[None]]
_CHECKS: tuple[tuple[str, _Check], ...] = (
    ("DNSSEC", check_dnssec),
    ("addresses", check_addresses),
    ("reverse names", check_reverse_names),
    ("MX", check_mx),
    ("TLS", check_tls),
    ("DANE", check_dane),
    ("SPF", check_spf),
    ("DKIM", check_dkim),
    ("DMARC", check_dmarc),
    ("TLS reports of the host", check_host_tlsrpt),
    ("TLS reports of the domain", check_domain_tlsrpt),
    ("MTA-STS", check_mtasts),
    ("SRV for mail programs", check_services),
    ("autoconfig", check_autoconfig),
    ("autodiscover", check_autodiscover),
)


async def check_domain(subject: Subject, means: Means) -> list[Report]:
    """Do all checks; return what each found, in their usual order."""
    return list(await asyncio.gather(*(_run(subject, means, name, check) for name, check in _CHECKS)))


async def _run(subject: Subject, means: Means, name: str, check: _Check) -> Report:
    report = Report(name)
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await check(subject, means, report)
    except DnsError as error:
        report.errors.append(f"DNS does not answer: {error}")
    except TimeoutError:
        report.errors.append(f"no answer within {_PATIENCE_S:g} seconds")
    return report
