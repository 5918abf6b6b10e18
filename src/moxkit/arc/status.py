"""The three results of validation."""

from enum import StrEnum

__all__ = ["Status"]


class Status(StrEnum):
    """Chain Validation Status (RFC 8617 §4.4)."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 - a result, no password
    FAIL = "fail"
