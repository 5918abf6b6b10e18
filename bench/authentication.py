"""Mail authentication: SPF, DKIM and DMARC, beside pyspf and dkimpy in the same run."""

from bench.auth.dkim import measure_dkim
from bench.auth.dmarc import measure_dmarc
from bench.auth.spf import measure_spf
from bench.server import Report

__all__ = ["measure_authentication"]


def measure_authentication(report: Report, scale: float) -> None:
    """Measure all three."""
    measure_spf(report, scale)
    measure_dkim(report, scale)
    measure_dmarc(report, scale)
