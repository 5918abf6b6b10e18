"""Whether the certificates that a server sent match its TLSA records (RFC 7671 §5, RFC 7672 §3). Pure."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key

from moxkit.dane.records import MatchingType, Selector, Usage, matches
from moxkit.dns import Tlsa
from moxkit.domain import Domain
from moxkit.net import Verdict, build_path, is_named, webpki_verdict

__all__ = ["Judgement", "dane_verdict", "judge"]

# A server sends a handful; each may be tried as a link.
_MAX_CHAIN = 20


@dataclass(frozen=True, slots=True)
class _Presented:
    """What is judged: the chain as sent and as read, and for what it must be valid."""

    chain: Sequence[bytes]
    certificates: Sequence[x509.Certificate]
    names: frozenset[str]
    at: dt.datetime
    roots: Sequence[x509.Certificate]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the records say of a chain.

    Attributes:
        record: The record that the chain satisfies; `None` when there is none.
        problem: Why not, as a result type or reason for TLS reports (RFC 8460 §4.3); empty when satisfied.
        detail: The same for people.
    """

    record: Tlsa | None
    problem: str = ""
    detail: str = ""


def dane_verdict(
    records: Sequence[Tlsa],
    *,
    names: Sequence[Domain],
    now: Callable[[], dt.datetime],
    roots: Sequence[x509.Certificate] = (),
    on_judged: Callable[[Judgement], None] = lambda _: None,
) -> Verdict:
    """Return a verdict for `moxkit.net` that wants the server's chain to satisfy one of the records.

    Args:
        records: Usable ones.
        names: See `Found.names`.
        now: The time to judge for, aware.
        roots: Authorities for usages PKIX-TA and PKIX-EE.
        on_judged: Told each judgement.
    """

    def verdict(chain: tuple[bytes, ...]) -> str | None:
        judgement = judge(chain, records, names=names, at=now(), roots=roots)
        on_judged(judgement)
        return judgement.problem or None

    return verdict


def judge(
    chain: Sequence[bytes],
    records: Sequence[Tlsa],
    *,
    names: Sequence[Domain],
    at: dt.datetime,
    roots: Sequence[x509.Certificate] = (),
) -> Judgement:
    """Judge what a server sent.

    Args:
        chain: DER, the server's own certificate first.
        records: Usable ones; one that is satisfied is enough.
        names: The server's certificate must be for one of them, unless the record is for that very
            certificate (RFC 7671 §5.1).
        at: The time to judge for, aware.
        roots: Authorities for usages PKIX-TA and PKIX-EE.
    """
    if not chain:
        return Judgement(None, "validation-failure", "the server sent no certificate")
    sent = chain[:_MAX_CHAIN]
    # The record for the server's own certificate asks for nothing else: it goes first.
    for record in sorted(records, key=lambda record: record.usage != Usage.DANE_EE):
        if record.usage == Usage.DANE_EE and matches(record, sent[0]):
            return Judgement(record)
    try:
        certificates = [x509.load_der_x509_certificate(der) for der in sent]
        return _judge_paths(_Presented(sent, certificates, frozenset(map(str, names)), at, roots), records)
    except ValueError as error:
        return Judgement(None, "validation-failure", f"a certificate cannot be read: {error}")


def _judge_paths(presented: _Presented, records: Sequence[Tlsa]) -> Judgement:
    # The first reason other than "nothing matches" is what the operator must repair.
    failed: Judgement | None = None
    for record in records:
        match record.usage:
            case Usage.DANE_TA:
                judgement = _judge_anchor(presented, record)
            case Usage.PKIX_EE | Usage.PKIX_TA:
                judgement = _judge_public(presented, record)
            case _:
                judgement = None
        if judgement is not None and judgement.record is not None:
            return judgement
        failed = failed or judgement
    return failed or Judgement(None, "validation-failure", "no certificate matches a tlsa record")


def _judge_anchor(presented: _Presented, record: Tlsa) -> Judgement | None:
    """Judge usage DANE-TA: a path to the anchor, valid now, for one of the names (RFC 7671 §5.2)."""
    anchors = _anchors(presented, record)
    if not anchors:
        return None
    leaf, names = presented.certificates[0], presented.names
    if leaf.not_valid_after_utc < presented.at:
        return Judgement(None, "certificate-expired", "the server's certificate has expired")
    try:
        build_path(presented.certificates, anchors, at=presented.at)
    except ValueError as error:
        return Judgement(
            None, "certificate-not-trusted", f"no path to the trust anchor of the record: {error}"
        )
    if not is_named(leaf, names):
        return Judgement(None, "certificate-host-mismatch", f"certificate is for none of {sorted(names)}")
    return Judgement(record)


def _anchors(presented: _Presented, record: Tlsa) -> list[x509.Certificate]:
    is_full = record.matching_type == MatchingType.FULL
    if is_full and record.selector == Selector.CERT:
        # The record brings the anchor itself, so the server may leave it out (RFC 7671 §5.2.1).
        return [x509.load_der_x509_certificate(record.data)]
    both = zip(presented.chain, presented.certificates, strict=True)
    matching = [certificate for der, certificate in both if matches(record, der)]
    if not matching and is_full:
        # A bare key: whatever it has signed is as good as the anchor (RFC 7671 §5.2.3).
        return [
            certificate for certificate in presented.certificates if _is_signed_by(certificate, record.data)
        ]
    return matching


def _judge_public(presented: _Presented, record: Tlsa) -> Judgement | None:
    """Judge usages PKIX-EE and PKIX-TA: the web's rules, and a match besides (RFC 6698 §2.1.1)."""
    roots, at, chain = presented.roots, presented.at, tuple(presented.chain)
    verdicts = {webpki_verdict(name, roots, now=lambda: at)(chain) for name in presented.names if roots}
    if None not in verdicts:
        problem = min(filter(None, verdicts), default="certificate-not-trusted")
        return Judgement(None, problem, "the certificate is not valid by public authorities")
    if record.usage == Usage.PKIX_EE:
        return Judgement(record) if matches(record, chain[0]) else None
    path = build_path(presented.certificates, roots, at=at)
    issuers = (certificate.public_bytes(Encoding.DER) for certificate in path[1:])
    return Judgement(record) if any(matches(record, der) for der in issuers) else None


def _is_signed_by(certificate: x509.Certificate, spki: bytes) -> bool:
    signature, signed = certificate.signature, certificate.tbs_certificate_bytes
    try:
        digest, scheme = certificate.signature_hash_algorithm, certificate.signature_algorithm_parameters
        match load_der_public_key(spki), scheme:
            case rsa.RSAPublicKey() as key, (padding.PKCS1v15() | padding.PSS()) as scheme if digest:
                key.verify(signature, signed, scheme, digest)
            case ec.EllipticCurvePublicKey() as key, ec.ECDSA() as scheme:
                key.verify(signature, signed, scheme)
            case (ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey()) as key, None:
                key.verify(signature, signed)
            case _:
                return False
    except (ValueError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
