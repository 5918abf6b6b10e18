"""Checking signatures: the RFCs' examples, each status with its reason, and limits."""

import mmap
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings, strategies as st

from kit.dkim import examples
from kit.dkim.examples import MESSAGE
from kit.dkim.keyring import DOMAIN, ED25519, NOW, RSA, zone
from moxkit.dkim import (
    Canonicalization,
    Content,
    Field,
    Identity,
    Limits,
    ProblemKind,
    Record,
    Result,
    Signature,
    SigningKey,
    Status,
    append_signature,
    encode_signature,
    public_record,
    sign,
    sign_digest,
    verify,
)
from moxkit.domain import Domain, parse_domain
from moxkit.testing import FakeResolver

RSA_SIGNER = SigningKey(selector=parse_domain("rsa"), private_key=RSA)
ED_SIGNER = SigningKey(selector=parse_domain("ed"), private_key=ED25519)
GENUINE = Signature(
    domain=DOMAIN,
    selector=parse_domain("ed"),
    algorithm="ed25519-sha256",
    header_canonicalization=Canonicalization.RELAXED,
    body_canonicalization=Canonicalization.RELAXED,
    headers=("from", "subject"),
)


def signed(signature: Signature = GENUINE, message: bytes = MESSAGE, more: bytes = b"") -> bytes:
    """Sign as nobody should: with whatever the field says."""
    content = Content(message)
    body = content.hash_body(signature.body_canonicalization, (signature.body_length,))
    full = replace(signature, body_hash=body[signature.body_length].digest)
    octets = encode_signature(full).replace(b"v=1;", b"v=1;" + more)
    own = Field("dkim-signature", octets + b"\r\n")
    digest = content.hash_header(full.headers, full.header_canonicalization, own)
    return append_signature(octets, sign_digest(ED25519, digest)) + message


async def check(message: bytes, resolver: FakeResolver | None = None) -> Result:
    [result] = await verify(resolver or FakeResolver(zone()), message, now=NOW)
    return result


async def test_examples_of_rfc_8463() -> None:
    """Appendix A: either signature is valid."""
    results = await verify(
        FakeResolver(examples.RFC8463_ZONE, authentic=True), examples.RFC8463_MESSAGE, now=examples.NOW
    )
    assert [each.status for each in results] == [Status.PASS, Status.PASS]
    assert [each.problem for each in results] == [None, None]
    assert all(each.authentic for each in results)
    assert b"".join(each.field for each in results) + MESSAGE == examples.RFC8463_MESSAGE


async def test_example_of_rfc_6376() -> None:
    """Appendix A.2, with the key of appendix C."""
    [result] = await verify(FakeResolver(examples.RFC6376_ZONE), examples.RFC6376_MESSAGE, now=examples.NOW)
    assert (result.status, result.problem, result.authentic) == (Status.PASS, None, False)
    assert result.record is not None
    assert result.record.key_type == "rsa"


async def test_message_without_signature_has_no_result() -> None:
    assert await verify(FakeResolver(), MESSAGE, now=NOW) == ()
    assert await verify(FakeResolver(), b"", now=NOW) == ()


async def test_what_was_changed_is_told() -> None:
    resolver = FakeResolver(zone())
    message = sign(MESSAGE, domain=DOMAIN, keys=[RSA_SIGNER, ED_SIGNER], now=NOW) + MESSAGE
    changed_header = message.replace(b"dinner ready", b"dinner Ready")
    changed_body = message.replace(b"hungry", b"Hungry")
    for changed, kind in ((changed_header, ProblemKind.SIGNATURE), (changed_body, ProblemKind.BODY_HASH)):
        results = await verify(resolver, changed, now=NOW)
        assert [each.status for each in results] == [Status.FAIL, Status.FAIL]
        assert {each.problem.kind for each in results if each.problem} == {kind}


SUB = parse_domain("sub.mox.example")
# The signature says so of itself, and is right otherwise.
SELF: list[tuple[Signature, bytes, ProblemKind, Status]] = [
    (
        replace(GENUINE, identity=Identity("", parse_domain("example"))),
        b"",
        ProblemKind.IDENTITY,
        Status.PERMERROR,
    ),
    (
        replace(GENUINE, identity=Identity("", parse_domain("xmox.example"))),
        b"",
        ProblemKind.IDENTITY,
        Status.PERMERROR,
    ),
    (replace(GENUINE, headers=("subject", "x-from")), b"", ProblemKind.FROM_NOT_SIGNED, Status.PERMERROR),
    (replace(GENUINE, expires_at=NOW - timedelta(seconds=1)), b"", ProblemKind.EXPIRED, Status.PERMERROR),
    (replace(GENUINE, domain=parse_domain("co.uk")), b"", ProblemKind.PUBLIC_SUFFIX, Status.PERMERROR),
    (replace(GENUINE, domain=parse_domain("example")), b"", ProblemKind.PUBLIC_SUFFIX, Status.PERMERROR),
    (replace(GENUINE, algorithm="ed25519-sha512"), b"", ProblemKind.ALGORITHM, Status.PERMERROR),
    (replace(GENUINE, headers=("from",)), b"", ProblemKind.POLICY, Status.POLICY),
    (replace(GENUINE, body_length=5), b"", ProblemKind.UNSIGNED_CONTENT, Status.POLICY),
    (replace(GENUINE, body_length=0), b"", ProblemKind.UNSIGNED_CONTENT, Status.POLICY),
    (replace(GENUINE, body_length=5000), b"", ProblemKind.BODY_LENGTH, Status.PERMERROR),
    (GENUINE, b" q=http/x;", ProblemKind.QUERY_METHOD, Status.PERMERROR),
    (GENUINE, b" c=x;", ProblemKind.SYNTAX, Status.PERMERROR),
    (replace(GENUINE, selector=parse_domain("none")), b"", ProblemKind.KEY_MISSING, Status.PERMERROR),
    (replace(GENUINE, selector=parse_domain("rsa")), b"", ProblemKind.KEY_TYPE, Status.PERMERROR),
]


@pytest.mark.parametrize(("signature", "more", "kind", "status"), SELF)
async def test_signature_that_is_not_accepted(
    signature: Signature, more: bytes, kind: ProblemKind, status: Status
) -> None:
    result = await check(signed(signature, more=more))
    assert result.problem is not None
    assert (result.problem.kind, result.status) == (kind, status)


GOOD = [
    GENUINE,
    replace(GENUINE, identity=Identity("joe", SUB)),
    replace(GENUINE, expires_at=NOW),
    replace(GENUINE, signed_at=NOW + timedelta(days=1)),
    replace(GENUINE, body_length=len(MESSAGE) - MESSAGE.index(b"Hi.") - 1),  # relaxed: one space less
    replace(GENUINE, headers=("from", "subject", "x", "x", "from")),
]


@pytest.mark.parametrize("signature", GOOD)
async def test_signature_that_is_accepted(signature: Signature) -> None:
    result = await check(signed(signature))
    assert (result.problem, result.status) == (None, Status.PASS)
    assert result.signature is not None
    assert result.signature.headers == signature.headers


async def test_sha1_is_historic() -> None:
    """RFC 8301 §3.1."""
    message = signed().replace(b"a=ed25519-sha256", b"a=rsa-sha1")
    result = await check(
        message[: message.index(b"bh=")] + b"bh=MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=; b=QUI=\r\n" + MESSAGE
    )
    assert result.problem is not None
    assert (result.problem.kind, result.status) == (ProblemKind.ALGORITHM, Status.PERMERROR)
    assert result.signature is not None
    assert result.signature.algorithm == "rsa-sha1"


RECORDS = [
    ("h=sha1", ProblemKind.KEY_HASH, Status.PERMERROR),
    ("s=tlsrpt", ProblemKind.KEY_SERVICE, Status.PERMERROR),
    ("s=tlsrpt:email", None, Status.PASS),
    ("s=*", None, Status.PASS),
    ("t=s", ProblemKind.KEY_IDENTITY, Status.PERMERROR),
    ("t=y", None, Status.PASS),
    ("t=y:s", ProblemKind.KEY_IDENTITY, Status.NONE),
    ("x=y", None, Status.PASS),
    ("x", ProblemKind.KEY_SYNTAX, Status.PERMERROR),
]


@pytest.mark.parametrize(("tags", "kind", "status"), RECORDS)
async def test_records_that_do_not_allow_it(tags: str, kind: ProblemKind | None, status: Status) -> None:
    resolver = FakeResolver(zone(ed=tags + ";").replace("h=sha256;k=ed", "k=ed"))
    result = await check(signed(replace(GENUINE, identity=Identity("", SUB))), resolver)
    assert (result.problem.kind if result.problem else None, result.status) == (kind, status)


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ("k=ed25519;p=", ProblemKind.KEY_REVOKED),
        ("k=ed25519;p=QUI=", ProblemKind.KEY_SYNTAX),
        ("p=QUI=", ProblemKind.KEY_TYPE),
        ("k=future;p=QUI=", ProblemKind.KEY_TYPE),
    ],
)
async def test_keys_that_are_none(record: str, kind: ProblemKind) -> None:
    result = await check(signed(), FakeResolver(f'ed._domainkey.mox.example. TXT "v=DKIM1;{record}"'))
    assert result.problem is not None
    assert (result.problem.kind, result.status) == (kind, Status.PERMERROR)
    assert result.record is not None


async def test_key_sizes() -> None:
    """RFC 8301 §3.2; keys of more than the limit are refused too."""
    message = sign(MESSAGE, domain=DOMAIN, keys=[RSA_SIGNER], now=NOW) + MESSAGE
    assert (await check(message)).status is Status.PASS
    small = rsa.RSAPublicNumbers(65537, (1 << 1022) + 1).public_key()
    der = small.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    too_small = await check(message, FakeResolver(f'rsa._domainkey.mox.example. TXT "{Record(der)}"'))
    [too_large] = await verify(FakeResolver(zone()), message, now=NOW, limits=Limits(max_rsa_bits=1000))
    for result in (too_small, too_large):
        assert result.problem is not None
        assert (result.problem.kind, result.status) == (ProblemKind.KEY_SIZE, Status.PERMERROR)


async def test_failing_name_server_is_temporary_and_harms_no_other_signature() -> None:
    resolver = FakeResolver(zone(), temporary=["rsa._domainkey.mox.example"])
    message = sign(MESSAGE, domain=DOMAIN, keys=[RSA_SIGNER, ED_SIGNER], now=NOW) + MESSAGE
    results = await verify(resolver, message, now=NOW)
    assert [each.status for each in results] == [Status.TEMPERROR, Status.PASS]


async def test_keys_in_test_mode_never_make_it_worse() -> None:
    """RFC 6376 §3.6.1, flag y."""
    resolver, message = FakeResolver(zone(ed="t=y;")), signed().replace(b"hungry", b"Hungry")
    for ignored, status in ((False, Status.NONE), (True, Status.FAIL)):
        [result] = await verify(resolver, message, now=NOW, ignore_test_mode=ignored)
        assert result.status is status
        assert result.problem is not None
        assert result.problem.kind is ProblemKind.BODY_HASH


async def test_policy_is_the_callers() -> None:
    resolver = FakeResolver(zone())
    message = signed(replace(GENUINE, headers=("from",)))
    [result] = await verify(resolver, message, now=NOW, policy=None)
    assert result.status is Status.PASS
    resolver.queries.clear()
    [result] = await verify(resolver, message, now=NOW, policy=lambda signature: f"not {signature.domain}")
    assert result.status is Status.POLICY
    assert str(result.problem) == "not mox.example"
    assert resolver.queries == []


async def test_unsigned_content_can_be_allowed() -> None:
    message = signed(replace(GENUINE, body_length=5)) + b"appended\r\n"
    [result] = await verify(FakeResolver(zone()), message, now=NOW, allow_unsigned_content=True)
    assert result.status is Status.PASS


async def test_signature_in_a_message_with_utf_8() -> None:
    """RFC 8616 §4: U-labels in d=, s= and i=, compared and looked up as A-labels."""
    domain = parse_domain("bücher.example")
    genuine = signed(replace(GENUINE, domain=Domain("DOMAIN", ""), selector=Domain("SELECTOR", "")))
    unsigned = genuine[: genuine.index(b"b=", genuine.index(b"bh=") + 2) + 2]
    unsigned = unsigned.replace(b"DOMAIN", "bücher.example".encode()).replace(
        b"SELECTOR", "schlüssel".encode()
    )
    own = Field("dkim-signature", unsigned + b"\r\n")
    digest = Content(MESSAGE).hash_header(GENUINE.headers, Canonicalization.RELAXED, own)
    message = append_signature(unsigned, sign_digest(ED25519, digest)) + MESSAGE
    name = "xn--schlssel-95a._domainkey.xn--bcher-kva.example."
    result = await check(message, FakeResolver(f'{name} TXT "{public_record(ED25519)}"'))
    assert (result.problem, result.status) == (None, Status.PASS)
    assert result.signature is not None
    assert result.signature.domain == domain


async def test_further_signatures_are_reported_but_not_checked() -> None:
    resolver = FakeResolver(zone())
    fields = sign(MESSAGE, domain=DOMAIN, keys=[ED_SIGNER, RSA_SIGNER, ED_SIGNER], now=NOW)
    results = await verify(resolver, fields + MESSAGE, now=NOW, limits=Limits(max_signatures=2))
    assert [each.status for each in results] == [Status.PASS, Status.PASS, Status.NEUTRAL]
    assert results[2].problem is not None
    assert results[2].problem.kind is ProblemKind.TOO_MANY_SIGNATURES
    assert b"".join(each.field for each in results) == fields


async def test_results_are_in_the_order_of_the_fields() -> None:
    broken = b"DKIM-Signature: nonsense\r\n"
    fields = sign(MESSAGE, domain=DOMAIN, keys=[ED_SIGNER], now=NOW)
    results = await verify(FakeResolver(zone()), broken + fields + broken + MESSAGE, now=NOW)
    assert [each.status for each in results] == [Status.PERMERROR, Status.PASS, Status.PERMERROR]
    assert results[0].signature is None
    assert results[0].field == broken


async def test_header_that_is_too_large() -> None:
    [result] = await verify(FakeResolver(), MESSAGE, now=NOW, limits=Limits(max_fields=2))
    assert (result.status, result.signature) == (Status.PERMERROR, None)
    assert result.problem is not None
    assert result.problem.kind is ProblemKind.TOO_LARGE


async def test_long_message_in_a_mapped_file() -> None:
    message = MESSAGE + b"Another line  of text. \r\n" * 100_000
    fields = sign(message, domain=DOMAIN, keys=[RSA_SIGNER, ED_SIGNER], now=NOW)
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "message"
        file.write_bytes(fields + message)
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            results = await verify(FakeResolver(zone()), mapped, now=NOW)
    assert [each.status for each in results] == [Status.PASS, Status.PASS]


def lengths(message: bytes) -> bytes:
    return b"".join(
        signed(replace(GENUINE, body_length=at), message).removesuffix(message) for at in range(25)
    )


HOSTILE: list[Callable[[], bytes]] = [
    lambda: b"DKIM-Signature: " + b"a" * 1_000_000 + b"\r\n" + MESSAGE,
    lambda: b"DKIM-Signature: " + b"a=b;" * 250_000 + b"\r\n" + MESSAGE,
    lambda: b"DKIM-Signature: v=1; h=" + b"a:" * 500_000 + b"\r\n" + MESSAGE,
    lambda: b"DKIM-Signature: v=1; b=" + b" \r\n\t" * 250_000 + b"\r\n" + MESSAGE,
    lambda: b"DKIM-Signature: x\r\n" * 50_000 + MESSAGE,
    lambda: b"x:\r\n" * 100_000 + MESSAGE,
    lambda: b"From: x\r\n" * 9000 + signed(replace(GENUINE, headers=("from", "subject") * 900)),
    lambda: lengths(MESSAGE + b" \r\n" * 333_333 + b"x") + MESSAGE + b" \r\n" * 333_333 + b"x",
]


@pytest.mark.parametrize("make", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_megabyte_takes_a_moment(make: Callable[[], bytes]) -> None:
    message, resolver = make(), FakeResolver(zone())
    began = time.process_time()
    results = await verify(resolver, message, now=NOW)
    assert time.process_time() - began < 3
    assert results


async def test_hostile_key_record_takes_a_moment() -> None:
    for text in ("a=b;" * 250_000, "v=DKIM1; p=" + "A" * 1_000_000, " " * 1_000_000):
        began = time.process_time()
        result = await check(signed(), FakeResolver(f'ed._domainkey.mox.example. TXT "{text}"'))
        assert time.process_time() - began < 3
        assert result.status is Status.PERMERROR


TEMPLATE = signed(replace(GENUINE, identity=Identity("joe", SUB), signed_at=NOW, body_length=5))


@settings(deadline=None)
@given(st.binary(max_size=40), st.integers(0, len(TEMPLATE)))
async def test_noise_gives_results_and_passes_only_without_problem(noise: bytes, place: int) -> None:
    message = TEMPLATE[:place] + noise + TEMPLATE[place + len(noise) :]
    for result in await verify(FakeResolver(zone()), message, now=NOW):
        assert isinstance(result.status, Status)
        assert (result.status is Status.PASS) is (result.problem is None)
    assert await verify(FakeResolver(zone()), noise, now=NOW) is not None
