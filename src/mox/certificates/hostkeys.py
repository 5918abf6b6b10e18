"""Keys of certificates for hosts, of the two kinds that there are: ECDSA P-256 and RSA 2048."""

import enum

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

__all__ = ["KeyType", "PrivateKey", "key_pem", "make_key", "read_key"]

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_RSA_BITS = 2048


class KeyType(enum.StrEnum):
    """Kinds of keys of certificates; old peers know only RSA."""

    ECDSA = "ecdsa"
    RSA = "rsa"


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
