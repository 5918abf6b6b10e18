"""Keys of client certificates: what can be added, whose they are, how they go."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mox.accounts import TlsKeyError
from moxkit.testing import CertificateAndKey, KeyKind, make_certificate
from room.accounts.conftest import Desk

ME = "mox@mox.example"


def pem(certificate: CertificateAndKey) -> str:
    return certificate[0].decode()


@pytest.mark.parametrize(
    ("kind", "type_"), [("ed25519", "ed25519"), ("p256", "ecdsa-p256"), ("rsa2048", "rsa-2048")]
)
async def test_added_key_is_found_by_its_public_key(desk: Desk, kind: KeyKind, type_: str) -> None:
    certificate = make_certificate("laptop", kind, client=True)
    keys = desk.identities.keys
    key = await keys.add(address=ME, pem=pem(certificate))
    public = x509.load_pem_x509_certificate(certificate[0]).public_key()
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert key.fingerprint == base64.urlsafe_b64encode(hashlib.sha256(spki).digest()).decode().rstrip("=")
    assert (key.account, key.address, key.name, key.type) == ("mox", ME, "laptop", type_)
    assert keys.find(key.fingerprint) == key
    assert keys.keys() == keys.keys("mox") == [key]
    assert keys.keys("pat") == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not exactly one"),
        ("noise", "not exactly one"),
        (pem(make_certificate("a")) * 2, "not exactly one"),
        (make_certificate("a")[1].decode(), "not exactly one"),
        (pem(make_certificate("a")) + make_certificate("a")[1].decode(), "private key must not"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be read"),
        (pem(make_certificate("a")) + " " * 100_000, "not exactly one"),
    ],
)
async def test_refuses_what_is_not_one_certificate(desk: Desk, text: str, problem: str) -> None:
    with pytest.raises(TlsKeyError, match=problem):
        await desk.identities.keys.add(address=ME, pem=text)


async def test_refuses_small_rsa_keys(desk: Desk) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    name = x509.load_pem_x509_certificate(make_certificate("small")[0]).subject
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    day = datetime(2026, 1, 1, tzinfo=UTC)
    builder = builder.serial_number(1).not_valid_before(day).not_valid_after(day + timedelta(days=1))
    small = builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()
    with pytest.raises(TlsKeyError, match="1024 bits"):
        await desk.identities.keys.add(address=ME, pem=small)


async def test_a_key_belongs_to_one_account(desk: Desk) -> None:
    certificate = pem(make_certificate("laptop"))
    await desk.identities.keys.add(address=ME, pem=certificate)
    for address in (ME, "pat@mox.example"):
        with pytest.raises(TlsKeyError, match="known already"):
            await desk.identities.keys.add(address=address, pem=certificate)
    with pytest.raises(TlsKeyError, match="no address"):
        await desk.identities.keys.add(address="nobody@mox.example", pem=pem(make_certificate("other")))


@pytest.mark.parametrize("name", ["x" * 201, "a\nb"])
async def test_refuses_names_that_are_none(desk: Desk, name: str) -> None:
    with pytest.raises(TlsKeyError, match="name"):
        await desk.identities.keys.add(address=ME, pem=pem(make_certificate("laptop")), name=name)


async def test_changes_are_the_owners_only(desk: Desk) -> None:
    keys = desk.identities.keys
    desk.book.owners["me@mox.example"] = "mox"
    key = await keys.add(address=ME, pem=pem(make_certificate("laptop")))
    await keys.update(
        key.fingerprint, account="mox", address="me@mox.example", name="desk", no_imap_preauth=True
    )
    changed = keys.find(key.fingerprint)
    assert changed is not None
    assert (changed.address, changed.name, changed.no_imap_preauth) == ("me@mox.example", "desk", True)
    for account, address in (("pat", "pat@mox.example"), ("mox", "pat@mox.example")):
        with pytest.raises(TlsKeyError):
            await keys.update(
                key.fingerprint, account=account, address=address, name="x", no_imap_preauth=False
            )
    assert keys.find(key.fingerprint) == changed


async def test_keys_go_one_by_one_and_with_their_account(desk: Desk) -> None:
    keys = desk.identities.keys
    for name in ("a", "b"):
        await keys.add(address=ME, pem=pem(make_certificate(name)))
    other = await keys.add(address="pat@mox.example", pem=pem(make_certificate("c")))
    first = keys.keys("mox")[0]
    await keys.remove(first.fingerprint)
    with pytest.raises(TlsKeyError, match="no such key"):
        await keys.remove(first.fingerprint)
    await desk.identities.remove_account("mox")
    assert keys.keys() == [other]
