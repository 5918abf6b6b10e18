"""Keys of the host: taken from certificates that are in use, or made; nothing is done twice."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from mox.acme import CertificateCache
from mox.acme.certificate import read_issued
from mox.admin import NewHostKeys, ensure_host_keys, host_key_records
from mox.certificates import KeyType, key_pem, make_key, read_key
from mox.config import ACME, TLS, Listener, Postmaster, StaticConfig
from moxkit.testing import make_certificate

NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
ECDSA = "hostkeys/mail.mox.example.20300102T030405.ecdsap256.privatekey.pkcs8.pem"
RSA = "hostkeys/mail.mox.example.20300102T030405.rsa2048.privatekey.pkcs8.pem"


def static(*files: str, **more: Listener) -> StaticConfig:
    public = Listener(ips=("192.0.2.1",), tls=TLS(acme="ca", host_private_key_files=files))
    return StaticConfig(
        log_level="info",
        hostname="mail.mox.example",
        listeners={"public": public, **more},
        postmaster=Postmaster(account="me", mailbox="Postmaster"),
        acme={"ca": ACME(directory_url="https://ca.example", contact_email="me@mox.example")},
    )


def ensure(directory: Path, of: StaticConfig) -> list[NewHostKeys]:
    return ensure_host_keys(of, directory=directory, data_dir=directory / "data", now=NOW)


def test_the_key_of_a_certificate_is_taken_and_the_other_made(tmp_path: Path) -> None:
    chain, key = make_certificate("mail.mox.example", "p256")
    CertificateCache(tmp_path / "data", "ca").store(
        read_issued("mail.mox.example", KeyType.ECDSA, chain, key)
    )
    assert ensure(tmp_path, static()) == [NewHostKeys("public", (ECDSA, RSA), (ECDSA,))]
    assert (tmp_path / ECDSA).read_bytes().strip() == key.strip()
    made = read_key((tmp_path / RSA).read_bytes())
    assert made is not None
    assert made[0] is KeyType.RSA
    # Once they are named nothing is left to do.
    assert ensure(tmp_path, static(ECDSA, RSA)) == []


def test_what_is_named_stays_and_listeners_of_one_name_share(tmp_path: Path) -> None:
    (tmp_path / "own.pem").write_bytes(key_pem(make_key(KeyType.ECDSA)))
    second = Listener(ips=("192.0.2.2",), tls=TLS(acme="ca", host_private_key_files=("own.pem",)))
    assert ensure(tmp_path, static("own.pem", second=second)) == [
        NewHostKeys("public", ("own.pem", RSA), ()),
        NewHostKeys("second", ("own.pem", RSA), ()),
    ]


def test_who_has_certificates_of_other_tools_needs_none(tmp_path: Path) -> None:
    config = static()
    listeners = {"public": replace(config.listeners["public"], tls=None)}
    assert ensure(tmp_path, replace(config, listeners=listeners)) == []


def test_records_name_the_keys_those_of_elliptic_curves_first() -> None:
    keys = [key_pem(make_key(KeyType.RSA)), key_pem(make_key(KeyType.ECDSA))]
    rsa, ecdsa = (host_key_records([key])[0] for key in keys)
    assert host_key_records(keys) == [ecdsa, rsa]
    assert (ecdsa.usage, ecdsa.selector, ecdsa.matching_type, len(ecdsa.data)) == (3, 1, 1, 32)
