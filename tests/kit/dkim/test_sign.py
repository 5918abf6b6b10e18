"""Signing: what is signed, what the field says, what is refused."""

from datetime import timedelta

import pytest

from kit.dkim.examples import MESSAGE
from kit.dkim.keyring import DOMAIN, ED25519, NOW, RSA, zone
from moxkit.dkim import (
    DEFAULT_HEADERS,
    DEFAULT_SEALED,
    Canonicalization,
    Content,
    Identity,
    Limits,
    Signature,
    SignError,
    SigningKey,
    Status,
    parse_signature,
    sign,
    verify,
)
from moxkit.domain import parse_domain
from moxkit.testing import FakeResolver

RSA_KEY = SigningKey(selector=parse_domain("rsa"), private_key=RSA)
ED25519_KEY = SigningKey(selector=parse_domain("ed"), private_key=ED25519)


def signatures(fields: bytes) -> list[Signature]:
    return [parse_signature(each.value) for each in Content(fields).fields("dkim-signature")]


async def test_signs_with_several_keys() -> None:
    fields = sign(MESSAGE, domain=DOMAIN, keys=[RSA_KEY, ED25519_KEY], now=NOW)
    assert [each.algorithm for each in signatures(fields)] == ["rsa-sha256", "ed25519-sha256"]
    results = await verify(FakeResolver(zone()), fields + MESSAGE, now=NOW)
    assert [each.status for each in results] == [Status.PASS, Status.PASS]


@pytest.mark.parametrize("header", Canonicalization)
@pytest.mark.parametrize("body", Canonicalization)
async def test_any_canonicalization(header: Canonicalization, body: Canonicalization) -> None:
    key = SigningKey(
        selector=parse_domain("ed"),
        private_key=ED25519,
        header_canonicalization=header,
        body_canonicalization=body,
    )
    identity = Identity(
        "a-rather-long-localpart-so-that-something-is-folded", parse_domain("sub.mox.example")
    )
    fields = sign(MESSAGE, domain=DOMAIN, keys=[key], now=NOW, identity=identity)
    assert (b"c=" in fields) is (Canonicalization.RELAXED in (header, body))
    [result] = await verify(FakeResolver(zone()), fields + MESSAGE, now=NOW)
    assert result.status is Status.PASS
    assert result.signature is not None
    assert result.signature.identity == identity
    spaced = (fields + MESSAGE).replace(b"Subject: ", b"Subject:   ")
    [result] = await verify(FakeResolver(zone()), spaced, now=NOW)
    assert (result.status is Status.PASS) is (header is Canonicalization.RELAXED)
    spaced = (fields + MESSAGE).replace(b"lost the game.", b"lost  the game.\t")
    [result] = await verify(FakeResolver(zone()), spaced, now=NOW)
    assert (result.status is Status.PASS) is (body is Canonicalization.RELAXED)


def test_times() -> None:
    key = SigningKey(selector=parse_domain("ed"), private_key=ED25519, lifetime=timedelta(hours=72))
    [signature] = signatures(sign(MESSAGE, domain=DOMAIN, keys=[key], now=NOW))
    assert (signature.signed_at, signature.expires_at) == (NOW, NOW + timedelta(hours=72))


def test_names_are_as_often_there_as_fields_and_sealed_ones_once_more() -> None:
    """RFC 6376 §5.4, §8.15."""
    message = b"List-Id: a\r\nComments: x\r\n" + MESSAGE.replace(b"To:", b"To: x@mox.example\r\nTo:")
    [signature] = signatures(sign(message, domain=DOMAIN, keys=[ED25519_KEY], now=NOW))
    counts = {name: signature.headers.count(name) for name in signature.headers}
    expected = dict.fromkeys(DEFAULT_SEALED, 1) | {"from": 2, "to": 3, "subject": 2, "date": 2}
    assert counts == {**expected, "message-id": 2, "list-id": 1}
    assert set(DEFAULT_SEALED) < set(DEFAULT_HEADERS)


@pytest.mark.parametrize("field", DEFAULT_SEALED)
async def test_sealed_fields_cannot_be_added(field: str) -> None:
    fields = sign(MESSAGE, domain=DOMAIN, keys=[ED25519_KEY], now=NOW)
    for message in (
        f"{field}: x\r\n".encode() + fields + MESSAGE,
        fields + MESSAGE.replace(b"Subject:", f"{field.upper()}: x\r\nSubject:".encode()),
    ):
        [result] = await verify(FakeResolver(zone()), message, now=NOW)
        assert result.status is Status.FAIL


async def test_international_names_are_written_as_a_labels() -> None:
    """RFC 8616 §4."""
    domain, selector = parse_domain("bücher.example"), parse_domain("schlüssel")
    key = SigningKey(selector=selector, private_key=ED25519)
    fields = sign(MESSAGE, domain=domain, keys=[key], now=NOW, identity=Identity("jürgen", domain))
    assert fields.isascii()
    assert b"d=xn--bcher-kva.example;" in fields
    [signature] = signatures(fields)
    assert (signature.domain, signature.selector) == (domain, selector)
    assert signature.identity == Identity("jürgen", domain)


REFUSED = [
    (MESSAGE.replace(b"From:", b"X-From:"), "one From"),
    (b"From: other@mox.example\r\n" + MESSAGE, "one From"),
    (MESSAGE.replace(b"\r\n", b"\n"), "bare CR or LF"),
    (MESSAGE.replace(b"dinner", b"din\rner"), "bare CR or LF"),
    (b"X: " + b"x" * 3000 + b"\r\n" + MESSAGE, "longer"),
    (b"", "one From"),
]


@pytest.mark.parametrize(("message", "reason"), REFUSED)
def test_refuses_messages(message: bytes, reason: str) -> None:
    with pytest.raises(SignError, match=reason):
        sign(message, domain=DOMAIN, keys=[ED25519_KEY], now=NOW, limits=Limits(max_header_octets=2000))


def test_refuses_what_no_verifier_would_accept() -> None:
    key = SigningKey(selector=parse_domain("ed"), private_key=ED25519, headers=("to",), sealed=())
    with pytest.raises(SignError, match="From must be signed"):
        sign(MESSAGE, domain=DOMAIN, keys=[key], now=NOW)
    for identity, reason in (
        (Identity("joe", parse_domain("other.example")), "not below"),
        (Identity("joe", parse_domain("xmox.example")), "not below"),
        (Identity("two words", DOMAIN), "quotes"),
        (Identity("joe\r\nX: y", DOMAIN), "quotes"),
    ):
        with pytest.raises(SignError, match=reason):
            sign(MESSAGE, domain=DOMAIN, keys=[ED25519_KEY], now=NOW, identity=identity)


def test_private_key_is_not_shown() -> None:
    assert "private_key" not in repr(RSA_KEY)


@pytest.mark.parametrize("message", [b"From: a@mox.example\r\n\r\nbody\r\n", b"From: a@mox.example\r\n"])
async def test_fields_sent_before_the_message_are_signed_with_it(message: bytes) -> None:
    prefix = b"Date: now\r\nMessage-ID: <1@mox.example>\r\n"
    made = [
        sign(octets, domain=DOMAIN, keys=[ED25519_KEY], now=NOW, prefix=before)
        for octets, before in ((message, prefix), (prefix + message, b""))
    ]
    assert made[0] == made[1]


def test_refuses_bare_line_ends_in_what_is_sent_before() -> None:
    with pytest.raises(SignError, match="bare"):
        sign(
            b"From: a@mox.example\r\n\r\n",
            domain=DOMAIN,
            keys=[ED25519_KEY],
            now=NOW,
            prefix=b"Date: now\n",
        )
