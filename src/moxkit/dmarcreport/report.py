"""An aggregate report as values: the schemas of RFC 9990 appendix A and RFC 7489 appendix C in one.

Names, identifiers and comments are text as a stranger wrote it; nothing here says that it is true.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address

__all__ = [
    "AuthResult",
    "Disposition",
    "DkimAuth",
    "Metadata",
    "OverrideReason",
    "PublishedPolicy",
    "Report",
    "Row",
    "SpfAuth",
]


class Disposition(StrEnum):
    """What was done with messages (RFC 9990 appendix A, ActionDispositionType)."""

    NONE = "none"
    PASS = "pass"  # noqa: S105  the schema's word, no password
    """Passed, with a policy that would have done something; RFC 7489 says "none" for it."""

    QUARANTINE = "quarantine"
    REJECT = "reject"


class AuthResult(StrEnum):
    """Results of DKIM and SPF (RFC 8601 §2.7.1, §2.7.2)."""

    NONE = "none"
    PASS = "pass"  # noqa: S105  the schema's word, no password
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    POLICY = "policy"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Who reports what.

    Attributes:
        org_name: The reporting organization.
        email: Whom to ask.
        report_id: Unique for reports about the same domain.
        begin_at: First second of the period.
        end_at: Last second of the period.
        extra_contact_info: More ways to ask; empty if there are none.
        errors: Trouble with the policy record.
        generator: Program that made the report; empty if not told.
    """

    org_name: str
    email: str
    report_id: str
    begin_at: datetime
    end_at: datetime
    extra_contact_info: str = ""
    errors: tuple[str, ...] = ()
    generator: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPolicy:
    """The policy record that was applied; tags as published, empty or None where not told.

    Attributes:
        domain: Where the record was found.
        policy: ``p``.
        testing: ``t`` (RFC 9990); None if not told.
        percentage: ``pct`` (RFC 7489); None if not told.
        discovery_method: "psl" or "treewalk" (RFC 9990).
    """

    domain: str
    policy: str
    subdomain_policy: str = ""
    nonexistent_policy: str = ""
    dkim_alignment: str = ""
    spf_alignment: str = ""
    failure_options: str = ""
    testing: bool | None = None
    percentage: int | None = None
    discovery_method: str = ""


@dataclass(frozen=True, slots=True)
class OverrideReason:
    """Why something else was done than the policy asks (RFC 9990 §3.1.6).

    Attributes:
        type: "local_policy", "mailing_list", "policy_test_mode", "trusted_forwarder", "other"; with RFC 7489
            "forwarded" and "sampled_out", too.
    """

    type: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class DkimAuth:
    """The result for one signature, aligned or not."""

    domain: str
    selector: str
    result: AuthResult
    human_result: str = ""


@dataclass(frozen=True, slots=True)
class SpfAuth:
    """The result of SPF, aligned or not.

    Attributes:
        scope: "mfrom" or "helo"; empty if not told.
    """

    domain: str
    result: AuthResult
    scope: str = ""
    human_result: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Messages that are alike in all this, and how many.

    Attributes:
        source_ip: Who sent them.
        count: Number of messages.
        disposition: What was done with them.
        dkim_aligned: Whether DKIM passed for an aligned domain.
        spf_aligned: Whether SPF passed for an aligned domain.
        header_from: Domain of the author.
        envelope_from: Domain of the reverse-path; None if not told, empty for the null path.
        envelope_to: Domain of the recipient; None if not told.
    """

    source_ip: IPv4Address | IPv6Address
    count: int
    disposition: Disposition
    dkim_aligned: bool
    spf_aligned: bool
    header_from: str
    envelope_from: str | None = None
    envelope_to: str | None = None
    reasons: tuple[OverrideReason, ...] = ()
    dkim: tuple[DkimAuth, ...] = ()
    spf: tuple[SpfAuth, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """An aggregate report: one policy, one period."""

    metadata: Metadata
    policy: PublishedPolicy
    rows: tuple[Row, ...]
