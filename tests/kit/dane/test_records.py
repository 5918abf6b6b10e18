"""TLSA numbers by name, usable records, records made from certificates."""

import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from moxkit.dane import (
    MatchingType,
    Selector,
    Usage,
    make_record,
    parse_matching_type,
    parse_selector,
    parse_usage,
    usable_records,
)
from moxkit.dane.records import matches
from moxkit.dns import Tlsa
from moxkit.testing import make_certificate

CERTIFICATE = x509.load_pem_x509_certificate(make_certificate("mx.example")[0])
DER = CERTIFICATE.public_bytes(Encoding.DER)
SPKI = CERTIFICATE.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    ("selector", "matching_type", "data"),
    [
        (Selector.CERT, MatchingType.FULL, DER),
        (Selector.SPKI, MatchingType.FULL, SPKI),
        (Selector.CERT, MatchingType.SHA2_256, hashlib.sha256(DER).digest()),
        (Selector.SPKI, MatchingType.SHA2_512, hashlib.sha512(SPKI).digest()),
    ],
)
def test_made_record_matches_and_is_usable(
    selector: Selector, matching_type: MatchingType, data: bytes
) -> None:
    record = make_record(Usage.DANE_EE, selector, matching_type, certificate=DER)
    assert record == Tlsa(3, selector, matching_type, data)
    assert matches(record, DER)
    assert usable_records([record]) == (record,)
    other = x509.load_pem_x509_certificate(make_certificate("other.example")[0]).public_bytes(Encoding.DER)
    assert not matches(record, other)


def test_record_of_a_bare_key_is_that_of_its_certificate() -> None:
    kind = Usage.DANE_EE, Selector.SPKI, MatchingType.SHA2_256
    assert make_record(*kind, spki=SPKI) == make_record(*kind, certificate=DER)
    with pytest.raises(ValueError, match="certificate is needed"):
        make_record(Usage.DANE_EE, Selector.CERT, MatchingType.FULL, spki=SPKI)
    with pytest.raises(ValueError):  # noqa: PT011 - cryptography's own words
        make_record(*kind, certificate=b"noise")


@pytest.mark.parametrize(
    "record",
    [
        Tlsa(0, 0, 1, bytes(32)),  # needs public authorities (RFC 7672 §3.1.3)
        Tlsa(1, 1, 1, bytes(32)),
        Tlsa(4, 1, 1, bytes(32)),
        Tlsa(3, 2, 1, bytes(32)),
        Tlsa(3, 1, 3, bytes(32)),
        Tlsa(3, 1, 1, bytes(31)),
        Tlsa(3, 1, 2, bytes(32)),
        Tlsa(3, 0, 0, b"noise"),
        Tlsa(2, 1, 0, b""),
        Tlsa(3, 0, 0, bytes(20_000)),
    ],
)
def test_unknown_numbers_and_unfitting_data_are_unusable(record: Tlsa) -> None:
    assert usable_records([record]) == ()
    assert not matches(record, DER) or record.usage < 2


def test_usages_that_count_can_be_chosen() -> None:
    record = Tlsa(0, 1, 1, bytes(32))
    assert usable_records([record], list(Usage)) == (record,)


@pytest.mark.parametrize(("text", "usage"), [("3", 3), ("dane-ee", 3), ("DANE-TA", 2), ("pkix-ta", 0)])
def test_numbers_have_names(text: str, usage: int) -> None:
    assert parse_usage(text) == usage
    assert parse_selector("spki") == Selector.SPKI
    assert parse_matching_type("sha2-512") == 2


@pytest.mark.parametrize("text", ["4", "", "daneee", "03"])
def test_unknown_number_is_told_with_those_known(text: str) -> None:
    with pytest.raises(ValueError, match=r"3 \(dane-ee\)"):
        parse_usage(text)
