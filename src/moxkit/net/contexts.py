"""TLS contexts: one factory each for servers and clients, so that all are set up alike.

A context is frozen by its first connection. To change certificates, make a new one and let the `select`
callable of the listening context choose it; that keeps ALPN and tickets working for all names.
What a client certificate is asked for, and the lowest version, come from the listening context.
"""

import asyncio
import enum
import logging
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from OpenSSL import SSL, crypto

from moxkit.net.clienthello import ClientHello
from moxkit.net.tlsinfo import read_sni

__all__ = [
    "ClientJudge",
    "HelloSelector",
    "Selector",
    "TLSContext",
    "TLSVersion",
    "client_context",
    "server_context",
]

logger = logging.getLogger(__name__)

_OPTIONS = SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_COMPRESSION
_USABLE_KEYS = (
    ec.EllipticCurvePrivateKey,
    ed25519.Ed25519PrivateKey,
    ed448.Ed448PrivateKey,
    rsa.RSAPrivateKey,
    dsa.DSAPrivateKey,
)


class TLSVersion(enum.IntEnum):
    """Protocol versions; those before 1.2 are deprecated (RFC 8996)."""

    TLS10 = SSL.TLS1_VERSION
    TLS11 = SSL.TLS1_1_VERSION
    TLS12 = SSL.TLS1_2_VERSION
    TLS13 = SSL.TLS1_3_VERSION


@dataclass(frozen=True, slots=True, eq=False)
class TLSContext:
    """Settings shared by connections; opaque to everyone outside `moxkit.net`."""

    openssl: SSL.Context
    server: bool
    hello: "HelloSelector | None" = None


ClientJudge = Callable[[bytes, str], bool]
"""Says during the handshake whether a client with this certificate (DER, unverified), from this address, may
go on; a refusal is an alert. It is not asked when a session is resumed: look at `TLSInfo.resumed`."""

Selector = Callable[[str | None], TLSContext | None]
"""Chooses the context for a server name (`None`: client sent none); `None` refuses with an alert."""


class HelloSelector(Protocol):
    """Chooses another context by all that the client says first, and before OpenSSL hears of it."""

    @property
    def is_active(self) -> bool:
        """Whether it is worth looking now; else a connection costs nothing more."""
        ...

    def choose(self, hello: ClientHello) -> TLSContext | asyncio.Future[None] | None:
        """Return the context of this one connection; `None` is for the usual one.

        With a future the handshake waits, no longer than it may take altogether, and this is asked again; one
        that is done is for the usual context, too.
        """
        ...


def server_context(
    certificates: Sequence[tuple[bytes, bytes]] = (),
    *,
    alpn: Sequence[str] = (),
    min_version: TLSVersion = TLSVersion.TLS12,
    judge_client: ClientJudge | None = None,
    session_id: bytes = b"moxkit",
    tickets: bool = True,
    select: Selector | None = None,
    strict_alpn: bool = True,
    hello: HelloSelector | None = None,
) -> TLSContext:
    """Make a context for servers.

    Args:
        certificates: Chain and key, both PEM; one per kind of key, the client's algorithms choose.
            May be empty when `select` always answers.
        alpn: Application protocols, best first (RFC 7301).
        min_version: Lowest protocol version.
        judge_client: Ask clients for a certificate, unverified since its key is the credential; this decides.
        session_id: Sessions are resumed only in contexts with the same one, at most 32 octets.
        tickets: Whether sessions can be resumed (RFC 8446 §4.6.1).
        select: Chooses a context by server name.
        strict_alpn: Refuse a client that offers only unknown protocols (RFC 7301 §3.2), else go on without.
        hello: Chooses another context for single connections, by server name and protocols together.

    Raises:
        ValueError: Certificate or key is malformed, or they do not belong together.
    """
    context = _new_context(SSL.TLS_SERVER_METHOD, min_version, certificates)
    # Without it, resumption by clients fails the handshake when certificates are asked for.
    context.set_session_id(session_id)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    if not tickets:
        context.set_options(SSL.OP_NO_TICKET)
    if judge_client is not None:
        context.set_verify(SSL.VERIFY_PEER, _client_callback(judge_client))
    if alpn:
        context.set_alpn_select_callback(_alpn_chooser(alpn, strict=strict_alpn))
    if select is not None:
        context.set_tlsext_servername_callback(_server_name_callback(select))
    return TLSContext(context, server=True, hello=hello)


def client_context(
    certificates: Sequence[tuple[bytes, bytes]] = (), *, min_version: TLSVersion = TLSVersion.TLS12
) -> TLSContext:
    """Make a context for clients, optionally with client certificates.

    The peer's certificate is not verified by OpenSSL: pass a verdict to the connection.

    Raises:
        ValueError: Certificate or key is malformed, or they do not belong together.
    """
    context = _new_context(SSL.TLS_CLIENT_METHOD, min_version, certificates)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    return TLSContext(context, server=False)


def _new_context(
    method: int, min_version: TLSVersion, certificates: Sequence[tuple[bytes, bytes]]
) -> SSL.Context:
    context = SSL.Context(method)
    context.set_options(_OPTIONS)
    context.set_min_proto_version(min_version)
    if min_version < TLSVersion.TLS12:
        # OpenSSL has put the old versions' signatures below security level 1.
        context.set_cipher_list(b"DEFAULT:@SECLEVEL=0")
    # Gives the record buffers (34 KB a connection) back when idle.
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    for chain, key in certificates:
        _use_certificate(context, chain, key, alone=len(certificates) == 1)
    return context


def _use_certificate(context: SSL.Context, chain_pem: bytes, key_pem: bytes, *, alone: bool) -> None:
    chain = x509.load_pem_x509_certificates(chain_pem)
    key = load_pem_private_key(key_pem, None)
    if not isinstance(key, _USABLE_KEYS):
        raise ValueError("private key of a kind unknown to TLS")  # noqa: TRY004 - bad content, not a bad type
    try:
        if alone or len(chain) == 1:
            context.use_certificate(chain[0])
            for certificate in chain[1:]:
                context.add_extra_chain_cert(certificate)
        else:
            _use_chain_file(context, chain_pem)
        context.use_privatekey(key)
        context.check_privatekey()
    except SSL.Error as error:
        raise ValueError("certificate and key do not belong together or are unusable") from error


def _use_chain_file(context: SSL.Context, chain_pem: bytes) -> None:
    # add_extra_chain_cert is for all certificates of a context; only the file call keeps chains apart.
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "chain.pem")
        path.write_bytes(chain_pem)
        context.use_certificate_chain_file(path)


def _client_callback(judge: ClientJudge) -> Callable[[SSL.Connection, crypto.X509, int, int, int], bool]:
    def callback(
        connection: SSL.Connection, certificate: crypto.X509, _error: int, depth: int, _ok: int
    ) -> bool:
        # What OpenSSL thinks of chains and dates is of no interest: only the client's own key counts.
        if depth:
            return True
        der = certificate.to_cryptography().public_bytes(Encoding.DER)
        accepted: bool = connection.get_app_data().judge_client(judge, der)
        return accepted

    return callback


class _NoCommonProtocolError(Exception):
    """Raised through OpenSSL, which then sends no_application_protocol (RFC 7301 §3.2)."""

    def __str__(self) -> str:
        return "no application protocol in common"


def _alpn_chooser(alpn: Sequence[str], *, strict: bool) -> Callable[[SSL.Connection, list[bytes]], Any]:
    ours = [name.encode("ascii") for name in alpn]

    def choose(_connection: SSL.Connection, offered: list[bytes]) -> Any:
        for name in ours:
            if name in offered:
                return name
        if strict:
            raise _NoCommonProtocolError
        return SSL.NO_OVERLAPPING_PROTOCOLS

    return choose


def _server_name_callback(select: Selector) -> Callable[[SSL.Connection], None]:
    def callback(connection: SSL.Connection) -> None:
        try:
            chosen = select(read_sni(connection))
        except Exception:
            logger.exception("tls server name selection failed")
            chosen = None
        if chosen is None:
            # Raising here would be printed to stderr; the transport sends the alert instead.
            connection.get_app_data().refuse_server_name()
        else:
            connection.set_context(chosen.openssl)

    return callback
