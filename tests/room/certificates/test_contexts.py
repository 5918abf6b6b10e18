"""Certificates of listeners: made, read, refused."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from mox.certificates import Certificates, Names, make_self_signed
from mox.config import TLS, KeyCert
from moxkit.net import TLSContext

NOW = datetime(2030, 1, 1, tzinfo=UTC)
NAMES = Names("mail.mox.example")
SECTION = TLS(key_certs=(KeyCert(cert_file="cert.pem", key_file="key.pem"),))


def write(directory: Path) -> None:
    certificate, key = make_self_signed("mail.mox.example", now=NOW)
    (directory / "cert.pem").write_bytes(certificate)
    (directory / "key.pem").write_bytes(key)


def test_a_self_signed_certificate_names_the_host_for_years(tmp_path: Path) -> None:
    write(tmp_path)
    certificate = x509.load_pem_x509_certificate((tmp_path / "cert.pem").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["mail.mox.example"]
    assert (
        certificate.not_valid_before_utc < NOW < NOW + timedelta(days=1400) < certificate.not_valid_after_utc
    )


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_a_context_is_made_of_files_below_the_directory(tmp_path: Path, version: str) -> None:
    write(tmp_path)
    section = TLS(key_certs=SECTION.key_certs, min_version=version)
    assert isinstance(Certificates(tmp_path).context(section, names=NAMES, session_id=b"imaps"), TLSContext)


def test_files_that_are_missing_or_no_certificates_are_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Certificates(tmp_path).context(SECTION, names=NAMES, session_id=b"x")
    write(tmp_path)
    (tmp_path / "cert.pem").write_bytes(b"no certificate")
    with pytest.raises(ValueError, match=r"."):
        Certificates(tmp_path).context(SECTION, names=NAMES, session_id=b"x")
