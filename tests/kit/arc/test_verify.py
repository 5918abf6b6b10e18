"""Validating chains: what passes, and each way to fail (RFC 8617 §5.2)."""

import hashlib
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings, strategies as st

from kit.arc.chains import MESSAGE, RESULTS, check, seal_once, seal_times, take_field
from kit.dkim.keyring import DOMAIN, NOW, RSA, zone
from moxkit import dkim
from moxkit.arc import MAX_SETS, ProblemKind, Status, verify
from moxkit.testing import FakeResolver

RELAXED = dkim.Canonicalization.RELAXED
AAR, AMS, AS = "ARC-Authentication-Results", "ARC-Message-Signature", "ARC-Seal"


def resign(message: bytes, *, replace: tuple[bytes, bytes]) -> bytes:
    """Change the seal of the only set, and sign it again: it is genuine and says something else."""
    old = take_field(message, AS, 1)
    octets = old[: old.rindex(b"b=") + 2].replace(*replace)
    *others, unsigned = take_field(message, AAR, 1), take_field(message, AMS, 1), octets + b"\r\n"
    hashed = hashlib.sha256()
    for field in others:
        hashed.update(dkim.canonical_field(field, RELAXED))
    hashed.update(dkim.canonical_field(unsigned, RELAXED).removesuffix(b"\r\n"))
    return message.replace(old, dkim.append_signature(octets, dkim.sign_digest(RSA, hashed.digest())))


async def test_message_without_chain() -> None:
    result = await check(MESSAGE)
    assert (result.status, result.sets, result.problem, result.oldest_pass) == (Status.NONE, (), None, None)


@pytest.mark.parametrize("count", [1, 2, 5])
async def test_chain_that_passes(count: int) -> None:
    message = await seal_times(count)
    result = await verify(FakeResolver(zone(), authentic=True), message, now=NOW)
    assert (result.status, result.problem) == (Status.PASS, None)
    assert (result.oldest_pass, result.authentic, result.highest_instance) == (0, True, count)
    assert [each.instance for each in result.sets] == list(range(1, count + 1))
    for each in result.sets:
        assert each.authentication_results == RESULTS
        assert each.message_signature.domain == each.seal.signature.domain == DOMAIN
        assert each.message_signature.identity is None
        assert each.seal.validation is (Status.NONE if each.instance == 1 else Status.PASS)
    assert not (await check(message)).authentic


async def test_oldest_pass_says_since_when_the_message_is_unchanged() -> None:
    """RFC 8617 §5.2 step 5."""
    message = await seal_times(2)
    chain = await check(message)
    # A list changes the message and seals it with what it found when it came; another one changes nothing.
    message = seal_once(message.replace(b"Bye", b"-- \r\nthe list\r\nBye"), chain)
    message = seal_once(message, await check(message))
    result = await check(message)
    assert (result.status, result.oldest_pass) == (Status.PASS, 3)


async def fail(message: bytes, resolver: FakeResolver | None = None) -> tuple[ProblemKind, int | None]:
    result = await check(message, resolver)
    assert result.status is Status.FAIL
    assert result.oldest_pass is None
    assert not result.authentic
    assert result.problem is not None
    return result.problem.kind, result.problem.instance


async def test_changed_message() -> None:
    message = await seal_times(2)
    for changed in (message.replace(b"Bye", b"bye"), message.replace(b"a chain", b"a Chain")):
        assert await fail(changed) == (ProblemKind.MESSAGE_SIGNATURE, 2)


async def test_changed_sets() -> None:
    message = await seal_times(3)
    for instance in (1, 2, 3):
        old = take_field(message, AAR, instance)
        # A seal covers its own set and those before: the newest that is wrong is told.
        assert await fail(message.replace(old, old.replace(b"spf=pass", b"spf=fail"))) == (
            ProblemKind.SEAL,
            3,
        )
    old = take_field(message, AS, 1)
    assert await fail(message.replace(old, old.replace(b"t=", b"t=1"))) == (ProblemKind.SEAL, 3)


@pytest.mark.parametrize("name", [AAR, AMS, AS])
@pytest.mark.parametrize("instance", [1, 2])
async def test_sets_must_be_complete(name: str, instance: int) -> None:
    """RFC 8617 §5.2 step 3 A and B."""
    message = await seal_times(2)
    field = take_field(message, name, instance)
    assert (await fail(message.replace(field, b"")))[0] is ProblemKind.SYNTAX
    assert (await fail(field + message))[0] is ProblemKind.SYNTAX
    assert (await fail(message.replace(field, field.replace(b"i=%d" % instance, b"i=3"))))[
        0
    ] is ProblemKind.SYNTAX


async def test_one_set_may_not_be_removed() -> None:
    message = await seal_times(2)
    for name in (AAR, AMS, AS):
        message = message.replace(take_field(message, name, 1), b"")
    assert (await fail(message))[0] is ProblemKind.SYNTAX


@pytest.mark.parametrize(
    ("replace", "kind"),
    [
        ((b"cv=none", b"cv=pass"), ProblemKind.STRUCTURE),
        ((b"cv=none", b"cv=fail"), ProblemKind.CHAIN_FAILED),
        ((b"cv=none", b"cv=FAIL"), ProblemKind.CHAIN_FAILED),
        ((b"cv=none", b"cv=maybe"), ProblemKind.SYNTAX),
        ((b" cv=none;", b""), ProblemKind.SYNTAX),
        # RFC 8617 §4.1.3: a seal with h= is none.
        ((b"cv=none", b"h=from; cv=none"), ProblemKind.SYNTAX),
        ((b"a=rsa-sha256", b"a=rsa-sha512"), ProblemKind.SEAL),
        ((b"d=mox.example", b"d=other.example"), ProblemKind.SEAL),
        ((b"s=rsa", b"s=ed"), ProblemKind.SEAL),
        ((b"d=mox.example", b"d="), ProblemKind.SYNTAX),
        ((b"i=1", b"i=0"), ProblemKind.SYNTAX),
        ((b"i=1", b"i=51"), ProblemKind.SYNTAX),
        ((b"i=1", b"i=x"), ProblemKind.SYNTAX),
        ((b"i=1;", b""), ProblemKind.SYNTAX),
    ],
)
async def test_seals_that_are_none(replace: tuple[bytes, bytes], kind: ProblemKind) -> None:
    assert (await fail(resign(await seal_times(1), replace=replace)))[0] is kind


@pytest.mark.parametrize("new", [b"x=1; cv=none", b"cv = NONE ", b"c=x; q=x; l=x; cv=none"])
async def test_seals_may_say_more_than_they_must(new: bytes) -> None:
    """Only the tags of RFC 8617 §4.1.3 count."""
    assert (await check(resign(await seal_times(1), replace=(b"cv=none", new)))).status is Status.PASS


async def test_name_server_that_does_not_answer_is_final() -> None:
    """RFC 8617 §5.2.1."""
    message = await seal_times(2)
    for name, found in (("ed", (ProblemKind.MESSAGE_SIGNATURE, 2)), ("rsa", (ProblemKind.SEAL, 1))):
        resolver = FakeResolver(zone(), temporary=[f"{name}._domainkey.mox.example"])
        assert await fail(message, resolver) == found
        result = await check(message, resolver)
        assert result.problem is not None
        assert result.problem.cause is not None
        assert result.problem.cause.status is dkim.Status.TEMPERROR


async def test_key_that_must_not_be_used() -> None:
    message = await seal_times(1)
    assert await fail(message, FakeResolver(zone(rsa="s=tlsrpt;"))) == (ProblemKind.MESSAGE_SIGNATURE, 1)
    # Test mode of a key is no excuse and no accusation.
    assert (await check(message, FakeResolver(zone(rsa="t=y;")))).status is Status.PASS


async def test_too_many_sets() -> None:
    fields = b"".join(f"ARC-Seal: i={at % 50 + 1}; x\r\n".encode() for at in range(MAX_SETS + 1))
    assert (await fail(fields + MESSAGE))[0] is ProblemKind.TOO_MANY_SETS


async def test_longest_chain_passes() -> None:
    message = await seal_times(MAX_SETS)
    began = time.process_time()
    result = await check(message)
    assert time.process_time() - began < 3
    assert (result.status, len(result.sets)) == (Status.PASS, MAX_SETS)


async def test_header_that_is_too_large() -> None:
    result = await verify(FakeResolver(), MESSAGE, now=NOW, limits=dkim.Limits(max_fields=2))
    assert result.problem is not None
    assert (result.status, result.problem.kind) == (Status.FAIL, ProblemKind.TOO_LARGE)


HOSTILE: list[Callable[[], bytes]] = [
    lambda: b"ARC-Seal: " + b"i" * 1_000_000,
    lambda: b"ARC-Seal: " + b";i=" * 330_000,
    lambda: b"ARC-Seal: " + b";cv=\t" * 200_000,
    lambda: b"ARC-Authentication-Results: " + b"(" * 1_000_000,
    lambda: b"ARC-Authentication-Results: " + b"()" * 500_000,
    lambda: b"ARC-Authentication-Results: " + b" \r\n " * 250_000,
    lambda: b"ARC-Message-Signature: i=1;" + b"h=a;" * 250_000,
    lambda: b"ARC-Seal: i=1; cv=none\r\n" * 9000,
]


@pytest.mark.parametrize("make", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_megabyte_takes_a_moment(make: Callable[[], bytes]) -> None:
    message = make() + b"\r\n" + MESSAGE
    began = time.process_time()
    assert (await check(message)).status is Status.FAIL
    assert time.process_time() - began < 3


@settings(deadline=None)
@given(st.binary(max_size=40), st.integers(0, 3000))
async def test_noise_gives_a_result(noise: bytes, place: int) -> None:
    message = await seal_times(2)
    result = await check(message[:place] + noise + message[place + len(noise) :])
    assert (result.status is Status.FAIL) is (result.problem is not None)
