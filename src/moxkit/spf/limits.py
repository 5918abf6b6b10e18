"""All that one evaluation asks of DNS, counted: terms, answers without records (RFC 7208 §4.6.4)."""

import re
from collections.abc import Awaitable
from ipaddress import IPv4Address
from typing import TypeVar

from moxkit.dns import Address, Answer, NotFound, Resolver, TemporaryFailure
from moxkit.spf.result import Status

__all__ = ["EvaluationError", "Queries", "is_name"]

_MAX_TERMS = 10
_MAX_VOIDS = 2
_MAX_NAMES = 10
# Labels of printable ASCII; but to DNS libraries a backslash begins an escape, and nobody has one on purpose.
# Controls, which only a client's localpart or HELO can bring in, end up in problems and logs.
_LABEL = r"[\x20-\x2d\x2f-\x5b\x5d-\x7e]{1,63}+"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*+")

RecordT = TypeVar("RecordT")


class EvaluationError(Exception):
    """Ends an evaluation, however deep in included records.

    Attributes:
        status: Temperror or permerror.
        problem: For people.
    """

    def __init__(self, status: Status, problem: str) -> None:
        super().__init__(problem)
        self.status = status
        self.problem = problem


class Queries:
    """Asks a resolver on behalf of one evaluation. Addresses are of the client's kind.

    Attributes:
        authentic: Whether DNSSEC has validated all answers so far.
    """

    __slots__ = (
        "_addresses",
        "_client_ip",
        "_names",
        "_resolver",
        "_terms",
        "_validated",
        "_voids",
        "authentic",
    )

    def __init__(self, resolver: Resolver, client_ip: Address) -> None:
        self._resolver = resolver
        self._client_ip = client_ip
        self._addresses = resolver.a if isinstance(client_ip, IPv4Address) else resolver.aaaa
        self._terms = 0
        self._voids = 0
        self._names: tuple[str, ...] | None = None
        self._validated: dict[str, bool] = {}
        self.authentic = True

    def count_term(self) -> None:
        """Count a term that needs DNS.

        Raises:
            EvaluationError: It is the eleventh.
        """
        self._terms += 1
        if self._terms > _MAX_TERMS:
            raise EvaluationError(Status.PERMERROR, "more than 10 terms that need DNS")

    async def addresses(self, name: str) -> tuple[Address, ...]:
        """Return the addresses of a host; none if there are none.

        Raises:
            EvaluationError: No answer for now, or too many voids.
        """
        return self._count_if_void(await self._ask(self._addresses(name))) if is_name(name) else ()

    async def has_ip4(self, name: str) -> bool:
        """Return whether a name has an A record, whatever the client's kind (RFC 7208 §5.7).

        Raises:
            EvaluationError: No answer for now, or too many voids.
        """
        return is_name(name) and bool(self._count_if_void(await self._ask(self._resolver.a(name))))

    async def exchangers(self, name: str) -> list[str]:
        """Return the hosts of the mail exchangers; none if there are none.

        Raises:
            EvaluationError: No answer for now, too many voids, more than 10 hosts (RFC 7208 §4.6.4).
        """
        records = self._count_if_void(await self._ask(self._resolver.mx(name))) if is_name(name) else ()
        # DNS gives them in any order: the result must not depend on which of them is the eleventh.
        if len(records) > _MAX_NAMES:
            raise EvaluationError(Status.PERMERROR, f"more than 10 mail exchangers of {name}")
        return [record.host for record in sorted(records) if record.host != "."]

    async def confirmed_name(self, domain: str, *, is_below: bool) -> str | None:
        """Return a name of the client that leads back to it: the domain, else one below it, else any other.

        DNS errors are no match (RFC 7208 §5.5, §7.3), names after the tenth are ignored (§4.6.4). What is
        void here is not counted: it is the client's, who could turn a fail into a permerror with it.

        Args:
            domain: In any case.
            is_below: Only the domain or a name below it will do.
        """
        domain = domain.lower()
        suffix = "." + domain
        ranked: list[list[str]] = [[], [], []]
        for name in await self._client_names():
            ranked[0 if name == domain else 1 if name.endswith(suffix) else 2].append(name)
        for name in ranked[0] + ranked[1] + ([] if is_below else ranked[2]):
            if name not in self._validated:
                self._validated[name] = await self._is_confirmed(name)
            if self._validated[name]:
                return name
        return None

    async def name_for_macro(self, domain: str) -> str:
        """Return what the macro ``p`` stands for; it counts as a term (RFC 7208 §4.6.4, §7.3).

        Raises:
            EvaluationError: Too many terms.
        """
        self.count_term()
        return await self.confirmed_name(domain, is_below=False) or "unknown"

    async def _client_names(self) -> tuple[str, ...]:
        if self._names is None:
            try:
                names = await self._ask(self._resolver.ptr(self._client_ip))
            except EvaluationError:
                names = ()
            self._names = tuple(name.lower().removesuffix(".") for name in names[:_MAX_NAMES])
        return self._names

    async def _is_confirmed(self, name: str) -> bool:
        try:
            return is_name(name) and self._client_ip in await self._ask(self._addresses(name))
        except EvaluationError:
            return False

    async def _ask(self, lookup: Awaitable[Answer[RecordT]]) -> tuple[RecordT, ...]:
        try:
            answer = await lookup
        except NotFound as missing:
            self.authentic = self.authentic and missing.authentic
            return ()
        except TemporaryFailure as failure:
            self.authentic = False
            raise EvaluationError(Status.TEMPERROR, f"no answer from DNS: {failure}") from None
        self.authentic = self.authentic and answer.authentic
        return answer.records

    def _count_if_void(self, records: tuple[RecordT, ...]) -> tuple[RecordT, ...]:
        self._voids += not records
        if self._voids > _MAX_VOIDS:
            raise EvaluationError(Status.PERMERROR, "more than 2 names without records")
        return records


def is_name(name: str) -> bool:
    """Return whether a name can be asked for (RFC 1035 §2.3.4); others are taken not to exist."""
    return len(name) <= 253 and _NAME.fullmatch(name) is not None
