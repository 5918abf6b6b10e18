"""Whether somebody elsewhere wants the reports about a domain (RFC 9990 §4, RFC 7489 §7.1)."""

from dataclasses import dataclass
from enum import StrEnum

from moxkit.dmarc.discovery import Method, Records, organization_of
from moxkit.dmarc.record import ReportUri
from moxkit.dmarc.recordparse import RecordError, is_record, parse_record
from moxkit.dns import Answer, NotFound, Resolver, TemporaryFailure
from moxkit.domain import Domain

__all__ = ["Consent", "ReportAddress", "check_report_address"]

_LONGEST_NAME = 253  # RFC 1035 §3.1


class Consent(StrEnum):
    """Whether reports may be sent there."""

    INTERNAL = "internal"
    """The same organization: nobody needs to be asked."""

    GIVEN = "given"
    MISSING = "missing"
    TEMPERROR = "temperror"


@dataclass(frozen=True, slots=True)
class ReportAddress:
    """The answer about a destination.

    Attributes:
        name: Where the answer was looked for; empty if it did not come to that.
        rua: Where the destination wants the reports instead; empty for the address in the policy.
        authentic: Whether DNSSEC has validated the answer.
        problem: Why not, for people.
    """

    consent: Consent
    name: str = ""
    rua: tuple[ReportUri, ...] = ()
    authentic: bool = False
    problem: str = ""

    @property
    def accepts(self) -> bool:
        """Whether reports may be sent there."""
        return self.consent in {Consent.INTERNAL, Consent.GIVEN}


async def check_report_address(
    resolver: Resolver, domain: Domain, destination: Domain, *, method: Method = Method.TREE_WALK
) -> ReportAddress:
    """Find out whether reports about a domain may go to a destination; nothing is raised.

    Args:
        resolver: For the records.
        domain: Where the policy record was found.
        destination: Host of a ``rua`` or ``ruf`` URI.
        method: How organizational domains are found.
    """
    records = Records(resolver)
    name = f"{domain}._report._dmarc.{destination}"
    try:
        organization = await organization_of(records, domain, method)
        if organization == await organization_of(records, destination, method):
            return ReportAddress(Consent.INTERNAL)
        if len(name) > _LONGEST_NAME:
            return ReportAddress(Consent.MISSING, problem="name too long")
        answer = await resolver.txt(f"{name}.")
    except NotFound as missing:
        return ReportAddress(Consent.MISSING, name, authentic=missing.authentic, problem="no record")
    except TemporaryFailure as failure:
        return ReportAddress(Consent.TEMPERROR, name, problem=f"DNS: {failure}")
    return _read(answer, name, destination)


def _read(answer: Answer[str], name: str, destination: Domain) -> ReportAddress:
    """Read the records: one that can be read gives consent, and may name another address there."""
    rua: tuple[ReportUri, ...] = ()
    readable, problem = 0, "no record"
    for text in filter(is_record, answer.records):
        try:
            rua = rua or parse_record(text, is_policy=False).rua
            readable += 1
        except RecordError as error:
            problem = str(error)
    if not readable:
        return ReportAddress(Consent.MISSING, name, authentic=answer.authentic, problem=problem)
    if any(uri.domain != destination for uri in rua):
        # Neither the old nor the new address may be used: it could go on from there without end.
        return ReportAddress(
            Consent.MISSING, name, authentic=answer.authentic, problem="record names another host"
        )
    return ReportAddress(Consent.GIVEN, name, rua, answer.authentic)
