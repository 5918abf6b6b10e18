"""The `Resolver` that others depend on, and its methods on top of one generic lookup."""

import asyncio
from abc import ABC, abstractmethod
from enum import StrEnum
from typing import Any, Protocol

from moxkit.dns.answer import Address, Answer, Mx, NotFound, Srv, TemporaryFailure, Tlsa

__all__ = ["RecordType", "Resolver", "ResolverByType"]


class RecordType(StrEnum):
    """Record types that mail needs."""

    A = "A"
    AAAA = "AAAA"
    CNAME = "CNAME"
    MX = "MX"
    NS = "NS"
    PTR = "PTR"
    SRV = "SRV"
    TLSA = "TLSA"
    TXT = "TXT"


class Resolver(Protocol):
    """Looks up records; every method raises `NotFound` or `TemporaryFailure`."""

    async def txt(self, name: str) -> Answer[str]:
        """Return texts, each with its strings joined; octets that are not UTF-8 are surrogates."""

    async def mx(self, name: str) -> Answer[Mx]:
        """Return mail exchangers, unsorted."""

    async def a(self, name: str) -> Answer[Address]:
        """Return IPv4 addresses."""

    async def aaaa(self, name: str) -> Answer[Address]:
        """Return IPv6 addresses."""

    async def ips(self, name: str) -> Answer[Address]:
        """Return addresses of both kinds; if one kind failed the other counts, but not as authentic."""

    async def ptr(self, address: Address) -> Answer[str]:
        """Return names of an address (RFC 1035 §3.5, RFC 3596 §2.5)."""

    async def cname(self, name: str) -> Answer[str]:
        """Return the name that this one is an alias of, one step."""

    async def ns(self, name: str) -> Answer[str]:
        """Return name servers."""

    async def srv(self, name: str) -> Answer[Srv]:
        """Return service locations, unsorted."""

    async def tlsa(self, name: str) -> Answer[Tlsa]:
        """Return certificate associations."""


class ResolverByType(ABC):
    """Implements `Resolver` for whoever can look up a record type."""

    __slots__ = ()

    @abstractmethod
    async def lookup(self, name: str, kind: RecordType) -> Answer[Any]:
        """Return the records of this type, aliases followed except for CNAME.

        Raises:
            NotFound: No such name or record, or this cannot be a name.
            TemporaryFailure: No resolver could answer.
        """

    async def txt(self, name: str) -> Answer[str]:
        """Return texts, each with its strings joined."""
        return await self.lookup(name, RecordType.TXT)

    async def mx(self, name: str) -> Answer[Mx]:
        """Return mail exchangers, unsorted."""
        return await self.lookup(name, RecordType.MX)

    async def a(self, name: str) -> Answer[Address]:
        """Return IPv4 addresses."""
        return await self.lookup(name, RecordType.A)

    async def aaaa(self, name: str) -> Answer[Address]:
        """Return IPv6 addresses."""
        return await self.lookup(name, RecordType.AAAA)

    async def ips(self, name: str) -> Answer[Address]:
        """Return addresses of both kinds."""
        results = await asyncio.gather(self.a(name), self.aaaa(name), return_exceptions=True)
        found: list[Answer[Address]] = []
        for result in results:
            if isinstance(result, Answer):
                found.append(result)
            elif not isinstance(result, (NotFound, TemporaryFailure)):
                raise result
        failed = [result for result in results if isinstance(result, TemporaryFailure)]
        missing = [result for result in results if isinstance(result, NotFound)]
        if not found:
            if failed:
                raise failed[0]
            raise NotFound(name, authentic=all(result.authentic for result in missing))
        return Answer(
            tuple(address for answer in found for address in answer.records),
            authentic=not failed and all(r.authentic for r in found) and all(r.authentic for r in missing),
            ttl=min(answer.ttl for answer in found),
        )

    async def ptr(self, address: Address) -> Answer[str]:
        """Return names of an address."""
        return await self.lookup(address.reverse_pointer, RecordType.PTR)

    async def cname(self, name: str) -> Answer[str]:
        """Return the name that this one is an alias of, one step."""
        return await self.lookup(name, RecordType.CNAME)

    async def ns(self, name: str) -> Answer[str]:
        """Return name servers."""
        return await self.lookup(name, RecordType.NS)

    async def srv(self, name: str) -> Answer[Srv]:
        """Return service locations, unsorted."""
        return await self.lookup(name, RecordType.SRV)

    async def tlsa(self, name: str) -> Answer[Tlsa]:
        """Return certificate associations."""
        return await self.lookup(name, RecordType.TLSA)
