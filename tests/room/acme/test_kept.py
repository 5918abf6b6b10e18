"""Certificates that another process asks for: seen when they are there, and again when they are new."""

from dataclasses import replace
from pathlib import Path

from cryptography import x509

from mox.acme import CertificateCache, KeptCertificates
from mox.acme.certificate import read_issued
from mox.certificates import KeyType
from mox.observe import Metrics
from moxkit.testing import FakeClock, make_certificate
from room.acme.test_issuing import HOST, snapshot


def store(directory: Path, name: str = HOST) -> bytes:
    chain, key = make_certificate(HOST, "p256")
    CertificateCache(directory, "ca").store(replace(read_issued(HOST, KeyType.ECDSA, chain, key), host=name))
    return chain


async def test_they_are_seen_when_they_are_there_and_when_they_are_new(
    tmp_path: Path, clock: FakeClock
) -> None:
    config = snapshot()
    kept = KeptCertificates(snapshot=lambda: config, data_dir=tmp_path, clock=clock, counting=Metrics().acme)
    assert kept.current("ca", HOST) is None
    first = store(tmp_path)
    assert kept.current("ca", HOST) is None
    await clock.advance(5)
    found = kept.current("ca", HOST)
    assert found is not None
    assert [chain for chain, _ in found] == [first]
    await clock.advance(5)
    assert kept.current("ca", HOST) is found
    second = store(tmp_path)
    assert kept.current("ca", HOST) is found
    await clock.advance(5)
    renewed = kept.current("ca", HOST)
    assert renewed is not None
    assert [chain for chain, _ in renewed] == [second]
    assert x509.load_pem_x509_certificates(renewed[0][0])


def test_hosts_of_others_have_none(tmp_path: Path, clock: FakeClock) -> None:
    config = snapshot()
    store(tmp_path, "else.example")
    kept = KeptCertificates(snapshot=lambda: config, data_dir=tmp_path, clock=clock, counting=Metrics().acme)
    assert kept.current("ca", "else.example") is None
    assert kept.current("ca", "") is None
    assert kept.current("other", HOST) is None
