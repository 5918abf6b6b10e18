"""What records say of chains: usages, names, dates, anchors in the chain or in the record (RFC 7671 §5)."""

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from moxkit.dane import Judgement, MatchingType, Selector, Usage, dane_verdict, judge, make_record
from moxkit.dns import Tlsa
from moxkit.domain import parse_domain
from moxkit.testing import CertificateAndKey, make_authority, make_certificate

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
NAMES = (parse_domain("mx.example"),)
FULL, SHA256 = MatchingType.FULL, MatchingType.SHA2_256
CERT, SPKI = Selector.CERT, Selector.SPKI
DANE_TA, DANE_EE, PKIX_TA, PKIX_EE = Usage.DANE_TA, Usage.DANE_EE, Usage.PKIX_TA, Usage.PKIX_EE

ROOT = make_authority("root")
OTHER_ROOT = make_authority("other root")
GOOD = make_certificate("mx.example", issuer=ROOT)


def der(certificate: CertificateAndKey) -> bytes:
    return x509.load_pem_x509_certificate(certificate[0]).public_bytes(Encoding.DER)


def record(usage: Usage, selector: Selector, kind: MatchingType, of: CertificateAndKey) -> Tlsa:
    return make_record(usage, selector, kind, certificate=der(of))


def judged(
    records: list[Tlsa], *chain: CertificateAndKey, roots: tuple[CertificateAndKey, ...] = ()
) -> Judgement:
    loaded = [x509.load_pem_x509_certificate(root[0]) for root in roots]
    return judge([der(each) for each in chain], records, names=NAMES, at=NOW, roots=loaded)


@pytest.mark.parametrize("selector", list(Selector))
@pytest.mark.parametrize("kind", list(MatchingType))
def test_end_entity_needs_neither_name_nor_date(selector: Selector, kind: MatchingType) -> None:
    expired = make_certificate("elsewhere.example", expired=True)
    wanted = record(DANE_EE, selector, kind, expired)
    assert judged([wanted], expired) == Judgement(wanted)
    assert judged([wanted], GOOD, expired).problem == "validation-failure"  # only the leaf counts


@pytest.mark.parametrize(("selector", "kind"), [(CERT, SHA256), (SPKI, SHA256), (CERT, FULL), (SPKI, FULL)])
def test_anchor_in_the_chain(selector: Selector, kind: MatchingType) -> None:
    wanted = record(DANE_TA, selector, kind, ROOT)
    assert judged([wanted], GOOD, ROOT) == Judgement(wanted)


@pytest.mark.parametrize("selector", list(Selector))
def test_anchor_only_in_the_record(selector: Selector) -> None:
    """The whole anchor or its whole key in DNS need not be sent (RFC 7671 §5.2.1, §5.2.3)."""
    wanted = record(DANE_TA, selector, FULL, ROOT)
    assert judged([wanted], GOOD) == Judgement(wanted)
    assert judged([record(DANE_TA, selector, FULL, OTHER_ROOT)], GOOD).record is None


def test_digest_of_an_anchor_that_is_not_sent_matches_nothing() -> None:
    assert judged([record(DANE_TA, CERT, SHA256, ROOT)], GOOD).problem == "validation-failure"


@pytest.mark.parametrize(
    ("leaf", "problem"),
    [
        (make_certificate("other.example", issuer=ROOT), "certificate-host-mismatch"),
        (make_certificate("mx.example", expired=True, issuer=ROOT), "certificate-expired"),
        (make_certificate("mx.example", issuer=OTHER_ROOT), "certificate-not-trusted"),
        (make_certificate(("*.mx.example",), issuer=ROOT), "certificate-host-mismatch"),
    ],
)
def test_anchor_wants_path_name_and_date(leaf: CertificateAndKey, problem: str) -> None:
    assert judged([record(DANE_TA, SPKI, SHA256, ROOT)], leaf, ROOT).problem == problem


def test_wildcard_stands_for_one_label() -> None:
    wanted = record(DANE_TA, SPKI, SHA256, ROOT)
    leaf = make_certificate(("*.example",), issuer=ROOT)
    assert judged([wanted], leaf, ROOT) == Judgement(wanted)


def test_anchor_signs_ed25519_and_rsa_too() -> None:
    for kind in ("ed25519", "rsa2048"):
        own = make_certificate("mx.example", kind)
        wanted = record(DANE_TA, SPKI, FULL, own)
        # Self-signed: its own anchor.
        assert judged([wanted], own) == Judgement(wanted)


def test_one_satisfied_record_is_enough_in_any_order() -> None:
    good, bad = record(DANE_TA, SPKI, SHA256, ROOT), record(DANE_TA, SPKI, SHA256, OTHER_ROOT)
    end = record(DANE_EE, SPKI, SHA256, GOOD)
    assert judged([bad, good], GOOD, ROOT, OTHER_ROOT) == Judgement(good)
    assert judged([bad, good, end], GOOD, ROOT) == Judgement(end)


def test_public_authorities_and_a_match() -> None:
    entity, anchor = record(PKIX_EE, SPKI, SHA256, GOOD), record(PKIX_TA, CERT, SHA256, ROOT)
    assert judged([entity], GOOD, roots=(ROOT,)) == Judgement(entity)
    assert judged([anchor], GOOD, roots=(ROOT,)) == Judgement(anchor)
    assert judged([entity], GOOD, roots=(OTHER_ROOT,)).problem == "certificate-not-trusted"
    assert judged([entity], GOOD).problem == "certificate-not-trusted"
    assert judged([record(PKIX_TA, CERT, SHA256, GOOD)], GOOD, roots=(ROOT,)).record is None


def test_noise_is_a_validation_failure() -> None:
    assert judge([], [], names=NAMES, at=NOW).problem == "validation-failure"
    wanted = record(DANE_TA, SPKI, SHA256, ROOT)
    assert judge([b"noise"], [wanted], names=NAMES, at=NOW).problem == "validation-failure"


def test_verdict_tells_what_was_judged() -> None:
    seen: list[Judgement] = []
    wanted = record(DANE_EE, SPKI, SHA256, GOOD)
    verdict = dane_verdict([wanted], names=NAMES, now=lambda: NOW, on_judged=seen.append)
    assert verdict((der(GOOD),)) is None
    assert verdict((der(ROOT),)) == "validation-failure"
    assert [judgement.record for judgement in seen] == [wanted, None]
