"""The client's side, against our own server's side and the RFCs' examples."""

import base64

import pytest

from moxkit.sasl import (
    Challenge,
    Failure,
    Mechanism,
    NeedCramMd5Verifier,
    NeedPasswordCheck,
    NeedScramVerifier,
    SaslError,
    Step,
    Success,
    choose_mechanism,
    client_exchange,
    derive_cram_md5,
    derive_scram,
    server_exchange,
)

BINDING = ("tls-exporter", b"exported key material")


def sign_in(mechanism: Mechanism, password: str, binding: tuple[str, bytes] | None = None) -> Step:
    """Run both sides against each other until the server knows."""
    server = server_exchange(
        mechanism, hostname="mx", channel_binding=dict([BINDING]).get, offers_plus=mechanism.is_plus
    )
    assert server is not None
    client = client_exchange(mechanism, username="a,b=c", password=password, binding=binding)
    step = server.respond(client.start())
    while True:
        match step:
            case Challenge(octets):
                step = server.respond(client.respond(octets))
            case NeedPasswordCheck(username, given):
                step = server.supply((username, given) == ("a,b=c", "right"))
            case NeedScramVerifier(username, hash_name):
                assert username == "a,b=c"
                step = server.supply(
                    derive_scram("right", salt=b"x" * 12, iterations=4096, hash_name=hash_name)
                )
            case NeedCramMd5Verifier():
                step = server.supply(derive_cram_md5("right"))
            case Success() | Failure():
                assert client.is_complete or isinstance(step, Failure)
                return step


@pytest.mark.parametrize("mechanism", [m for m in Mechanism if m is not Mechanism.EXTERNAL])
def test_both_sides_agree(mechanism: Mechanism) -> None:
    binding = BINDING if mechanism.is_plus else None
    assert sign_in(mechanism, "right", binding) == Success("a,b=c")
    assert isinstance(sign_in(mechanism, "wrong", binding), Failure)


def test_other_binding_data_means_somebody_is_in_between() -> None:
    step = sign_in(Mechanism.SCRAM_SHA_256_PLUS, "right", ("tls-exporter", b"another connection"))
    assert isinstance(step, Failure)
    assert step.last_challenge == b"e=channel-bindings-dont-match"


def test_client_of_rfc_7677_3() -> None:
    client = client_exchange(
        Mechanism.SCRAM_SHA_256, username="user", password="pencil", nonce=lambda: "rOprNGfwEbeRWgbNEkqO"
    )
    assert client.start() == b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    answer = client.respond(
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    )
    assert answer.endswith(b",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    assert client.respond(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=") == b""
    assert client.is_complete


SALT = base64.b64encode(b"x" * 12)


@pytest.mark.parametrize(
    "first",
    [
        b"r=other,s=" + SALT + b",i=4096",
        b"r=abc,s=" + SALT + b",i=4096",
        b"r=abcdef,s=" + SALT + b",i=1",
        b"r=abcdef,s=" + SALT + b",i=99999999",
        b"e=other-error",
        b"nonsense",
        b"\xff",
    ],
)
def test_refuses_a_server_that_misbehaves(first: bytes) -> None:
    client = client_exchange(Mechanism.SCRAM_SHA_1, username="u", password="p", nonce=lambda: "abc")
    client.start()
    with pytest.raises(SaslError):
        client.respond(first)


def test_refuses_a_server_that_does_not_know_the_password() -> None:
    client = client_exchange(Mechanism.SCRAM_SHA_1, username="u", password="p", nonce=lambda: "abc")
    client.start()
    client.respond(b"r=abcdef,s=" + SALT + b",i=4096")
    with pytest.raises(SaslError, match="prove"):
        client.respond(b"v=" + base64.b64encode(b"y" * 20))
    assert not client.is_complete


@pytest.mark.parametrize(
    ("offered", "has_certificate", "bindings", "allows_plaintext", "expected"),
    [
        ("PLAIN LOGIN EXTERNAL", True, (), True, Mechanism.EXTERNAL),
        ("PLAIN EXTERNAL", False, (), True, Mechanism.PLAIN),
        ("SCRAM-SHA-256 SCRAM-SHA-256-PLUS", False, ("tls-exporter",), True, Mechanism.SCRAM_SHA_256_PLUS),
        ("scram-sha-256 SCRAM-SHA-256-PLUS", False, (), False, Mechanism.SCRAM_SHA_256),
        ("PLAIN LOGIN", False, (), False, None),
        ("XOAUTH2", False, (), True, None),
    ],
)
def test_chooses_the_strongest(
    offered: str,
    has_certificate: bool,
    bindings: tuple[str, ...],
    allows_plaintext: bool,
    expected: Mechanism | None,
) -> None:
    chosen = choose_mechanism(
        offered.split(), has_certificate=has_certificate, bindings=bindings, allows_plaintext=allows_plaintext
    )
    assert chosen == expected
