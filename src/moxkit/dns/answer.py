"""Answers, records and the two ways in which there is no answer."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Generic, TypeVar

__all__ = ["Address", "Answer", "DnsError", "Mx", "NotFound", "Srv", "TemporaryFailure", "Tlsa"]

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


class TemporaryFailure(DnsError):  # noqa: N818 - the word of the mail RFCs
    """No resolver could answer; it may work later."""
