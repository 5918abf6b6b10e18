"""TLSA records: their numbers by name, which of them we can use, making one (RFC 6698 §2, RFC 7218)."""

import hashlib
import hmac
from collections.abc import Collection, Iterable
from enum import IntEnum
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key

from moxkit.dns import Tlsa
from moxkit.net import spki_of

__all__ = [
    "SMTP_USAGES",
    "MatchingType",
    "Selector",
    "Usage",
    "association",
    "make_record",
    "matches",
    "parse_matching_type",
    "parse_selector",
    "parse_usage",
    "usable_records",
]


class Usage(IntEnum):
    """What a record says of the certificate it matches (RFC 6698 §2.1.1, acronyms of RFC 7218 §2.1)."""

    PKIX_TA = 0
    PKIX_EE = 1
    DANE_TA = 2
    DANE_EE = 3


class Selector(IntEnum):
    """What part is matched (RFC 6698 §2.1.2)."""

    CERT = 0
    SPKI = 1


class MatchingType(IntEnum):
    """How it is matched (RFC 6698 §2.1.3)."""

    FULL = 0
    SHA2_256 = 1
    SHA2_512 = 2


SMTP_USAGES = frozenset({Usage.DANE_TA, Usage.DANE_EE})
"""Usages of mail servers; those that need public authorities are unusable there (RFC 7672 §3.1.3)."""

_DIGEST_OCTETS = {MatchingType.SHA2_256: 32, MatchingType.SHA2_512: 64}
# A certificate or key in DNS: more than any of them has, and less than what costs us.
_MAX_FULL_OCTETS = 16 * 1024

_NumberT = TypeVar("_NumberT", bound=IntEnum)


def usable_records(records: Iterable[Tlsa], usages: Collection[Usage] = SMTP_USAGES) -> tuple[Tlsa, ...]:
    """Return the records with known numbers, one of `usages`, and data that fits (RFC 7671 §4.1, §10)."""
    return tuple(record for record in records if record.usage in set(usages) and _is_well_formed(record))


def make_record(
    usage: Usage,
    selector: Selector,
    matching_type: MatchingType,
    *,
    certificate: bytes = b"",
    spki: bytes = b"",
) -> Tlsa:
    """Make the record that matches a certificate, or with selector SPKI a bare public key.

    Args:
        usage: What the record is to say.
        selector: What is matched.
        matching_type: How.
        certificate: DER.
        spki: DER of SubjectPublicKeyInfo, instead of a certificate.

    Raises:
        ValueError: There is nothing to match, or it cannot be read.
    """
    if certificate:
        x509.load_der_x509_certificate(certificate)
        return Tlsa(usage, selector, matching_type, association(certificate, selector, matching_type))
    if selector is not Selector.SPKI:
        raise ValueError("a certificate is needed to match one")
    load_der_public_key(spki)
    return Tlsa(usage, selector, matching_type, _reduce(spki, matching_type))


def association(certificate: bytes, selector: int, matching_type: int) -> bytes:
    """Return the data that a record with these numbers has for a certificate in DER.

    Raises:
        ValueError: It cannot be read, or a number is unknown.
    """
    selected = spki_of(certificate) if Selector(selector) is Selector.SPKI else certificate
    return _reduce(selected, MatchingType(matching_type))


def matches(record: Tlsa, certificate: bytes) -> bool:
    """Return whether a usable record is for this certificate in DER; `False` if that cannot be read."""
    try:
        found = association(certificate, record.selector, record.matching_type)
    except ValueError:
        return False
    return hmac.compare_digest(found, record.data)


def parse_usage(text: str) -> Usage:
    """Read a usage as number or name, as ``3`` or ``dane-ee``.

    Raises:
        ValueError: It is neither.
    """
    return _parse(Usage, text)


def parse_selector(text: str) -> Selector:
    """Read a selector as number or name, as ``1`` or ``spki``.

    Raises:
        ValueError: It is neither.
    """
    return _parse(Selector, text)


def parse_matching_type(text: str) -> MatchingType:
    """Read a matching type as number or name, as ``1`` or ``sha2-256``.

    Raises:
        ValueError: It is neither.
    """
    return _parse(MatchingType, text)


def _parse(kind: type[_NumberT], text: str) -> _NumberT:
    for member in kind:
        if text.lower() in {str(member.value), member.name.lower().replace("_", "-")}:
            return member
    known = ", ".join(f"{member.value} ({member.name.lower().replace('_', '-')})" for member in kind)
    raise ValueError(f"{text!r} is none of {known}")


def _reduce(octets: bytes, matching_type: MatchingType) -> bytes:
    match matching_type:
        case MatchingType.FULL:
            return octets
        case MatchingType.SHA2_256:
            return hashlib.sha256(octets).digest()
        case MatchingType.SHA2_512:
            return hashlib.sha512(octets).digest()


def _is_well_formed(record: Tlsa) -> bool:
    try:
        selector, matching_type = Selector(record.selector), MatchingType(record.matching_type)
    except ValueError:
        return False
    if matching_type is not MatchingType.FULL:
        return len(record.data) == _DIGEST_OCTETS[matching_type]
    if len(record.data) > _MAX_FULL_OCTETS:
        return False
    try:
        if selector is Selector.CERT:
            x509.load_der_x509_certificate(record.data)
        else:
            load_der_public_key(record.data)
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True
