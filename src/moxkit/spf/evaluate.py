"""Evaluation of records: check_host() of RFC 7208 §4, with the mechanisms of §5 and redirect of §6.1."""

from ipaddress import IPv4Address
from typing import NamedTuple

from moxkit.dns import Address, Resolver
from moxkit.spf.limits import EvaluationError, Queries
from moxkit.spf.lookup import LookupStatus, find_record
from moxkit.spf.macros import MacroString
from moxkit.spf.record import A, All, Exists, Include, Ip4, Ip6, Mx, Ptr, Record
from moxkit.spf.result import Status
from moxkit.spf.values import MacroValues

__all__ = ["Evaluation", "Outcome"]


class Outcome(NamedTuple):
    """What a record says.

    Attributes:
        domain: Whose record it was, after redirects.
        explanation: Where the text for a fail is.
    """

    status: Status
    domain: str
    mechanism: str = ""
    problem: str = ""
    explanation: MacroString | None = None


class Evaluation:
    """One evaluation, with the limits that included records share."""

    __slots__ = ("_bits", "_is_ip4", "_queries", "_resolver", "_values")

    def __init__(self, resolver: Resolver, values: MacroValues) -> None:
        self._resolver = resolver
        self._values = values
        self._queries = Queries(resolver, values.client_ip)
        self._bits = int(values.client_ip)
        self._is_ip4 = isinstance(values.client_ip, IPv4Address)

    @property
    def authentic(self) -> bool:
        """Whether DNSSEC has validated all answers so far."""
        return self._queries.authentic

    async def check(self, name: str) -> Outcome:
        """Evaluate the record of a name.

        Raises:
            EvaluationError: Temperror or permerror.
        """
        found = await find_record(self._resolver, name)
        self._queries.authentic = self._queries.authentic and found.authentic
        if found.record is None:
            if found.status is LookupStatus.NONE:
                return Outcome(Status.NONE, name, problem=found.problem)
            raise EvaluationError(Status(found.status.value), found.problem)
        record = found.record
        for directive in record.directives:
            mechanism = directive.mechanism
            if isinstance(mechanism, Ip4):
                matches = self._is_ip4 and mechanism.contains(self._bits)
            elif isinstance(mechanism, Ip6):
                matches = not self._is_ip4 and mechanism.contains(self._bits)
            else:
                matches = isinstance(mechanism, All) or await self._matches(mechanism, name)
            if matches:
                written = directive.written or str(mechanism)
                return Outcome(directive.qualifier.status, name, written, explanation=record.explanation)
        return await self._redirect(record, name)

    async def _redirect(self, record: Record, name: str) -> Outcome:
        """Take the record of another domain in place of one that did not match (RFC 7208 §6.1, §4.7)."""
        if record.redirect is None:
            return Outcome(Status.NEUTRAL, name, "default")
        self._queries.count_term()
        target = await self._expand(record.redirect, name)
        if target is None:
            raise EvaluationError(Status.PERMERROR, "redirect to a name with a localpart that is not ASCII")
        return await self._check_required(target)

    async def _check_required(self, name: str) -> Outcome:
        outcome = await self.check(name)
        if outcome.status is Status.NONE:
            # Not for the client to suffer from, somebody has to repair that (RFC 7208 §5.2, §6.1).
            raise EvaluationError(Status.PERMERROR, outcome.problem)
        return outcome

    async def _matches(self, mechanism: Include | A | Mx | Ptr | Exists, name: str) -> bool:
        self._queries.count_term()
        spec = mechanism.domain
        target = name if spec is None else await self._expand(spec, name)
        if target is None:
            return False
        match mechanism:
            case A():
                return self._holds(await self._queries.addresses(target), mechanism)
            case Mx():
                return await self._exchanger_matches(target, mechanism)
            case Exists():
                return await self._queries.has_ip4(target)
            case Ptr():
                return await self._queries.confirmed_name(target, is_below=True) is not None
            case Include():
                return (await self._check_required(target)).status is Status.PASS

    async def _exchanger_matches(self, target: str, mechanism: Mx) -> bool:
        for host in await self._queries.exchangers(target):
            if self._holds(await self._queries.addresses(host), mechanism):
                return True
        return False

    def _holds(self, addresses: tuple[Address, ...], mechanism: A | Mx) -> bool:
        shift = 32 - mechanism.ip4_prefix if self._is_ip4 else 128 - mechanism.ip6_prefix
        network = self._bits >> shift
        for address in addresses:  # noqa: SIM110  any() with a generator takes twice as long, here each time
            if int(address) >> shift == network:
                return True
        return False

    async def _expand(self, spec: MacroString, name: str) -> str | None:
        """Return a name; None for one that no localpart like this can be part of (RFC 8616 §4)."""
        if spec.literal is not None:
            return spec.literal
        if not self._values.has_ascii_localpart and not spec.letters.isdisjoint("sl"):
            return None
        confirmed = await self._queries.name_for_macro(name) if "p" in spec.letters else ""
        return spec.expand_name(self._values.of(name, confirmed))
