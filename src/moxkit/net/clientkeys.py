"""A certificate around a bare key, for servers that know clients by their public key alone.

TLS has no other way to present a key (RFC 7250 is not spoken by mail servers); nothing in the certificate
means anything, so it is always the same for a key.
"""

import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

__all__ = ["minimal_certificate"]

# The widest dates a certificate can have (RFC 5280 §4.1.2.5); whoever looks at the key ignores them.
_START = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_END = dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC)


def minimal_certificate(seed: bytes, *, name: str = "mox") -> tuple[bytes, bytes]:
    """Return certificate and private key, both PEM, for `client_context`.

    Args:
        seed: Private key of Ed25519, 32 octets (RFC 8032 §5.1.5).
        name: Common name, for people.

    Raises:
        ValueError: The seed has the wrong length.
    """
    key = Ed25519PrivateKey.from_private_bytes(seed)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(_START)
        .not_valid_after(_END)
        .sign(key, None)
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM), private
