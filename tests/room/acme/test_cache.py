"""Certificates on disk: what was stored comes back, what cannot be used does not."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mox.acme import CertificateCache
from mox.acme.certificate import Issued, read_issued
from mox.certificates import KeyType, key_pem, make_key, read_key
from moxkit.testing import make_certificate

HOST = "mail.mox.example"


def issued(host: str = HOST) -> Issued:
    chain, key = make_certificate(host, "p256")
    return read_issued(host, KeyType.ECDSA, chain, key)


def test_what_was_stored_comes_back(tmp_path: Path) -> None:
    cache = CertificateCache(tmp_path, "letsencrypt")
    assert cache.load(HOST, KeyType.ECDSA) is None
    cache.store(issued())
    assert CertificateCache(tmp_path, "letsencrypt").load(HOST, KeyType.ECDSA) == issued()
    assert cache.file(HOST, KeyType.ECDSA) == tmp_path / "acme" / "keycerts" / "letsencrypt" / HOST
    assert cache.file(HOST, KeyType.RSA).name == f"{HOST}+rsa"
    assert cache.load(HOST, KeyType.RSA) is None
    assert CertificateCache(tmp_path, "other").load(HOST, KeyType.ECDSA) is None


@pytest.mark.parametrize("content", [b"", b"no certificate", issued("else.example").key + issued().chain])
def test_what_cannot_be_used_is_told_and_not_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    cache = CertificateCache(tmp_path, "letsencrypt")
    cache.store(issued())
    cache.file(HOST, KeyType.ECDSA).write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert cache.load(HOST, KeyType.ECDSA) is None
    assert "a new one is asked for" in caplog.text


@pytest.mark.parametrize("host", ["../escape", "a/b", "", ".hidden", "A.example", "a\\b"])
def test_only_names_of_hosts_become_names_of_files(tmp_path: Path, host: str) -> None:
    with pytest.raises(ValueError, match="no name of a host"):
        CertificateCache(tmp_path, "letsencrypt").load(host, KeyType.ECDSA)


def test_a_certificate_must_be_of_the_host_the_kind_and_the_key() -> None:
    chain, key = make_certificate(HOST, "p256")
    with pytest.raises(ValueError, match=r"not for else\.example"):
        read_issued("else.example", KeyType.ECDSA, chain, key)
    with pytest.raises(ValueError, match="no rsa key"):
        read_issued(HOST, KeyType.RSA, chain, key)
    with pytest.raises(ValueError, match="do not belong together"):
        read_issued(HOST, KeyType.ECDSA, chain, key_pem(make_key(KeyType.ECDSA)))


def test_only_the_two_kinds_of_keys_are_for_certificates() -> None:
    assert read_key(key_pem(make_key(KeyType.ECDSA))) is not None
    other = ec.generate_private_key(ec.SECP384R1())
    assert read_key(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())) is None


def test_its_dates_are_those_of_the_first_certificate() -> None:
    found = issued()
    assert found.not_before < datetime.now(UTC) < found.not_after - timedelta(hours=1)
