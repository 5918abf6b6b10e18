"""Sealing: what is added, and when nothing is."""

import hashlib

import pytest

from kit.arc.chains import MESSAGE, RESULTS, check, seal_once, seal_times, take_field
from kit.dkim.keyring import DOMAIN, ED25519, NOW, zone
from moxkit import dkim
from moxkit.arc import DEFAULT_HEADERS, ProblemKind, Result, SealError, Status, seal
from moxkit.domain import parse_domain
from moxkit.testing import FakeResolver

RELAXED = dkim.Canonicalization.RELAXED
UNSEALED = Result(Status.NONE)


def made(
    message: bytes = MESSAGE,
    chain: Result = UNSEALED,
    results: str = RESULTS,
    headers: tuple[str, ...] = DEFAULT_HEADERS,
) -> bytes:
    return seal(
        message,
        chain=chain,
        authentication_results=results,
        domain=DOMAIN,
        selector=parse_domain("ed"),
        private_key=ED25519,
        now=NOW,
        headers=headers,
    )


async def test_three_fields_with_the_newest_seal_on_top() -> None:
    message = seal_once(await seal_times(1), await check(await seal_times(1)))
    content = dkim.Content(message)
    names = ("arc-seal", "arc-message-signature", "arc-authentication-results")
    numbers = [content.fields(name)[0].number for name in names]
    assert numbers == [0, 1, 2]
    seal_field = take_field(message, "ARC-Seal", 2)
    assert b"i=2; a=ed25519-sha256; t=" in seal_field
    assert b"cv=pass; d=mox.example" in seal_field.replace(b"\r\n\t", b" ")


async def test_message_signature_covers_what_it_may() -> None:
    """RFC 8617 §4.1.2."""
    [only] = (await check(made() + MESSAGE)).sets
    headers = only.message_signature.headers
    assert {"from", "subject", "dkim-signature"} <= set(headers)
    assert not [name for name in headers if name.startswith("arc-") or name == "authentication-results"]


async def test_chain_that_broke_here_is_sealed_as_broken_and_alone() -> None:
    """RFC 8617 §5.1.2."""
    changed = (await seal_times(2)).replace(b"Bye", b"bye")
    chain = await check(changed)
    assert chain.status is Status.FAIL
    message = seal_once(changed, chain)
    assert b"cv=fail" in take_field(message, "ARC-Seal", 3)
    result = await check(message)
    assert result.problem is not None
    assert (result.status, result.problem.kind) == (Status.FAIL, ProblemKind.CHAIN_FAILED)
    # Its seal covers its own three fields alone, as if there was no other set.
    content = dkim.Content(message)
    fields = [
        content.fields(name)[0]
        for name in ("arc-authentication-results", "arc-message-signature", "arc-seal")
    ]
    *others, unsigned = [each.octets for each in fields]
    hashed = b"".join(dkim.canonical_field(each, RELAXED) for each in others)
    hashed += dkim.canonical_field(dkim.without_signature(unsigned), RELAXED).removesuffix(b"\r\n")
    tags = dkim.parse_tag_list(fields[2].value.decode())
    digest = hashlib.sha256(hashed).digest()
    assert dkim.verify_digest(ED25519.public_key(), digest, dkim.decode_base64(tags["b"]))
    # Once broken, nothing is added any more (§5.1 step 2).
    assert made(message, result) == b""


async def test_results_are_folded_and_can_do_no_harm() -> None:
    results = "mx.mox.example;\r\n\tspf=pass smtp.mailfrom=" + "a" * 50 + ";\r\nX-Evil: y\r\n\r\n dkim=none"
    message = made(results=results) + MESSAGE
    result = await check(message)
    assert result.status is Status.PASS
    assert not dkim.Content(message).fields("x-evil")
    assert max(map(len, message.split(b"\r\n"))) < 100
    assert result.sets[0].authentication_results.startswith("mx.mox.example;")


async def test_utf_8_in_results() -> None:
    """RFC 8617 §4.1.4."""
    result = await check(made(results="mx.mox.example; spf=pass smtp.mailfrom=jürgen@mox.example") + MESSAGE)
    assert result.status is Status.PASS
    assert "jürgen" in result.sets[0].authentication_results


def test_refuses() -> None:
    with pytest.raises(SealError, match="50 ARC sets"):
        made(chain=Result(Status.PASS, highest_instance=50))
    with pytest.raises(SealError, match="no authentication results"):
        made(results=" \r\n")
    for headers in (("to",), (*DEFAULT_HEADERS, "arc-seal"), (*DEFAULT_HEADERS, "authentication-results")):
        with pytest.raises(SealError, match="must not"):
            made(headers=headers)
    with pytest.raises(SealError, match="bare CR or LF"):
        made(MESSAGE.replace(b"a chain\r", b"a chain"))
    with pytest.raises(SealError, match="longer"):
        made(b"X: " + b"x" * (1 << 20) + MESSAGE)


async def test_signature_may_be_rsa_too() -> None:
    message = await seal_times(1)
    assert b"a=rsa-sha256" in take_field(message, "ARC-Seal", 1)
    assert (await check(message, FakeResolver(zone()))).status is Status.PASS
