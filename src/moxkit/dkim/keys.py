"""Keys: reading, making, publishing, and the two operations on a digest (RFC 8301, RFC 8463)."""

from typing import TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from moxkit.dkim.errors import KeyFormatError
from moxkit.dkim.record import Record

__all__ = [
    "MIN_RSA_BITS",
    "PrivateKey",
    "PublicKey",
    "encode_private_key",
    "generate_ed25519",
    "generate_rsa",
    "key_type_of",
    "load_private_key",
    "load_public_key",
    "public_record",
    "sign_digest",
    "verify_digest",
]

PrivateKey: TypeAlias = RSAPrivateKey | Ed25519PrivateKey
PublicKey: TypeAlias = RSAPublicKey | Ed25519PublicKey

# Anybody can break smaller ones (RFC 8301 §3.2).
MIN_RSA_BITS = 1024
# Larger exponents make checking as slow as signing; nobody has them.
_MAX_EXPONENT_BITS = 64
_PADDING = padding.PKCS1v15()
_SHA256 = Prehashed(hashes.SHA256())


def load_public_key(record: Record) -> PublicKey:
    """Read the key of a record; its size is not judged here.

    RSA keys come as SubjectPublicKeyInfo, as all the world publishes them, or as the bare RSAPublicKey that
    RFC 6376 §3.6.1 asks for. Ed25519 keys are their 32 octets (RFC 8463 §4.2).

    Raises:
        KeyFormatError: It is no key of the record's type.
    """
    try:
        if record.key_type == "ed25519":
            return Ed25519PublicKey.from_public_bytes(record.public_key)
        key = serialization.load_der_public_key(record.public_key)
    except (ValueError, UnsupportedAlgorithm):
        raise KeyFormatError(f"no public key of type {record.key_type[:40]}") from None
    if record.key_type != "rsa" or not isinstance(key, RSAPublicKey):
        raise KeyFormatError(f"no public key of type {record.key_type[:40]}")
    if key.public_numbers().e.bit_length() > _MAX_EXPONENT_BITS:
        raise KeyFormatError("RSA key with a huge exponent")
    return key


def load_private_key(pem: bytes) -> PrivateKey:
    """Read a private key from PEM, PKCS#8 or the older form for RSA; text around it does not matter.

    Raises:
        KeyFormatError: It is none, is encrypted, of another type, or RSA with less than 1024 bits.
    """
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The library's error may quote what it read: it must not reach a log.
        raise KeyFormatError("not a private key in PEM, or an encrypted one") from None
    if isinstance(key, RSAPrivateKey):
        if key.key_size < MIN_RSA_BITS:
            raise KeyFormatError(f"RSA key of {key.key_size} bits, less than {MIN_RSA_BITS}")
        return key
    if isinstance(key, Ed25519PrivateKey):
        return key
    raise KeyFormatError("neither an RSA nor an Ed25519 key")


def generate_rsa(bits: int = 2048) -> RSAPrivateKey:
    """Make an RSA key; 2048 bits fit in a DNS answer over UDP, and verifiers take up to 4096.

    Raises:
        KeyFormatError: Less than 1024 bits were asked for.
    """
    if bits < MIN_RSA_BITS:
        raise KeyFormatError(f"RSA key of {bits} bits, less than {MIN_RSA_BITS}")
    return generate_private_key(public_exponent=65537, key_size=bits)


def generate_ed25519() -> Ed25519PrivateKey:
    """Make an Ed25519 key; many verifiers still know RSA only, so sign with one of each."""
    return Ed25519PrivateKey.generate()


def encode_private_key(key: PrivateKey) -> bytes:
    """Return a key as PKCS#8 in PEM, not encrypted."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_record(key: PrivateKey, *, flags: tuple[str, ...] = (), notes: str = "") -> Record:
    """Return the record to publish for a private key; it is for SHA-256 alone (RFC 8301 §3.1)."""
    if isinstance(key, Ed25519PrivateKey):
        return Record(key.public_key().public_bytes_raw(), "ed25519", ("sha256",), flags=flags, notes=notes)
    octets = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return Record(octets, "rsa", ("sha256",), flags=flags, notes=notes)


def key_type_of(key: PrivateKey) -> str:
    """Return ``rsa`` or ``ed25519``."""
    return "rsa" if isinstance(key, RSAPrivateKey) else "ed25519"


def sign_digest(key: PrivateKey, digest: bytes) -> bytes:
    """Sign a SHA-256 digest: with RSASSA-PKCS1-v1_5, or as the message of PureEdDSA (RFC 8463 §3)."""
    if isinstance(key, RSAPrivateKey):
        return key.sign(digest, _PADDING, _SHA256)
    return key.sign(digest)


def verify_digest(key: PublicKey, digest: bytes, signature: bytes) -> bool:
    """Return whether the signature is that of a SHA-256 digest by this key."""
    try:
        if isinstance(key, RSAPublicKey):
            key.verify(signature, digest, _PADDING, _SHA256)
        else:
            key.verify(signature, digest)
    except InvalidSignature:
        return False
    return True
