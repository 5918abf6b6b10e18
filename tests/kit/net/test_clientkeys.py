"""A certificate around a bare key: the key's own, always the same, usable in a handshake."""

import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from moxkit.net import client_context, minimal_certificate, spki_of

SEED = bytes(range(32))


def test_certificate_is_the_keys_and_always_the_same() -> None:
    certificate, key = minimal_certificate(SEED, name="laptop")
    assert (certificate, key) == minimal_certificate(SEED, name="laptop")
    public = Ed25519PrivateKey.from_private_bytes(SEED).public_key()
    der = x509.load_pem_x509_certificate(certificate).public_bytes(Encoding.DER)
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert hashlib.sha256(spki_of(der)).digest() == hashlib.sha256(spki).digest()
    client_context([(certificate, key)])


@pytest.mark.parametrize("seed", [b"", bytes(31), bytes(33)])
def test_refuses_what_is_no_seed(seed: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the library's words
        minimal_certificate(seed)
