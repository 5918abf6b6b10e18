"""Bounds on what a message and a key server can make us do."""

from dataclasses import dataclass

__all__ = ["DEFAULT_LIMITS", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is looked at before we give up (RFC 6376 §8.4, §8.9).

    Attributes:
        max_header_octets: Longest header of a message.
        max_fields: Most fields in a header.
        max_signatures: Signatures that are checked; of further ones the result only says that they are there.
        max_tag_list_octets: Longest signature field or key record.
        max_names: Most names in an ``h=`` tag.
        max_rsa_bits: Largest RSA key; 4096 must be possible (RFC 8301 §3.2).
    """

    max_header_octets: int = 1 << 20
    max_fields: int = 10_000
    max_signatures: int = 25
    max_tag_list_octets: int = 1 << 16
    max_names: int = 2000
    max_rsa_bits: int = 8192


DEFAULT_LIMITS = Limits()
