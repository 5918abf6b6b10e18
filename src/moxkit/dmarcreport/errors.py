"""What goes wrong with reports."""

__all__ = ["ReportError"]


class ReportError(ValueError):
    """There is no report, or one that cannot be read or is beyond a bound."""
