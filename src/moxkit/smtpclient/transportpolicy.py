"""How secure a connection to a host must be: DANE, MTA-STS and REQUIRETLS together. Pure.

RFC 7672 §2.2, RFC 8461 §5, RFC 8689 §4.2, RFC 7435. What DNSSEC has validated wins over what HTTPS says
(RFC 8461 §2), and a sender who says that delivery matters more than TLS is heard before both (RFC 8689 §5).
"""

from dataclasses import dataclass
from enum import StrEnum

from moxkit import dane
from moxkit.domain import Domain
from moxkit.mtasts import Mode, Policy

__all__ = ["Refused", "TlsPolicy", "TlsUse", "Verification", "decide_tls"]


class TlsUse(StrEnum):
    """Whether TLS is used."""

    REQUIRED = "required"
    OPPORTUNISTIC = "opportunistic"
    """Where it is offered; without, or where it fails, mail goes in the clear (RFC 7435 §3)."""
    IMMEDIATE = "immediate"
    """From the first octet, as submission has it (RFC 8314 §3.3)."""
    NONE = "none"
    """Never, since somebody has said so."""


class Verification(StrEnum):
    """What is asked of the server's certificate."""

    NONE = "none"
    WEBPKI = "webpki"
    DANE = "dane"


@dataclass(frozen=True, slots=True)
class TlsPolicy:
    """What a connection to a host must be like.

    Attributes:
        use: Whether TLS is used.
        verification: What is asked of the certificate.
        names: It must be for one of these; the first is asked for by SNI. Empty for hosts without a name.
        found: The records, for `Verification.DANE`.
        sts_mismatch: A policy in testing mode does not name the host; only reported.
    """

    use: TlsUse
    verification: Verification
    names: tuple[Domain, ...]
    found: dane.Found | None = None
    sts_mismatch: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing may be sent to this host.

    Attributes:
        is_permanent: It will be so next time, unless somebody changes something.
        enhanced: Enhanced status code (RFC 3463, RFC 8689 §7.2).
        report: Result type for TLS reports (RFC 8460 §4.3); empty if nothing is to be reported.
        text: For people.
        is_by_sts: The MTA-STS policy is in the way, not DANE.
    """

    is_permanent: bool
    enhanced: str
    report: str
    text: str
    is_by_sts: bool = False


def decide_tls(
    host: Domain, *, found: dane.Found, sts: Policy | None, requires_tls: bool | None = None
) -> TlsPolicy | Refused:
    """Say what a connection to an MX host must be like.

    Args:
        host: Of the destination.
        found: What DANE says of it; `Status.NONE` where it does not apply.
        sts: The policy of the recipient's domain; None without one.
        requires_tls: True for REQUIRETLS, False for ``TLS-Required: No`` (RFC 8689 §4, §5).
    """
    if requires_tls is False:
        return TlsPolicy(TlsUse.OPPORTUNISTIC, Verification.NONE, (found.base or host,))
    is_enforced = sts is not None and sts.mode is Mode.ENFORCE
    is_named = sts is None or sts.mode is Mode.NONE or sts.allows(host)
    if (refused := _refusal(host, found, is_enforced=is_enforced, is_named=is_named)) is not None:
        return refused
    if found.status is dane.Status.USABLE:
        return TlsPolicy(TlsUse.REQUIRED, Verification.DANE, found.names, found, not is_named)
    if is_enforced:
        return TlsPolicy(TlsUse.REQUIRED, Verification.WEBPKI, (host,))
    if requires_tls:
        # RFC 8689 §4.2.1: the host must prove who it is, and nothing here lets it.
        text = f"REQUIRETLS: {host} has neither DANE nor an enforced MTA-STS policy"
        return Refused(True, "5.7.30", "", text)
    use = TlsUse.REQUIRED if found.status is dane.Status.UNUSABLE else TlsUse.OPPORTUNISTIC
    return TlsPolicy(use, Verification.NONE, found.names or (host,), sts_mismatch=not is_named)


def _refusal(host: Domain, found: dane.Found, *, is_enforced: bool, is_named: bool) -> Refused | None:
    if found.status is dane.Status.TEMPERROR:
        return Refused(False, "4.7.5", "dnssec-invalid", f"TLSA records of {host}: {found.problem}")
    if is_enforced and not is_named:
        text = f"{host} is not a mail host by the MTA-STS policy of the domain"
        # RFC 8460 §4.3.3: no certificate was seen, so none of the names of TLS failures fits.
        return Refused(False, "4.7.5", "validation-failure", text, is_by_sts=True)
    return None
