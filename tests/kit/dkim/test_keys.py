"""Keys: reading, publishing, and signing digests."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, strategies as st

from kit.dkim.examples import RSA_KEY
from kit.dkim.keyring import ED25519, RSA
from moxkit.dkim import (
    KeyFormatError,
    PrivateKey,
    Record,
    encode_private_key,
    generate_ed25519,
    generate_rsa,
    key_type_of,
    load_private_key,
    load_public_key,
    parse_record,
    public_record,
    sign_digest,
    verify_digest,
)

DIGEST = bytes(range(32))


@pytest.mark.parametrize("key", [RSA, ED25519])
def test_what_is_published_checks_what_is_signed(key: PrivateKey) -> None:
    record = parse_record(str(public_record(load_private_key(encode_private_key(key)))))
    public = load_public_key(record)
    signature = sign_digest(key, DIGEST)
    assert record.key_type == key_type_of(key)
    assert record.hashes == ("sha256",)
    assert verify_digest(public, DIGEST, signature)
    assert not verify_digest(public, DIGEST[::-1], signature)
    for broken in (b"", signature[:-1], signature + b"\0", bytes([signature[0] ^ 1]) + signature[1:]):
        assert not verify_digest(public, DIGEST, broken)


def test_rsa_key_may_be_bare_as_rfc_6376_has_it() -> None:
    bare = RSA.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    assert verify_digest(load_public_key(Record(bare)), DIGEST, sign_digest(RSA, DIGEST))


def test_rsa_key_of_the_old_pem_form_is_read() -> None:
    pem = RSA.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    assert key_type_of(load_private_key(b"Note: for tests\n\n" + pem)) == "rsa"


def test_unusable_public_keys_are_refused() -> None:
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    spki = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    huge = rsa.RSAPublicNumbers((1 << 80) + 1, RSA.public_key().public_numbers().n).public_key()
    for record in (
        Record(curve.public_bytes(*spki)),
        Record(huge.public_bytes(*spki)),
        Record(ED25519.public_key().public_bytes(*spki)),
        Record(ED25519.public_key().public_bytes(*spki), "ed25519"),
        Record(b"x" * 31, "ed25519"),
        Record(RSA.public_key().public_bytes(*spki), "ed25519"),
        Record(RSA.public_key().public_bytes(*spki), "future"),
        Record(b"x"),
    ):
        with pytest.raises(KeyFormatError):
            load_public_key(record)
    load_public_key(parse_record(f"k=rsa; p={RSA_KEY}"))


def test_unusable_private_keys_are_refused_and_not_told() -> None:
    curve = ec.generate_private_key(ec.SECP256R1())
    pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    encrypted = RSA.private_bytes(*pem, serialization.BestAvailableEncryption(b"secret"))
    broken = encode_private_key(ED25519).replace(b"M", b"N", 2)
    for octets in (b"", b"noise", encrypted, broken, curve.private_bytes(*pem, serialization.NoEncryption())):
        with pytest.raises(KeyFormatError) as refused:
            load_private_key(octets)
        assert len(str(refused.value)) < 100
        assert refused.value.__cause__ is None


def test_small_rsa_keys_are_not_made_and_not_read() -> None:
    """RFC 8301 §3.2."""
    with pytest.raises(KeyFormatError, match="less than 1024"):
        generate_rsa(1023)
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    assert key_type_of(load_private_key(encode_private_key(small))) == "rsa"
    assert key_type_of(generate_ed25519()) == "ed25519"


@given(st.binary(max_size=300), st.sampled_from(["rsa", "ed25519"]))
def test_noise_gives_the_declared_error(noise: bytes, key_type: str) -> None:
    if key_type == "ed25519" and len(noise) == 32:
        load_public_key(Record(noise, key_type))
    else:
        with pytest.raises(KeyFormatError):
            load_public_key(Record(noise, key_type))
