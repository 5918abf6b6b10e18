"""Building a path from a server's certificate to given anchors, as OpenSSL does it, and asking for names.

The web's rules (`webpki_verdict`) are too strict for anchors that somebody published in DNS: private
authorities leave out extensions that browsers want.
"""

import datetime as dt
from collections.abc import Collection, Sequence

from cryptography import x509
from cryptography.x509.oid import NameOID
from OpenSSL import crypto

__all__ = ["build_path", "is_named"]


def build_path(
    chain: Sequence[x509.Certificate], anchors: Sequence[x509.Certificate], *, at: dt.datetime
) -> tuple[x509.Certificate, ...]:
    """Return the path from the first certificate of `chain` to one of `anchors`, both included.

    Signatures, dates and the right to issue are checked (RFC 5280 §6.1); an anchor need not be self-signed.
    Names are not looked at.

    Args:
        chain: What the server sent, its own certificate first; the others may help.
        anchors: Whom to believe.
        at: The time to judge for, aware.

    Raises:
        ValueError: There is no such path; says why.
    """
    store = crypto.X509Store()
    store.set_time(at.astimezone(dt.UTC))
    store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
    for anchor in anchors:
        store.add_cert(crypto.X509.from_cryptography(anchor))
    leaf, *others = map(crypto.X509.from_cryptography, chain)
    context = crypto.X509StoreContext(store, leaf, others)
    try:
        path = context.get_verified_chain()
    except crypto.X509StoreContextError as error:
        raise ValueError(str(error)) from None
    return tuple(certificate.to_cryptography() for certificate in path)


def is_named(certificate: x509.Certificate, names: Collection[str]) -> bool:
    """Return whether a certificate is for one of these DNS names (lower case, A-labels).

    Entries of subjectAltName count; the common name only where there is none (RFC 7672 §3.2.3). A wildcard
    stands for exactly the left-most label (RFC 9525 §6.3).

    Raises:
        ValueError: The certificate's names cannot be read.
    """
    accepted = {*names, *("*." + name.partition(".")[2] for name in names if "." in name)}
    return any(name.lower() in accepted for name in _dns_names(certificate))


def _dns_names(certificate: x509.Certificate) -> list[str]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        names = []
    else:
        names = extension.value.get_values_for_type(x509.DNSName)
    if names:
        return names
    return [str(each.value) for each in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
