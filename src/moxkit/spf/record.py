"""A record as a value, and back to text: directives, mechanisms, modifiers (RFC 7208 §4.6.1, §5, §6)."""

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address

from moxkit.spf.macros import MacroString
from moxkit.spf.result import Status

__all__ = [
    "A",
    "All",
    "Directive",
    "Exists",
    "Include",
    "Ip4",
    "Ip6",
    "Mechanism",
    "Modifier",
    "Mx",
    "Ptr",
    "Qualifier",
    "Record",
]


class Qualifier(StrEnum):
    """What a match means (RFC 7208 §4.6.2)."""

    PASS = "+"  # noqa: S105  a sign
    FAIL = "-"
    SOFTFAIL = "~"
    NEUTRAL = "?"

    @property
    def status(self) -> Status:
        """The result of a match."""
        return _STATUS[self]


_STATUS = {
    Qualifier.PASS: Status.PASS,
    Qualifier.FAIL: Status.FAIL,
    Qualifier.SOFTFAIL: Status.SOFTFAIL,
    Qualifier.NEUTRAL: Status.NEUTRAL,
}


@dataclass(frozen=True, slots=True)
class All:
    """Always matches (RFC 7208 §5.1)."""

    def __str__(self) -> str:
        return "all"


@dataclass(frozen=True, slots=True)
class Include:
    """Matches if another domain's record passes (RFC 7208 §5.2)."""

    domain: MacroString

    def __str__(self) -> str:
        return f"include:{self.domain}"


@dataclass(frozen=True, slots=True)
class A:
    """Matches addresses of a host (RFC 7208 §5.3); no domain means the one whose record this is."""

    domain: MacroString | None = None
    ip4_prefix: int = 32
    ip6_prefix: int = 128

    def __str__(self) -> str:
        return "a" + _argument(self.domain) + _dual_cidr(self.ip4_prefix, self.ip6_prefix)


@dataclass(frozen=True, slots=True)
class Mx:
    """Matches addresses of mail exchangers (RFC 7208 §5.4)."""

    domain: MacroString | None = None
    ip4_prefix: int = 32
    ip6_prefix: int = 128

    def __str__(self) -> str:
        return "mx" + _argument(self.domain) + _dual_cidr(self.ip4_prefix, self.ip6_prefix)


@dataclass(frozen=True, slots=True)
class Ptr:
    """Matches if reverse DNS confirms a name at or below a domain; not recommended (RFC 7208 §5.5)."""

    domain: MacroString | None = None

    def __str__(self) -> str:
        return "ptr" + _argument(self.domain)


@dataclass(frozen=True, slots=True)
class Ip4:
    """Matches an IPv4 network (RFC 7208 §5.6)."""

    address: IPv4Address
    prefix: int = 32
    _network: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_network", int(self.address) >> (32 - self.prefix))

    def __str__(self) -> str:
        return f"ip4:{self.address}" + (f"/{self.prefix}" if self.prefix != 32 else "")

    def contains(self, bits: int) -> bool:
        """Return whether the IPv4 address with these bits is in the network."""
        return bits >> (32 - self.prefix) == self._network


@dataclass(frozen=True, slots=True)
class Ip6:
    """Matches an IPv6 network (RFC 7208 §5.6)."""

    address: IPv6Address
    prefix: int = 128
    _network: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_network", int(self.address) >> (128 - self.prefix))

    def __str__(self) -> str:
        return f"ip6:{self.address}" + (f"/{self.prefix}" if self.prefix != 128 else "")

    def contains(self, bits: int) -> bool:
        """Return whether the IPv6 address with these bits is in the network."""
        return bits >> (128 - self.prefix) == self._network


@dataclass(frozen=True, slots=True)
class Exists:
    """Matches if a name has an address (RFC 7208 §5.7)."""

    domain: MacroString

    def __str__(self) -> str:
        return f"exists:{self.domain}"


Mechanism = All | Include | A | Mx | Ptr | Ip4 | Ip6 | Exists


@dataclass(frozen=True, slots=True)
class Directive:
    """A mechanism, and what it means if it matches.

    Attributes:
        written: The mechanism as it stands in the record; empty if the directive was not parsed.
    """

    mechanism: Mechanism
    qualifier: Qualifier = Qualifier.PASS
    written: str = field(default="", compare=False)

    def __str__(self) -> str:
        sign = "" if self.qualifier is Qualifier.PASS else self.qualifier.value
        return f"{sign}{self.mechanism}"


@dataclass(frozen=True, slots=True)
class Modifier:
    """A modifier that we do not know, which changes nothing (RFC 7208 §6), as those of RFC 6652."""

    name: str
    value: MacroString

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


@dataclass(frozen=True, slots=True)
class Record:
    """A domain's policy.

    Attributes:
        directives: In order; the first that matches decides.
        redirect: Whose record to take if none matches (RFC 7208 §6.1).
        explanation: Where the text for a fail is (RFC 7208 §6.2).
        modifiers: The others.
    """

    directives: tuple[Directive, ...] = ()
    redirect: MacroString | None = None
    explanation: MacroString | None = None
    modifiers: tuple[Modifier, ...] = ()

    def __str__(self) -> str:
        terms = ["v=spf1", *map(str, self.directives)]
        if self.redirect is not None:
            terms.append(f"redirect={self.redirect}")
        if self.explanation is not None:
            terms.append(f"exp={self.explanation}")
        return " ".join([*terms, *map(str, self.modifiers)])


def _argument(domain: MacroString | None) -> str:
    return "" if domain is None else f":{domain}"


def _dual_cidr(ip4_prefix: int, ip6_prefix: int) -> str:
    text = "" if ip4_prefix == 32 else f"/{ip4_prefix}"
    return text if ip6_prefix == 128 else f"{text}//{ip6_prefix}"
