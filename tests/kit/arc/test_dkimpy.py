"""Agreement with dkimpy about chains, in both directions and in turns."""

import dkim as dkimpy
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from kit.arc.chains import check, seal_once
from kit.dkim.keyring import KEYS, RSA
from kit.dkim.letters import letters
from moxkit import dkim
from moxkit.arc import Status

MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEXTS = {
    f"{name}._domainkey.mox.example.".encode(): str(dkim.public_record(key)).encode()
    for name, key in KEYS.items()
}
PEM = dkim.encode_private_key(RSA)


def find_text(name: bytes, timeout: int = 5) -> bytes:
    return TEXTS[name]


def seal_with_dkimpy(message: bytes) -> bytes:
    """Seal as dkimpy does: it takes its findings from an Authentication-Results field."""
    found = b"Authentication-Results: mx.example; arc=pass\r\n" + message
    if b"ARC-Seal" not in message:
        found = found.replace(b"arc=pass", b"arc=none", 1)
    fields = dkimpy.arc_sign(found, b"rsa", b"mox.example", PEM, b"mx.example")
    return b"".join(fields) + message


@MANY
@given(letters(), st.lists(st.sampled_from(["ours", "theirs"]), min_size=1, max_size=4))
async def test_we_agree_on_chains_sealed_in_turns(message: bytes, turns: list[str]) -> None:
    for who in turns:
        message = (
            seal_once(message, await check(message), "rsa") if who == "ours" else seal_with_dkimpy(message)
        )
    result = await check(message)
    assert (result.status, result.problem, len(result.sets)) == (Status.PASS, None, len(turns))
    validation, _, reason = dkimpy.arc_verify(message, dnsfunc=find_text)
    assert (validation, reason) == (b"pass", "success")


@pytest.mark.parametrize("old", [b"Bye", b"arc=none", b"cv=pass", b"d=mox.example"])
async def test_we_agree_on_broken_chains(old: bytes) -> None:
    message = b"From: joe@mox.example\r\nSubject: x\r\n\r\nBye\r\n"
    for _ in range(2):
        message = seal_once(message, await check(message), "rsa")
    changed = message.replace(old, old[:-1] + bytes([old[-1] ^ 1]), 1)
    assert changed != message
    assert (await check(changed)).status is Status.FAIL
    try:
        validation = dkimpy.arc_verify(changed, dnsfunc=find_text)[0]
    except (dkimpy.DKIMException, KeyError):
        validation = b"fail"
    assert validation == b"fail"
