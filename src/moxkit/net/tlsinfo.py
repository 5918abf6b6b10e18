"""What a TLS handshake negotiated, as a value, and reading it from pyOpenSSL.

The only private thing asked of pyOpenSSL is whether the session was resumed; it is in `_is_resumed`.
"""

import hashlib
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL

__all__ = ["TLSInfo", "channel_binding", "peer_chain", "read_tls_info", "spki_of"]


@dataclass(frozen=True, slots=True)
class TLSInfo:
    """What was negotiated, fixed when the handshake is done.

    Attributes:
        version: As ``TLSv1.3``.
        cipher: OpenSSL's name of the cipher suite.
        sni: Server name the client asked for, lower-case, untrusted; `None` without.
        alpn: Selected application protocol, empty without (RFC 7301).
        resumed: Whether an earlier session was resumed.
        peer_der: The peer's certificate as sent, not verified; `None` without.
        peer_spki_sha256: SHA-256 of its SubjectPublicKeyInfo.
    """

    version: str
    cipher: str
    sni: str | None
    alpn: str
    resumed: bool
    peer_der: bytes | None
    peer_spki_sha256: bytes | None


def read_tls_info(connection: SSL.Connection) -> TLSInfo:
    """Collect what `connection` negotiated; its handshake must be done."""
    certificate = connection.get_peer_certificate(as_cryptography=True)
    der = None if certificate is None else certificate.public_bytes(Encoding.DER)
    return TLSInfo(
        version=connection.get_protocol_version_name(),
        cipher=connection.get_cipher_name() or "",
        sni=read_sni(connection),
        alpn=connection.get_alpn_proto_negotiated().decode("ascii", "replace"),
        resumed=_is_resumed(connection) is True,
        peer_der=der,
        peer_spki_sha256=None if der is None else hashlib.sha256(spki_of(der)).digest(),
    )


def read_sni(connection: SSL.Connection) -> str | None:
    """Return the server name of the ClientHello in lower case (RFC 6066 §3)."""
    name = connection.get_servername()
    return None if name is None else name.decode("ascii", "replace").lower()


def peer_chain(connection: SSL.Connection) -> tuple[bytes, ...]:
    """Return what the server sent, leaf first, as DER; for the client side."""
    chain = connection.get_peer_cert_chain(as_cryptography=True) or []
    return tuple(certificate.public_bytes(Encoding.DER) for certificate in chain)


def channel_binding(connection: SSL.Connection, name: str, *, server: bool) -> bytes | None:
    """Return channel binding data of this type, or `None` where it is not safe or not defined.

    ``tls-exporter`` is for TLS 1.3 only (RFC 9266 §3 needs extended master secret in 1.2, which OpenSSL
    does not tell us); ``tls-unique`` for full handshakes of TLS 1.2 only (RFC 5929 §3.1, RFC 7627 §1).
    """
    version = connection.get_protocol_version_name()
    match name:
        case "tls-exporter" if version == "TLSv1.3":
            return connection.export_keying_material(b"EXPORTER-Channel-Binding", 32, b"")
        case "tls-unique" if version == "TLSv1.2" and _is_resumed(connection) is False:
            # The first Finished message: in a full handshake the client's.
            return connection.get_peer_finished() if server else connection.get_finished()
        case "tls-server-end-point":
            if server:
                certificate = connection.get_certificate(as_cryptography=True)
            else:
                certificate = connection.get_peer_certificate(as_cryptography=True)
            return None if certificate is None else _end_point(certificate)
        case _:
            return None


def _end_point(certificate: x509.Certificate) -> bytes | None:
    # RFC 5929 §4.1: the hash of the signature, but at least SHA-256; undefined where there is none.
    algorithm = certificate.signature_hash_algorithm
    if algorithm is None:
        return None
    name = "sha256" if algorithm.name in {"md5", "sha1"} else algorithm.name
    return hashlib.new(name, certificate.public_bytes(Encoding.DER)).digest()


def _is_resumed(connection: SSL.Connection) -> bool | None:
    """Ask OpenSSL past pyOpenSSL, which has no public way; `None` when its inside has changed."""
    library = getattr(SSL, "_lib", None)
    handle = getattr(connection, "_ssl", None)
    if library is None or handle is None or not hasattr(library, "SSL_session_reused"):
        return None
    return bool(library.SSL_session_reused(handle))


def spki_of(der: bytes) -> bytes:
    """Slice the SubjectPublicKeyInfo out of a certificate, as sent and not re-encoded.

    A re-encoded key can differ from the octets a fingerprint was made of.

    Raises:
        ValueError: This is not a certificate.
    """
    start, _ = _content(der, 0)  # Certificate (RFC 5280 §4.1)
    start, _ = _content(der, start)  # TBSCertificate
    if der[start : start + 1] == b"\xa0":  # version [0] EXPLICIT
        start = _end(der, start)
    for _ in range(5):  # serialNumber, signature, issuer, validity, subject
        start = _end(der, start)
    return der[start : _end(der, start)]


def _content(der: bytes, at: int) -> tuple[int, int]:
    """Return where the content of the element at `at` begins and ends."""
    if at + 2 > len(der):
        raise ValueError("certificate ends early")
    length = der[at + 1]
    start = at + 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4:
            raise ValueError("length of a certificate element out of range")
        length = int.from_bytes(der[start : start + count])
        start += count
    if start + length > len(der):
        raise ValueError("certificate ends early")
    return start, start + length


def _end(der: bytes, at: int) -> int:
    return _content(der, at)[1]
