"""Slicing the key out of a certificate."""

from contextlib import suppress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, strategies as st

from moxkit.net import spki_of
from moxkit.testing import KeyKind, make_certificate

PEM = make_certificate("mx.example")[0]
DER = x509.load_pem_x509_certificate(PEM).public_bytes(Encoding.DER)


@pytest.mark.parametrize("kind", ["p256", "ed25519", "rsa2048"])
def test_is_the_key_as_encoded(kind: KeyKind) -> None:
    certificate = x509.load_pem_x509_certificate(make_certificate("mx.example", kind)[0])
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert spki_of(certificate.public_bytes(Encoding.DER)) == key


@given(st.binary(max_size=60) | st.integers(0, len(DER)).map(lambda n: DER[:n]))
def test_noise_gives_octets_or_a_value_error(noise: bytes) -> None:
    with suppress(ValueError):
        spki_of(noise)
