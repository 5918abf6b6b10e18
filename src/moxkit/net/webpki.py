"""Verdict on a server's certificates by the public key infrastructure of the web (RFC 5280, RFC 9525).

The reasons are result types of TLS reports (RFC 8460 §4.3.2), so that they can be counted as they are.
"""

import contextlib
import datetime as dt
import ipaddress
import re
import ssl
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from moxkit.net.tlstransport import Verdict

__all__ = ["system_roots", "webpki_verdict"]

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")


def webpki_verdict(
    hostname: str, roots: Sequence[x509.Certificate], *, now: Callable[[], dt.datetime]
) -> Verdict:
    """Return a verdict that wants a chain from `roots` to a certificate for `hostname`.

    It refuses with ``certificate-expired``, ``certificate-host-mismatch``, ``certificate-not-trusted``, or
    ``validation-failure`` when there is no certificate that can be read.

    Args:
        hostname: DNS name in ASCII, or an address.
        roots: Trust anchors, at least one.
        now: The time to judge for, aware.

    Raises:
        ValueError: No roots.
    """
    store = Store(list(roots))
    trusted = frozenset(roots)
    subject = _subject(hostname)

    def verdict(chain: tuple[bytes, ...]) -> str | None:
        try:
            leaf, *others = [x509.load_der_x509_certificate(der) for der in chain]
            mismatch = not _is_for(leaf, subject)
        except ValueError:
            return "validation-failure"
        at = now()
        if leaf.not_valid_after_utc < at:
            return "certificate-expired"
        if mismatch:
            return "certificate-host-mismatch"
        # Whoever trusts this very certificate needs no path to it; most self-signed ones could not have one.
        if leaf in trusted:
            return None
        verifier = PolicyBuilder().store(store).time(at.astimezone(dt.UTC)).build_server_verifier(subject)
        try:
            verifier.verify(leaf, others)
        except VerificationError:
            return "certificate-not-trusted"
        return None

    return verdict


def system_roots() -> tuple[x509.Certificate, ...]:
    """Load the trust anchors of the operating system; empty if it has none in the usual place."""
    roots = []
    with warnings.catch_warnings():
        # Stores contain old roots with odd serial numbers, which cryptography warns of, later refuses.
        warnings.simplefilter("ignore")
        for der in _stored_roots():
            with contextlib.suppress(ValueError):
                roots.append(x509.load_der_x509_certificate(der))
    return tuple(roots)


def _stored_roots() -> list[bytes]:
    if sys.platform == "win32":
        # `trust` is `True` for all purposes, else a set of their object identifiers.
        purpose = ssl.Purpose.SERVER_AUTH.oid
        return [
            der
            for der, encoding, trust in ssl.enum_certificates("ROOT")
            if encoding == "x509_asn" and (trust is True or (isinstance(trust, set) and purpose in trust))
        ]
    else:  # noqa: RET505 - mypy takes what follows a return as unreachable on the other platform
        # Typed as always there, but `None` without a system store.
        file = str(ssl.get_default_verify_paths().cafile or "")
        text = Path(file).read_text("ascii", "replace") if file else ""
        return [ssl.PEM_cert_to_DER_cert(pem) for pem in _PEM.findall(text)]


def _subject(hostname: str) -> x509.DNSName | x509.IPAddress:
    try:
        return x509.IPAddress(ipaddress.ip_address(hostname))
    except ValueError:
        return x509.DNSName(hostname.rstrip(".").lower())


def _is_for(leaf: x509.Certificate, subject: x509.DNSName | x509.IPAddress) -> bool:
    # Only subjectAltName counts, never the common name (RFC 9525 §2).
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    if isinstance(subject, x509.IPAddress):
        return subject.value in names.get_values_for_type(x509.IPAddress)
    # A wildcard stands for exactly the left-most label (RFC 9525 §6.3).
    _, _, parent = subject.value.partition(".")
    accepted = {subject.value, f"*.{parent}"}
    return any(name.lower() in accepted for name in names.get_values_for_type(x509.DNSName))
