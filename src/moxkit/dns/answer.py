"""Answers, records and the two ways in which there is no answer."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Generic, TypeVar

__all__ = [
    "Address",
    "Answer",
    "DnsError",
    "ExtendedError",
    "Mx",
    "NotFound",
    "Srv",
    "TemporaryFailure",
    "Tlsa",
]

Address = IPv4Address | IPv6Address
RecordT_co = TypeVar("RecordT_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Answer(Generic[RecordT_co]):
    """Records of one name and type, at least one.

    Attributes:
        records: In the order they came.
        authentic: Whether a trusted resolver has validated them with DNSSEC, aliases included.
        ttl: Seconds for which they may still be used.
    """

    records: tuple[RecordT_co, ...]
    authentic: bool
    ttl: int


@dataclass(frozen=True, slots=True, order=True)
class Mx:
    """Mail exchanger (RFC 5321 §5.1); the host "." says that there is no mail (RFC 7505 §3)."""

    preference: int
    host: str


@dataclass(frozen=True, slots=True, order=True)
class Srv:
    """Service location (RFC 2782); the host "." says that there is none."""

    priority: int
    weight: int
    port: int
    host: str


@dataclass(frozen=True, slots=True)
class Tlsa:
    """Certificate association (RFC 6698 §2.1); numbers as sent, perhaps unknown to us."""

    usage: int
    selector: int
    matching_type: int
    data: bytes


class DnsError(Exception):
    """There is no answer."""


class NotFound(DnsError):  # noqa: N818 - a fact about the name, not a failure of ours
    """The name does not exist, or has no record of the type.

    Attributes:
        authentic: Whether DNSSEC has validated that.
    """

    def __init__(self, name: str, *, authentic: bool = False) -> None:
        super().__init__(name)
        self.authentic = authentic


@dataclass(frozen=True, slots=True)
class ExtendedError:
    """What a name server says of a failure (RFC 8914).

    Attributes:
        code: Registered number, as 6 for DNSSEC Bogus.
        text: For people; untrusted, without control characters.
    """

    code: int
    text: str = ""

    def __str__(self) -> str:
        return f"extended error {self.code}{': ' + self.text if self.text else ''}"

    @property
    def is_dnssec(self) -> bool:
        """Whether validation failed: signatures bogus, expired, missing (RFC 8914 §4)."""
        return self.code in _DNSSEC_CODES


# RFC 8914 §4.2, §4.3, §4.6 to §4.13, §4.28 on: unsupported algorithms, bogus and its kinds, missing keys.
_DNSSEC_CODES = frozenset({1, 2, 6, 7, 8, 9, 10, 11, 12, 25, 27})


class TemporaryFailure(DnsError):  # noqa: N818 - the word of the mail RFCs
    """No resolver could answer; it may work later.

    Attributes:
        extended: What the resolvers said of it; only a hint, since anybody on the way can write it.
    """

    def __init__(self, problem: str, *, extended: tuple[ExtendedError, ...] = ()) -> None:
        super().__init__(problem)
        self.extended = extended

    @property
    def is_dnssec_failure(self) -> bool:
        """Whether a resolver says that DNSSEC validation failed."""
        return any(error.is_dnssec for error in self.extended)
