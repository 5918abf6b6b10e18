"""Is an authenticated domain aligned with the author's (RFC 9989 §4.4, §4.10.2)."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from moxkit.dmarc.discovery import Method, Records, organization_of
from moxkit.dmarc.record import Alignment
from moxkit.dns import TemporaryFailure
from moxkit.domain import Domain

__all__ = ["Aligner", "Identifier"]

logger = logging.getLogger(__name__)

# Walks for domains of signatures in one message. All must lie below the author's organization, so only its
# owner could make us do more.
_MOST_ORGANIZATIONS = 20


@dataclass(frozen=True, slots=True)
class Identifier:
    """A domain that SPF or DKIM has looked at (RFC 9989 §4.4).

    Attributes:
        domain: The signing domain of DKIM, or what SPF evaluated; None if that is not known.
        status: "pass" authenticates it; "temperror" says that it could not be found out.
    """

    domain: Domain | None
    status: str


class Aligner:
    """Compares authenticated domains with the author's (RFC 9989 §4.10.2).

    Attributes:
        problem: Why it is not known whether some domain is authenticated and aligned; empty if all is known.
    """

    __slots__ = ("_from", "_left", "_method", "_organization", "_records", "problem")

    def __init__(self, records: Records, from_domain: Domain, method: Method) -> None:
        self._records = records
        self._from = from_domain
        self._method = method
        self._organization: Domain | None = None
        self._left = _MOST_ORGANIZATIONS
        self.problem = ""

    async def check(self, identifiers: Iterable[Identifier], alignment: Alignment) -> bool:
        """Return whether one is authenticated and aligned."""
        passed: dict[Domain, None] = {}
        unknown: dict[Domain, None] = {}
        for identifier in identifiers:
            if identifier.status == "pass" and identifier.domain is not None:
                passed[identifier.domain] = None
            elif identifier.status == "temperror":
                if identifier.domain is None:
                    self.problem = "a check had no answer"
                else:
                    unknown[identifier.domain] = None
        # Equal domains need no walk, so they come first.
        for domain in sorted(passed, key=lambda each: each != self._from):
            if await self._is_aligned(domain, alignment):
                return True
        # What is not aligned cannot change the result. Were it counted, anybody could turn a fail into a
        # temperror with a signature of a domain whose name servers are dead.
        for domain in unknown:
            if not self.problem and await self._is_aligned(domain, alignment):
                self.problem = f"a check of {domain} had no answer"
        return False

    async def _is_aligned(self, domain: Domain, alignment: Alignment) -> bool:
        if domain == self._from or alignment is Alignment.STRICT:
            return domain == self._from
        try:
            if self._organization is None:
                self._organization = await organization_of(self._records, self._from, self._method)
            organization = self._organization
            # An organization is at or above its domains; all else needs no questions.
            if domain != organization and not domain.is_below(organization):
                return False
            if self._left <= 0:
                return False
            self._left -= 1
            return await organization_of(self._records, domain, self._method) == organization
        except TemporaryFailure as failure:
            logger.debug("organization not found", extra={"domain": str(domain), "reason": str(failure)})
            self.problem = str(failure)
            return False
