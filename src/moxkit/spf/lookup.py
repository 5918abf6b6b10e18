"""Finding a domain's record (RFC 7208 §4.4, §4.5)."""

from dataclasses import dataclass
from enum import StrEnum

from moxkit.dns import NotFound, Resolver, TemporaryFailure
from moxkit.domain import Domain
from moxkit.spf.errors import RecordError
from moxkit.spf.limits import is_name
from moxkit.spf.parse import is_record, parse_record
from moxkit.spf.record import Record

__all__ = ["Lookup", "LookupStatus", "find_record", "lookup"]


class LookupStatus(StrEnum):
    """Whether there is a record; the other words are those that an evaluation ends with."""

    FOUND = "found"
    NONE = "none"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a domain publishes.

    Attributes:
        record: None unless found.
        text: Of the record, even of an invalid one; empty without one.
        problem: For people; empty when a record was found.
        authentic: Whether DNSSEC has validated the answer.
    """

    status: LookupStatus
    record: Record | None = None
    text: str = ""
    problem: str = ""
    authentic: bool = False


async def lookup(resolver: Resolver, domain: Domain) -> Lookup:
    """Look up and parse the record of a domain. Nothing is raised: all that can happen is in the status."""
    return await find_record(resolver, domain.ascii)


async def find_record(resolver: Resolver, name: str) -> Lookup:
    """Look up and parse the record of a name, which need not be valid."""
    # RFC 7208 §4.3: of malformed names and of single labels there is nothing to know.
    if "." not in name or not is_name(name):
        return Lookup(LookupStatus.NONE, problem=f"no domain name: {name[:100]!r}")
    try:
        answer = await resolver.txt(name)
    except NotFound as missing:
        return Lookup(LookupStatus.NONE, problem=f"no record of {name}", authentic=missing.authentic)
    except TemporaryFailure as failure:
        return Lookup(LookupStatus.TEMPERROR, problem=f"no answer from DNS: {failure}")
    texts = [text for text in answer.records if is_record(text)]
    if len(texts) != 1:
        status = LookupStatus.PERMERROR if texts else LookupStatus.NONE
        problem = f"{'more than one' if texts else 'no'} record of {name}"
        return Lookup(status, problem=problem, authentic=answer.authentic)
    [text] = texts
    try:
        record = parse_record(text)
    except RecordError as error:
        problem = f"invalid record of {name}: {error}"
        return Lookup(LookupStatus.PERMERROR, text=text, problem=problem, authentic=answer.authentic)
    return Lookup(LookupStatus.FOUND, record, text, authentic=answer.authentic)
