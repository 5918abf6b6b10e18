"""A resolver that answers from a zone text, for tests."""

import re
from collections.abc import Callable, Collection
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from moxkit.dns import Answer, Mx, NotFound, RecordType, ResolverByType, Srv, TemporaryFailure, Tlsa

__all__ = ["FakeResolver"]

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|(;.*)|(\S+)')
_TTL_S = 300


class FakeResolver(ResolverByType):
    """Implements `Resolver` from lines like those of a master file (RFC 1035 §5.1).

    A line is ``name [ttl] [IN] type data``; names are absolute, a comment begins with ``;``. The strings of a
    TXT record are quoted or single words, and joined.

    Attributes:
        queries: Every lookup so far, as ``"MX mox.example"``, for tests that count.
    """

    __slots__ = ("_authentic", "_inauthentic", "_records", "_temporary", "queries")

    def __init__(
        self,
        zone: str = "",
        *,
        authentic: bool | Collection[str] = False,
        inauthentic: Collection[str] = (),
        temporary: Collection[str] = (),
    ) -> None:
        """Read the zone.

        Args:
            zone: Its lines.
            authentic: Whether answers, negative ones too, are validated: all, or those for some names.
            inauthentic: Names whose answers are not.
            temporary: What fails: names, or ``"MX mox.example"`` for a single type.

        Raises:
            ValueError: A line is malformed.
        """
        # By question, as in `queries`.
        self._records: dict[str, tuple[Any, ...]] = {}
        self._authentic = authentic if isinstance(authentic, bool) else frozenset(map(_fold, authentic))
        self._inauthentic = frozenset(map(_fold, inauthentic))
        self._temporary = frozenset(map(_fold, temporary))
        self.queries: list[str] = []
        for line in zone.splitlines():
            self.add(line)

    def add(self, line: str) -> None:
        """Add a line of zone text; an empty one is ignored.

        Raises:
            ValueError: It is malformed.
        """
        tokens = [quoted or word for quoted, comment, word in _TOKEN.findall(line) if not comment]
        if not tokens:
            return
        name, *rest = tokens
        if rest and rest[0].isdecimal():
            del rest[0]
        if rest and rest[0] == "IN":
            del rest[0]
        if len(rest) < 2:
            raise ValueError(f"malformed zone line: {line}")
        kind = RecordType(rest[0].upper())
        key = f"{kind} {_fold(name)}"
        self._records[key] = (*self._records.get(key, ()), _READ[kind](rest[1:]))

    async def lookup(self, name: str, kind: RecordType) -> Answer[Any]:
        """Return the records of this type, aliases followed."""
        name = _fold(name)
        question = f"{kind} {name}"
        self.queries.append(question)
        authentic = True
        # Longer chains of aliases than this are loops.
        for _ in range(10):
            if self._temporary and (name in self._temporary or question.lower() in self._temporary):
                raise TemporaryFailure(f"{name} {kind}: asked for by the test")
            authentic = authentic and self._is_authentic(name)
            if records := self._records.get(question):
                return Answer(records, authentic, _TTL_S)
            alias = self._records.get(f"{RecordType.CNAME} {name}")
            if alias is None:
                raise NotFound(name, authentic=authentic)
            name = alias[0]
            question = f"{kind} {name}"
        raise TemporaryFailure(f"{name} {kind}: too many aliases")

    def _is_authentic(self, name: str) -> bool:
        if name in self._inauthentic:
            return False
        return self._authentic if isinstance(self._authentic, bool) else name in self._authentic


def _fold(name: str) -> str:
    return name.lower().rstrip(".") or "."


def _read_host(data: list[str]) -> str:
    return _fold(data[0])


_READ: dict[RecordType, Callable[[list[str]], Any]] = {
    RecordType.A: lambda data: IPv4Address(data[0]),
    RecordType.AAAA: lambda data: IPv6Address(data[0]),
    RecordType.CNAME: _read_host,
    RecordType.MX: lambda data: Mx(int(data[0]), _fold(data[1])),
    RecordType.NS: _read_host,
    RecordType.PTR: _read_host,
    RecordType.SRV: lambda data: Srv(int(data[0]), int(data[1]), int(data[2]), _fold(data[3])),
    RecordType.TLSA: lambda data: Tlsa(
        int(data[0]), int(data[1]), int(data[2]), bytes.fromhex("".join(data[3:]))
    ),
    RecordType.TXT: lambda data: re.sub(r"\\(.)", r"\1", "".join(data)),
}
