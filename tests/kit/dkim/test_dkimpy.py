"""Agreement with dkimpy, in both directions, on generated messages."""

import base64
import binascii
from collections.abc import Sequence

import dkim as dkimpy
import pytest
from hypothesis import HealthCheck, assume, given, settings, strategies as st

from kit.dkim.keyring import DOMAIN, ED25519, KEYS, NOW, RSA, zone
from kit.dkim.letters import letters
from moxkit.dkim import (
    Canonicalization,
    Identity,
    SigningKey,
    Status,
    encode_private_key,
    public_record,
    sign,
    verify,
)
from moxkit.domain import parse_domain
from moxkit.testing import FakeResolver

MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FORMS = st.sampled_from(Canonicalization)
TEXTS = {f"{name}._domainkey.mox.example.".encode(): str(public_record(key)) for name, key in KEYS.items()}
PRIVATE = {
    "rsa": (b"rsa-sha256", encode_private_key(RSA)),
    "ed": (b"ed25519-sha256", base64.b64encode(ED25519.private_bytes_raw())),
}


def find_text(name: bytes, timeout: int = 5) -> bytes:
    return TEXTS[name].encode()


def sign_with_dkimpy(message: bytes, selector: str, forms: tuple[str, str], *, length: bool = False) -> bytes:
    algorithm, key = PRIVATE[selector]
    header, body = forms
    signer = dkimpy.DKIM(message, signature_algorithm=algorithm)
    signed: bytes = signer.sign(
        selector.encode(), b"mox.example", key, canonicalize=(header.encode(), body.encode()), length=length
    )
    return signed


@MANY
@given(letters(), st.lists(st.tuples(st.sampled_from(["rsa", "ed"]), FORMS, FORMS), min_size=1, max_size=3))
def test_dkimpy_accepts_what_we_sign(
    message: bytes, how: Sequence[tuple[str, Canonicalization, Canonicalization]]
) -> None:
    keys = [
        SigningKey(
            selector=parse_domain(selector),
            private_key=KEYS[selector],
            header_canonicalization=header,
            body_canonicalization=body,
        )
        for selector, header, body in how
    ]
    fields = sign(message, domain=DOMAIN, keys=keys, now=NOW, identity=Identity("joe", DOMAIN))
    for at in range(len(keys)):
        assert dkimpy.DKIM(fields + message).verify(idx=at, dnsfunc=find_text)


@MANY
@given(letters(), st.sampled_from(["rsa", "ed"]), FORMS, FORMS, st.booleans())
async def test_we_accept_what_dkimpy_signs(
    message: bytes, selector: str, header: Canonicalization, body: Canonicalization, length: bool
) -> None:
    signed = sign_with_dkimpy(message, selector, (header, body), length=length) + message
    results = await verify(FakeResolver(zone()), signed, now=NOW, policy=None)
    assert [(each.status, each.problem) for each in results] == [(Status.PASS, None)]
    # A second signature, over the first.
    twice = sign_with_dkimpy(signed, "ed", (body, header)) + signed
    results = await verify(FakeResolver(zone()), twice, now=NOW, policy=None)
    assert [each.status for each in results] == [Status.PASS, Status.PASS]


@MANY
@given(letters(), st.sampled_from(["rsa", "ed"]), FORMS, FORMS, st.integers(0, 10_000), st.integers(0, 7))
async def test_we_agree_on_changed_messages(
    message: bytes, selector: str, header: Canonicalization, body: Canonicalization, place: int, bit: int
) -> None:
    """Both say the same of a message in which one bit of the signature, header or body was changed."""
    key = SigningKey(
        selector=parse_domain(selector),
        private_key=KEYS[selector],
        header_canonicalization=header,
        body_canonicalization=body,
    )
    signed = bytearray(sign(message, domain=DOMAIN, keys=[key], now=NOW) + message)
    # Only letters, so that no line and no field begins or ends elsewhere.
    places = [at for at in range(signed.index(b"h="), len(signed)) if 0x41 <= signed[at] <= 0x7A]
    at = places[place % len(places)]
    changed = bytes(signed[:at]) + bytes([signed[at] ^ (1 << bit)]) + bytes(signed[at + 1 :])
    assume(0x21 <= changed[at] <= 0x7E)
    try:
        theirs = bool(dkimpy.verify(changed, dnsfunc=find_text))
    except (dkimpy.DKIMException, binascii.Error):
        theirs = False
    results = await verify(FakeResolver(zone()), changed, now=NOW, policy=None)
    assert [each.status is Status.PASS for each in results] == [theirs]


@pytest.mark.parametrize("selector", ["rsa", "ed"])
async def test_appended_text_after_a_length_is_told(selector: str) -> None:
    message = b"From: joe@mox.example\r\nSubject: x\r\n\r\nsigned\r\n"
    signed = sign_with_dkimpy(message, selector, ("relaxed", "simple"), length=True) + message + b"more\r\n"
    [result] = await verify(FakeResolver(zone()), signed, now=NOW)
    assert result.status is Status.POLICY
    [result] = await verify(FakeResolver(zone()), signed, now=NOW, allow_unsigned_content=True)
    assert result.status is Status.PASS
