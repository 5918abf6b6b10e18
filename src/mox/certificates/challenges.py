"""What a provider finds here while it looks whether a host is ours (RFC 8555 §8.3, RFC 8737)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from moxkit.net import ClientHello, TLSContext, server_context

__all__ = ["ACME_ALPN", "CHALLENGE_PATH", "Challenges", "validation_certificate"]

ACME_ALPN = "acme-tls/1"
CHALLENGE_PATH = "/.well-known/acme-challenge/"
# RFC 8737 §6.1.
_ACME_IDENTIFIER = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31")
_OCTET_STRING_32 = b"\x04\x20"
# The digest says what is meant; who looks does not judge the dates.
_NOT_BEFORE, _LIFETIME = datetime(2020, 1, 1, tzinfo=UTC), timedelta(days=36500)


def validation_certificate(host: str, key_authorization: str) -> tuple[bytes, bytes]:
    """Make the certificate of a tls-alpn-01 challenge (RFC 8737 §3); return it and its key, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mox tls-alpn-01")])
    digest = _OCTET_STRING_32 + sha256(key_authorization.encode("ascii")).digest()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_NOT_BEFORE)
        .not_valid_after(_NOT_BEFORE + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.UnrecognizedExtension(_ACME_IDENTIFIER, digest), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM), pem


class Challenges:
    """Challenges that wait for a provider; a `moxkit.net.HelloSelector`, and an ASGI site.

    Orders run in threads: each entry is set and removed by one operation on a dictionary.
    """

    def __init__(self) -> None:
        self._contexts: dict[str, TLSContext] = {}
        self._answers: dict[str, str] = {}

    @contextmanager
    def answer_http(self, token: str, key_authorization: str) -> Iterator[None]:
        """Answer http-01 inside the block (RFC 8555 §8.3)."""
        self._answers[token] = key_authorization
        try:
            yield
        finally:
            self._answers.pop(token, None)

    @contextmanager
    def answer_tls(self, host: str, key_authorization: str) -> Iterator[None]:
        """Answer tls-alpn-01 inside the block (RFC 8737 §3)."""
        # No version below 1.2 (RFC 8737 §3), and never resumed: it is for one look.
        context = server_context(
            [validation_certificate(host, key_authorization)],
            alpn=[ACME_ALPN],
            session_id=b"mox-acme",
            tickets=False,
        )
        self._contexts[host] = context
        try:
            yield
        finally:
            self._contexts.pop(host, None)

    @property
    def is_active(self) -> bool:
        """Whether a connection may be a provider's that looks."""
        return bool(self._contexts)

    def choose(self, hello: ClientHello) -> TLSContext | None:
        """Return the context of a look; others get the usual one."""
        if hello.alpn != (ACME_ALPN,) or hello.server_name is None:
            return None
        return self._contexts.get(hello.server_name)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for a token below `CHALLENGE_PATH`."""
        token = scope["path"].removeprefix(CHALLENGE_PATH)
        answer = self._answers.get(token) if scope["method"] in {"GET", "HEAD"} else None
        response: Response
        if answer is None:
            response = PlainTextResponse("No such challenge.\n", 404)
        else:
            # Octets alone: what is there counts (RFC 8555 §8.3).
            response = Response(answer.encode("ascii"), media_type="application/octet-stream")
        await response(scope, receive, send)
