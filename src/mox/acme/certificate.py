"""A certificate that was issued, with its key."""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from mox.certificates import KeyType, read_key

__all__ = ["Issued", "read_issued"]


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and its key.

    Attributes:
        chain: PEM, leaf first.
        key: PEM.
        not_before: Of the leaf.
        not_after: Of the leaf.
        serial: Of the leaf, hexadecimal.
    """

    host: str
    key_type: KeyType
    chain: bytes
    key: bytes
    not_before: datetime
    not_after: datetime
    serial: str


def read_issued(host: str, key_type: KeyType, chain: bytes, key: bytes) -> Issued:
    """Look at what was issued, or kept.

    Raises:
        ValueError: It is not a certificate of this host, with this kind of key, and belonging to the key.
    """
    leaf = x509.load_pem_x509_certificates(chain)[0]
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    if host not in names.get_values_for_type(x509.DNSName):
        raise ValueError(f"certificate is not for {host}")
    own = read_key(key)
    if own is None or own[0] is not key_type:
        raise ValueError(f"key is no {key_type} key")
    if leaf.public_key() != own[1].public_key():
        raise ValueError("certificate and key do not belong together")
    return Issued(
        host,
        key_type,
        chain,
        key,
        leaf.not_valid_before_utc,
        leaf.not_valid_after_utc,
        f"{leaf.serial_number:x}",
    )
