"""A DMARC record as a value, and written (RFC 9989 §4.7, RFC 7489 §6.3); read by `recordparse`."""

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

from moxkit.domain import Domain, DomainError, parse_domain

__all__ = ["Alignment", "Policy", "Psd", "Record", "ReportUri"]

# The largest unit first, so that 10485760 is written as 10m (RFC 7489 §6.4).
_UNITS = (("t", 40), ("g", 30), ("m", 20), ("k", 10))
_TO = re.compile(r"mailto:([^?@]++)@([^?@]++)(?:\?.*)?", re.IGNORECASE | re.DOTALL)


class Policy(StrEnum):
    """What a domain owner asks for mail that fails (RFC 9989 §4.7)."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"

    @property
    def one_below(self) -> "Policy":
        """The next milder one: for test mode (RFC 9989 §4.7), and not sampled mail (RFC 7489 §6.6.4)."""
        return Policy.QUARANTINE if self is Policy.REJECT else Policy.NONE


class Alignment(StrEnum):
    """How alike the author's and the authenticated domain must be (RFC 9989 §4.4)."""

    RELAXED = "r"
    STRICT = "s"


class Psd(StrEnum):
    """Whether others register names below the domain (RFC 9989 §4.7)."""

    YES = "y"
    NO = "n"
    UNKNOWN = "u"


@dataclass(frozen=True, slots=True)
class ReportUri:
    """Where reports are to go.

    Attributes:
        uri: As published, without the size limit.
        max_octets: The largest report taken, in its transfer encoding; None for any (RFC 7489 §6.2).
    """

    uri: str
    max_octets: int | None = None

    @property
    def domain(self) -> Domain | None:
        """The host of a ``mailto:`` address; None for other schemes, which are to be ignored."""
        found = _TO.fullmatch(self.uri)
        if found is None:
            return None
        try:
            return parse_domain(unquote(found[2]))
        except DomainError:
            return None

    @property
    def address(self) -> str | None:
        """The address of a ``mailto:`` URI, decoded (RFC 3986 §2.1); None for other schemes."""
        found, domain = _TO.fullmatch(self.uri), self.domain
        if found is None or domain is None:
            return None
        localpart = unquote(found[1])
        return f"{localpart}@{domain}" if localpart.isprintable() else None

    def __str__(self) -> str:
        if self.max_octets is None:
            return self.uri
        for unit, shift in _UNITS:
            if self.max_octets and not self.max_octets % (1 << shift):
                return f"{self.uri}!{self.max_octets >> shift}{unit}"
        return f"{self.uri}!{self.max_octets}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A policy record; `str` writes it, leaving out what is a default.

    Attributes:
        policy: ``p``; none where it is missing or wrong and reports are asked for (RFC 9989 §4.10.1).
        subdomain_policy: ``sp``, for names below the domain; None for the same as `policy`.
        nonexistent_policy: ``np``, for names below that do not exist; None for the same as subdomains.
        psd: Whether this is a public suffix.
        testing: ``t``: the owner wants the next milder policy applied.
        dkim_alignment: ``adkim``.
        spf_alignment: ``aspf``.
        rua: Where aggregate reports are to go.
        ruf: Where reports about single messages are to go.
        failure_options: ``fo``: when reports about single messages are wanted.
        report_formats: ``rf`` (RFC 7489 §6.3, gone from RFC 9989).
        report_interval_s: ``ri`` (RFC 7489 §6.3, gone from RFC 9989).
        percentage: ``pct`` (RFC 7489 §6.3, gone from RFC 9989): of how much mail the policy is to be used.
        problems: What was wrong and is read as its default (RFC 9989 §4.7); not part of the value.
    """

    policy: Policy = Policy.NONE
    subdomain_policy: Policy | None = None
    nonexistent_policy: Policy | None = None
    psd: Psd = Psd.UNKNOWN
    testing: bool = False
    dkim_alignment: Alignment = Alignment.RELAXED
    spf_alignment: Alignment = Alignment.RELAXED
    rua: tuple[ReportUri, ...] = ()
    ruf: tuple[ReportUri, ...] = ()
    failure_options: tuple[str, ...] = ("0",)
    report_formats: tuple[str, ...] = ("afrf",)
    report_interval_s: int = 86400
    percentage: int = 100
    problems: tuple[str, ...] = ()

    def policy_for(self, *, is_subdomain: bool, exists: bool = True) -> Policy:
        """Return the policy as published for a name at or below the record's domain (RFC 9989 §4.10.1)."""
        if not is_subdomain:
            return self.policy
        below = self.policy if self.subdomain_policy is None else self.subdomain_policy
        return below if exists or self.nonexistent_policy is None else self.nonexistent_policy

    def __str__(self) -> str:
        tags = [("p", str(self.policy))]
        if self.subdomain_policy is not None:
            tags.append(("sp", self.subdomain_policy))
        if self.nonexistent_policy is not None:
            tags.append(("np", self.nonexistent_policy))
        defaults = (
            ("psd", self.psd.value, "u"),
            ("t", "y" if self.testing else "n", "n"),
            ("adkim", self.dkim_alignment.value, "r"),
            ("aspf", self.spf_alignment.value, "r"),
            ("rua", ",".join(map(str, self.rua)), ""),
            ("ruf", ",".join(map(str, self.ruf)), ""),
            ("fo", ":".join(self.failure_options), "0"),
            ("rf", ":".join(self.report_formats), "afrf"),
            ("ri", str(self.report_interval_s), "86400"),
            ("pct", str(self.percentage), "100"),
        )
        tags += [(name, value) for name, value, default in defaults if value != default]
        return "; ".join(["v=DMARC1", *(f"{name}={value}" for name, value in tags)])
