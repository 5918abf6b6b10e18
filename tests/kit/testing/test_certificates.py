"""Throw-away certificates."""

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from moxkit.testing import KeyKind, make_authority, make_certificate


@pytest.mark.parametrize("kind", ["p256", "ed25519", "rsa2048"])
def test_key_belongs_to_certificate(kind: KeyKind) -> None:
    chain, key = make_certificate(("mx.example", "192.0.2.1"), kind)
    certificate = x509.load_pem_x509_certificate(chain)
    assert load_pem_private_key(key, None).public_key() == certificate.public_key()
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["mx.example"]
    assert len(names.get_values_for_type(x509.IPAddress)) == 1


def test_is_made_once_for_the_same_arguments() -> None:
    assert make_certificate("a.example") is make_certificate(("a.example",))
    assert make_certificate("a.example") != make_certificate("b.example")


def test_expired_and_issued() -> None:
    root = make_authority()
    certificate = x509.load_pem_x509_certificate(make_certificate("x.example", expired=True, issuer=root)[0])
    assert certificate.not_valid_after_utc < dt.datetime(2022, 1, 1, tzinfo=dt.UTC)
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(root[0]))
