"""Throw-away certificates for tests, made once per process for each set of arguments.

Validity is wide and fixed, so that a test never depends on the day it runs.
"""

import datetime as dt
import functools
import ipaddress
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["CertificateAndKey", "KeyKind", "make_authority", "make_certificate"]

_PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
KeyKind = Literal["p256", "ed25519", "rsa2048"]
CertificateAndKey = tuple[bytes, bytes]
"""Certificate chain and private key, both PEM."""

_UTC = dt.UTC
_START = dt.datetime(2020, 1, 1, tzinfo=_UTC)
_EXPIRED = dt.datetime(2021, 1, 1, tzinfo=_UTC)
_END = dt.datetime(2120, 1, 1, tzinfo=_UTC)


def make_authority(name: str = "test authority") -> CertificateAndKey:
    """Return a P-256 root that can be passed as `issuer` to `make_certificate`."""
    return _make((name,), "p256", expired=False, issuer=None, authority=True, client=False)


def make_certificate(
    names: tuple[str, ...] | str,
    key: KeyKind = "p256",
    *,
    expired: bool = False,
    issuer: CertificateAndKey | None = None,
    client: bool = False,
) -> CertificateAndKey:
    """Return a certificate for DNS names or addresses, and its key.

    Args:
        names: The first is also the common name; addresses become IP entries.
        key: Kind of key.
        expired: Whether its validity ended in 2021.
        issuer: Certificate and key that sign; self-signed without.
        client: Whether it is for clients instead of servers (extended key usage).
    """
    if isinstance(names, str):
        names = (names,)
    return _make(names, key, expired=expired, issuer=issuer, authority=False, client=client)


@functools.cache
def _make(
    names: tuple[str, ...],
    kind: KeyKind,
    *,
    expired: bool,
    issuer: CertificateAndKey | None,
    authority: bool,
    client: bool,
) -> CertificateAndKey:
    key = _make_key(kind)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    signer: _PrivateKey = key
    issuer_name = subject
    if issuer is not None:
        issuer_name = x509.load_pem_x509_certificate(issuer[0]).subject
        loaded = serialization.load_pem_private_key(issuer[1], None)
        if not isinstance(loaded, _PrivateKey):
            raise TypeError("issuer key is of an unexpected kind")
        signer = loaded
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_START)
        .not_valid_after(_EXPIRED if expired else _END)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .add_extension(_key_usage(authority=authority), critical=True)
    )
    if not authority:
        usage = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False
        ).add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    digest = None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    certificate = builder.sign(signer, digest)
    return (
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )


def _make_key(kind: KeyKind) -> _PrivateKey:
    match kind:
        case "p256":
            return ec.generate_private_key(ec.SECP256R1())
        case "ed25519":
            return ed25519.Ed25519PrivateKey.generate()
        case "rsa2048":
            return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
