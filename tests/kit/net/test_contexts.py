"""Contexts: certificates with chains, refused material, old versions."""

import contextlib

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL

from moxkit.net import TLSVersion, client_context, server_context
from moxkit.testing import make_authority, make_certificate

ROOT = make_authority()


def handshake(server: SSL.Context, client: SSL.Context) -> SSL.Connection:
    """Do a handshake in memory; return the client's side."""
    ends = [SSL.Connection(server), SSL.Connection(client)]
    ends[0].set_accept_state()
    ends[1].set_connect_state()
    for _ in range(6):
        for one, other in ((ends[1], ends[0]), (ends[0], ends[1])):
            with contextlib.suppress(SSL.WantReadError):
                one.do_handshake()
            with contextlib.suppress(SSL.WantReadError):
                other.bio_write(one.bio_read(100_000))
    return ends[1]


def test_each_certificate_is_sent_with_its_own_chain() -> None:
    ecdsa = make_certificate("mx.example", "p256", issuer=ROOT)
    other_root = make_authority("other authority")
    rsa = make_certificate("mx.example", "rsa2048", issuer=other_root)
    server = server_context([(ecdsa[0] + ROOT[0], ecdsa[1]), (rsa[0] + other_root[0], rsa[1])])
    for cipher, root in (
        (b"ECDHE-ECDSA-AES128-GCM-SHA256", ROOT),
        (b"ECDHE-RSA-AES128-GCM-SHA256", other_root),
    ):
        client = client_context()
        client.openssl.set_max_proto_version(TLSVersion.TLS12)
        client.openssl.set_cipher_list(cipher)
        chain = handshake(server.openssl, client.openssl).get_peer_cert_chain(as_cryptography=True)
        assert chain is not None
        assert [c.public_bytes(Encoding.PEM) for c in chain][1:] == [root[0]]


def test_single_certificate_is_sent_with_its_chain() -> None:
    leaf = make_certificate("mx.example", issuer=ROOT)
    server = server_context([(leaf[0] + ROOT[0], leaf[1])])
    chain = handshake(server.openssl, client_context().openssl).get_peer_cert_chain(as_cryptography=True)
    assert chain is not None
    assert len(chain) == 2


def test_deprecated_version_is_spoken_only_when_asked_for() -> None:
    certificate = make_certificate("mx.example", "rsa2048")
    for min_version, works in ((TLSVersion.TLS10, True), (TLSVersion.TLS12, False)):
        client = client_context(min_version=TLSVersion.TLS10)
        client.openssl.set_max_proto_version(TLSVersion.TLS10)
        server = server_context([certificate], min_version=min_version)
        if works:
            assert handshake(server.openssl, client.openssl).get_protocol_version_name() == "TLSv1"
        else:
            with pytest.raises(SSL.Error):
                handshake(server.openssl, client.openssl)


@pytest.mark.parametrize(
    ("chain", "key"),
    [
        (make_certificate("a.example")[0], make_certificate("b.example")[1]),
        (b"no certificate", make_certificate("b.example")[1]),
        (make_certificate("a.example")[0], b"no key"),
        (make_certificate("a.example")[0], make_certificate("a.example", "rsa2048")[1]),
    ],
    ids=["other key", "no certificate", "no key", "other kind of key"],
)
def test_unusable_material_is_a_value_error(chain: bytes, key: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        server_context([(chain, key)])
