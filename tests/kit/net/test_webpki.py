"""Verdicts on chains: what is accepted and the reason of each refusal (RFC 8460 §4.3.2)."""

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from moxkit.net import system_roots, webpki_verdict
from moxkit.testing import make_authority, make_certificate

ROOT = make_authority()
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def der(pem: bytes) -> bytes:
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


def judge(hostname: str, *chain: bytes) -> str | None:
    roots = [x509.load_pem_x509_certificate(ROOT[0])]
    return webpki_verdict(hostname, roots, now=lambda: NOW)(chain)


@pytest.mark.parametrize(
    ("names", "hostname", "refusal"),
    [
        (("mx.example",), "mx.example", None),
        (("mx.example",), "MX.example.", None),
        (("*.example.org",), "mx.example.org", None),
        (("192.0.2.1",), "192.0.2.1", None),
        (("*.example.org",), "a.mx.example.org", "certificate-host-mismatch"),
        (("*.example.org",), "example.org", "certificate-host-mismatch"),
        (("mx.example",), "other.example", "certificate-host-mismatch"),
        (("mx.example",), "192.0.2.1", "certificate-host-mismatch"),
    ],
)
def test_names(names: tuple[str, ...], hostname: str, refusal: str | None) -> None:
    leaf = make_certificate(names, issuer=ROOT)
    assert judge(hostname, der(leaf[0])) == refusal


def test_expired() -> None:
    leaf = make_certificate("mx.example", issuer=ROOT, expired=True)
    assert judge("mx.example", der(leaf[0])) == "certificate-expired"


def test_a_certificate_that_is_trusted_itself_needs_no_path_but_name_and_date() -> None:
    own, old = make_certificate("mx.example"), make_certificate("old.example", expired=True)
    roots = [x509.load_pem_x509_certificate(each[0]) for each in (own, old)]
    for hostname, certificate, refusal in (
        ("mx.example", own, None),
        ("other.example", own, "certificate-host-mismatch"),
        ("old.example", old, "certificate-expired"),
    ):
        verdict = webpki_verdict(hostname, roots, now=lambda: NOW)
        assert verdict((der(certificate[0]),)) == refusal


def test_chain_from_elsewhere_is_not_trusted() -> None:
    stranger = make_authority("stranger")
    leaf = make_certificate("mx.example", issuer=stranger)
    assert judge("mx.example", der(leaf[0]), der(stranger[0])) == "certificate-not-trusted"
    assert judge("mx.example", der(make_certificate("mx.example")[0])) == "certificate-not-trusted"


@pytest.mark.parametrize("chain", [(), (b"noise",)])
def test_no_readable_certificate(chain: tuple[bytes, ...]) -> None:
    assert judge("mx.example", *chain) == "validation-failure"


def test_system_roots_can_be_loaded() -> None:
    assert all(isinstance(root, x509.Certificate) for root in system_roots())
