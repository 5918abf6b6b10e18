"""Exchanges of the server's side: the RFCs' examples, refusals, and noise."""

import base64

import pytest
from hypothesis import given, strategies as st

from moxkit.sasl import (
    Challenge,
    Failure,
    FailureKind,
    Mechanism,
    NeedCramMd5Verifier,
    NeedPasswordCheck,
    NeedScramVerifier,
    ServerExchange,
    Step,
    Success,
    client_exchange,
    derive_cram_md5,
    derive_scram,
    fake_cram_md5,
    fake_scram,
    server_exchange,
)

BINDINGS = {"tls-exporter": b"exported key material"}


def exchange(mechanism: str, *, nonce: str = "srv", offers_plus: bool = False) -> ServerExchange:
    made = server_exchange(
        mechanism,
        hostname="mx.example",
        channel_binding=BINDINGS.get,
        offers_plus=offers_plus,
        nonce=lambda: nonce,
    )
    assert made is not None
    return made


def failure_kind(step: Step) -> FailureKind:
    assert isinstance(step, Failure)
    return step.kind


def test_scram_sha_1_example_of_rfc_5802_5() -> None:
    server = exchange("SCRAM-SHA-1", nonce="3rfcNHYJY1ZVvWVs7j")
    assert server.respond(b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL") == NeedScramVerifier("user", "sha1")
    verifier = derive_scram(
        "pencil", salt=base64.b64decode("QSXCR+Q6sek8bf92"), iterations=4096, hash_name="sha1"
    )
    assert server.supply(verifier) == Challenge(
        b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"
    )
    final = b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="
    assert server.respond(final) == Challenge(b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")
    assert server.respond(b"") == Success("user")


def test_scram_sha_256_example_of_rfc_7677_3() -> None:
    server = exchange("SCRAM-SHA-256", nonce="%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0")
    server.respond(b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO")
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    server.supply(derive_scram("pencil", salt=salt, iterations=4096, hash_name="sha256"))
    final = (
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    )
    assert server.respond(final) == Challenge(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")


def test_cram_md5_matches_hmac_of_rfc_2195_2() -> None:
    verifier = derive_cram_md5("tanstaaftanstaaf")
    digest = verifier.digest(b"<1896.697170952@postoffice.reston.mci.net>")
    assert digest.hex() == "b913a602c7eda7a495b4e6e7334d3890"


@given(st.text(min_size=1, max_size=150), st.binary(max_size=200))
def test_cram_md5_state_gives_the_same_as_hmac(password: str, challenge: bytes) -> None:
    import hmac  # noqa: PLC0415  only this test compares with it

    expected = hmac.digest(password.encode(), challenge, "md5")
    assert derive_cram_md5(password).digest(challenge) == expected


def test_cram_md5_accepts_right_and_refuses_wrong_response() -> None:
    verifier = derive_cram_md5("secret password")
    for secret, expected in (("secret password", Success("mox@localhost")), ("other", None)):
        server = exchange("CRAM-MD5")
        challenge = server.respond(None)
        assert isinstance(challenge, Challenge)
        response = f"mox@localhost {derive_cram_md5(secret).digest(challenge.octets).hex()}"
        assert server.respond(response.encode()) == NeedCramMd5Verifier("mox@localhost")
        step = server.supply(verifier)
        assert step == expected if expected else failure_kind(step) is FailureKind.CREDENTIALS


def test_plain_asks_for_a_check_and_believes_it() -> None:
    server = exchange("PLAIN")
    assert server.respond(None) == Challenge(b"")
    assert server.respond(b"\0tim\0tanstaaftanstaaf") == NeedPasswordCheck("tim", "tanstaaftanstaaf")
    assert server.supply(True) == Success("tim")
    assert failure_kind(server.supply(False)) is FailureKind.CREDENTIALS


def test_login_prompts_twice() -> None:
    server = exchange("login")
    assert server.respond(None) == Challenge(b"Username:")
    assert server.respond(b"tim") == Challenge(b"Password:")
    assert server.respond(b"secret") == NeedPasswordCheck("tim", "secret")


def test_external_gives_the_wanted_identity() -> None:
    assert exchange("EXTERNAL").respond(b"fred@example.com") == Success("fred@example.com")
    assert exchange("EXTERNAL").respond(b"") == Success("")


@pytest.mark.parametrize(
    ("mechanism", "message", "kind"),
    [
        ("PLAIN", b"other\0tim\0x", FailureKind.AUTHORIZATION),
        ("PLAIN", b"tim\0x", FailureKind.PROTOCOL),
        ("PLAIN", b"\0\0x", FailureKind.PROTOCOL),
        ("PLAIN", b"\0tim\0" + b"x" * 2000, FailureKind.PROTOCOL),
        ("PLAIN", b"\xff\0a\0b", FailureKind.PROTOCOL),
        ("CRAM-MD5", b"too early", FailureKind.PROTOCOL),
        ("SCRAM-SHA-256", b"x,,n=user,r=abc", FailureKind.PROTOCOL),
        ("SCRAM-SHA-256", b"n,,n=user,r=", FailureKind.PROTOCOL),
        ("SCRAM-SHA-256", b"n,,m=1,n=user,r=abc", FailureKind.PROTOCOL),
        ("SCRAM-SHA-256", b"n,,n=us=er,r=abc", FailureKind.PROTOCOL),
        ("SCRAM-SHA-256", b"n,a=admin,n=user,r=abc", FailureKind.AUTHORIZATION),
        ("SCRAM-SHA-256", b"p=tls-exporter,,n=user,r=abc", FailureKind.PROTOCOL),
        ("SCRAM-SHA-256-PLUS", b"n,,n=user,r=abc", FailureKind.PROTOCOL),
        ("SCRAM-SHA-256-PLUS", b"p=tls-unique,,n=user,r=abc", FailureKind.CHANNEL_BINDING),
    ],
)
def test_refuses(mechanism: str, message: bytes, kind: FailureKind) -> None:
    assert failure_kind(exchange(mechanism).respond(message)) is kind


def test_a_client_that_did_not_see_plus_was_downgraded() -> None:
    step = exchange("SCRAM-SHA-256", offers_plus=True).respond(b"y,,n=user,r=abc")
    assert failure_kind(step) is FailureKind.CHANNEL_BINDING
    honest = exchange("SCRAM-SHA-256", offers_plus=False).respond(b"y,,n=user,r=abc")
    assert isinstance(honest, NeedScramVerifier)


def test_fake_verifiers_are_stable_and_look_like_real_ones() -> None:
    first = fake_scram(b"secret", "nobody", iterations=4096, hash_name="sha256")
    assert first.salt == fake_scram(b"secret", "nobody", iterations=4096, hash_name="sha256").salt
    assert first.salt != fake_scram(b"secret", "nobody2", iterations=4096, hash_name="sha256").salt
    real = derive_scram("x", salt=bytes(12), iterations=4096, hash_name="sha256")
    assert (len(first.salt), len(first.stored_key)) == (len(real.salt), len(real.stored_key))
    assert fake_cram_md5(b"secret", "nobody").digest(b"x") != derive_cram_md5("nobody").digest(b"x")


def test_secrets_do_not_show_in_repr() -> None:
    assert "hunter2" not in repr(NeedPasswordCheck("me", "hunter2"))
    verifier = derive_scram("hunter2", salt=b"123456789012", iterations=4096, hash_name="sha1")
    assert "stored_key" not in repr(verifier)


@given(st.sampled_from(list(Mechanism)), st.lists(st.none() | st.binary(max_size=60), min_size=1, max_size=4))
def test_noise_gives_a_step(mechanism: Mechanism, messages: list[bytes | None]) -> None:
    server = exchange(mechanism)
    for message in messages:
        step = server.respond(message)
        if not isinstance(step, Challenge):
            return


@pytest.mark.parametrize("position", [0, 1, 2])
def test_one_of_several_scram_verifiers_matches(position: int) -> None:
    verifiers = [
        derive_scram(f"password{n}", salt=b"salt" * 3, iterations=4096, hash_name="sha256") for n in range(3)
    ]
    server = exchange("SCRAM-SHA-256")
    client = client_exchange(Mechanism.SCRAM_SHA_256, username="mox", password=f"password{position}")
    step = server.respond(client.start())
    assert isinstance(step, NeedScramVerifier)
    step = server.supply(verifiers)
    assert isinstance(step, Challenge)
    step = server.respond(client.respond(step.octets))
    assert isinstance(step, Challenge)
    assert server.respond(client.respond(step.octets)) == Success("mox", position)


def test_verifiers_of_several_salts_are_a_mistake() -> None:
    verifiers = [
        derive_scram("x", salt=salt, iterations=4096, hash_name="sha256") for salt in (b"a" * 12, b"b" * 12)
    ]
    server = exchange("SCRAM-SHA-256")
    server.respond(b"n,,n=mox,r=nonce")
    with pytest.raises(TypeError, match="one salt"):
        server.supply(verifiers)


def test_one_of_several_cram_md5_states_matches() -> None:
    server = exchange("CRAM-MD5")
    client = client_exchange(Mechanism.CRAM_MD5, username="mox", password="second")
    challenge = server.respond(client.start())
    assert isinstance(challenge, Challenge)
    server.respond(client.respond(challenge.octets))
    assert server.supply([derive_cram_md5("first"), derive_cram_md5("second")]) == Success("mox", 1)
