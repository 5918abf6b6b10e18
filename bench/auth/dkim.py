"""DKIM: verifying and signing, ours and dkimpy's in turns, on keys in memory.

Both get the same message and the same key record; each figure is a median of rounds.
"""

import asyncio
import base64
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import dkim as dkimpy
from bench.mail import message
from bench.server import Report

from moxkit import dkim
from moxkit.domain import parse_domain
from moxkit.testing import FakeResolver

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DOMAIN = parse_domain("mox.example")
SELECTOR = parse_domain("s1")
ROUNDS = 5
SIZES = ((2 << 10, "2k"), (1 << 20, "1m"))


@dataclass(frozen=True)
class _Keys:
    name: str
    private: dkim.PrivateKey
    theirs: bytes

    @property
    def text(self) -> str:
        return str(dkim.public_record(self.private))


def measure_dkim(report: Report, scale: float) -> None:
    """Measure relaxed/relaxed with both kinds of keys, short and long messages."""
    rsa, ed25519 = dkim.generate_rsa(2048), dkim.generate_ed25519()
    both = (
        _Keys("rsa2048", rsa, dkim.encode_private_key(rsa)),
        _Keys("ed25519", ed25519, base64.b64encode(ed25519.private_bytes_raw())),
    )
    with asyncio.Runner() as runner:
        for keys in both:
            for size, name in SIZES:
                content = message(1, size)
                ours, theirs = _signers(keys, content)
                _compare(report, f"dkim_sign_{keys.name}_{name}", ours, theirs, scale)
                ours, theirs = _verifiers(runner, keys, ours() + content)
                _compare(report, f"dkim_verify_{keys.name}_{name}", ours, theirs, scale)


def _signers(keys: _Keys, content: bytes) -> tuple[Callable[[], bytes], Callable[[], bytes]]:
    key = dkim.SigningKey(selector=SELECTOR, private_key=keys.private)

    def ours() -> bytes:
        return dkim.sign(content, domain=DOMAIN, keys=[key], now=NOW)

    def theirs() -> bytes:
        signer = dkimpy.DKIM(content, signature_algorithm=f"{_kind(keys)}-sha256".encode())
        signed: bytes = signer.sign(b"s1", b"mox.example", keys.theirs, canonicalize=(b"relaxed", b"relaxed"))
        return signed

    return ours, theirs


def _verifiers(
    runner: asyncio.Runner, keys: _Keys, signed: bytes
) -> tuple[Callable[[], bytes], Callable[[], bytes]]:
    resolver = FakeResolver(f's1._domainkey.mox.example. TXT "{keys.text}"')
    text = keys.text.encode()

    async def check() -> None:
        # As many as a loop that is busy would do one after the other.
        for _ in range(10):
            [result] = await dkim.verify(resolver, signed, now=NOW)
            if result.status is not dkim.Status.PASS:
                raise RuntimeError(str(result.problem))

    def ours() -> bytes:
        runner.run(check())
        return b""

    def find_text(name: bytes, timeout: int = 5) -> bytes:
        return text

    def theirs() -> bytes:
        for _ in range(10):
            if not dkimpy.verify(signed, dnsfunc=find_text):
                raise RuntimeError("dkimpy refuses our signature")
        return b""

    return ours, theirs


def _kind(keys: _Keys) -> str:
    return dkim.key_type_of(keys.private)


def _compare(
    report: Report, name: str, ours: Callable[[], bytes], theirs: Callable[[], bytes], scale: float
) -> None:
    """Report both rates and how many times as fast we are."""
    times = 10 if name.startswith("dkim_verify") else 1
    rates: dict[str, list[float]] = {"ours": [], "dkimpy": []}
    for _ in range(ROUNDS):
        for who, function in (("ours", ours), ("dkimpy", theirs)):
            rates[who].append(times * _rate(function, 0.3 * scale))
    medians = {who: statistics.median(found) for who, found in rates.items()}
    report(name, medians["ours"], "/s")
    report(f"{name}_dkimpy", medians["dkimpy"], "/s")
    report(f"{name}_ratio", medians["ours"] / medians["dkimpy"], "times")


def _rate(function: Callable[[], bytes], seconds: float) -> float:
    calls, began = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - began) < seconds or not calls:
        function()
        calls += 1
    return calls / elapsed
