"""A report about TLS as values (RFC 8460 §4).

What a report of others holds is text as they wrote it; nothing here says that it is true.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = ["FailureDetails", "Policy", "PolicyResult", "PolicyType", "Report", "ReportError", "ResultType"]


class ReportError(ValueError):
    """There is no report, or one that cannot be read or is beyond a bound."""


class PolicyType(StrEnum):
    """Which kind of policy a session followed (RFC 8460 §4.4)."""

    TLSA = "tlsa"
    STS = "sts"
    NONE = "no-policy-found"


class ResultType(StrEnum):
    """Why sessions failed (RFC 8460 §4.3)."""

    STARTTLS_NOT_SUPPORTED = "starttls-not-supported"
    CERTIFICATE_HOST_MISMATCH = "certificate-host-mismatch"
    CERTIFICATE_EXPIRED = "certificate-expired"
    CERTIFICATE_NOT_TRUSTED = "certificate-not-trusted"
    VALIDATION_FAILURE = "validation-failure"
    TLSA_INVALID = "tlsa-invalid"
    DNSSEC_INVALID = "dnssec-invalid"
    DANE_REQUIRED = "dane-required"
    STS_POLICY_FETCH_ERROR = "sts-policy-fetch-error"
    STS_POLICY_INVALID = "sts-policy-invalid"
    STS_WEBPKI_INVALID = "sts-webpki-invalid"


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy that sessions followed.

    Attributes:
        type: A `PolicyType`, or a word that we do not know.
        domain: Whose policy it is.
        strings: The policy as found: lines of MTA-STS, or TLSA records.
        mx_hosts: Patterns of the MTA-STS policy.
    """

    type: str
    domain: str
    strings: tuple[str, ...] = ()
    mx_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureDetails:
    """Sessions that failed in the same way; what is not known is empty.

    Attributes:
        result_type: A `ResultType`, or a word that we do not know.
        failed_sessions: How many.
        reason_code: More exactly why, such as a code of the TLS library.
    """

    result_type: str
    failed_sessions: int = 0
    sending_mta_ip: str = ""
    receiving_mx_hostname: str = ""
    receiving_mx_helo: str = ""
    receiving_ip: str = ""
    additional_information: str = ""
    reason_code: str = ""


@dataclass(frozen=True, slots=True)
class PolicyResult:
    """Sessions under one policy; make and change it with `moxkit.tlsrpt.add`, which keeps the sums right."""

    policy: Policy
    successful_sessions: int = 0
    failed_sessions: int = 0
    failures: tuple[FailureDetails, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report: who saw what in which period."""

    organization_name: str
    contact_info: str
    report_id: str
    begin_at: datetime
    end_at: datetime
    results: tuple[PolicyResult, ...]
