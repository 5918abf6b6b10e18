"""A certificate that was issued, with its key; and keys as ACME has them: ECDSA P-256 and RSA 2048."""

import enum
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

__all__ = ["Issued", "KeyType", "PrivateKey", "key_pem", "make_key", "read_issued", "read_key"]

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_RSA_BITS = 2048


class KeyType(enum.StrEnum):
    """Kinds of keys of certificates; old peers know only RSA."""

    ECDSA = "ecdsa"
    RSA = "rsa"


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


def read_key(pem: bytes) -> tuple[KeyType, PrivateKey] | None:
    """Read a private key; `None` for one that is neither RSA with 2048 bits nor ECDSA on P-256.

    Raises:
        ValueError: It is no key, or one that cannot be read without a password.
    """
    try:
        key = load_pem_private_key(pem, None)
    except TypeError as error:
        raise ValueError("private key has a password") from error
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return KeyType.ECDSA, key
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size == _RSA_BITS:
        return KeyType.RSA, key
    return None


def make_key(key_type: KeyType) -> PrivateKey:
    """Make a private key."""
    if key_type is KeyType.ECDSA:
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)


def key_pem(key: PrivateKey) -> bytes:
    """Return a private key as PEM (PKCS#8)."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
