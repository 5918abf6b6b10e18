"""Sealing for tests: handlers mox.example with the keys of `kit.dkim.keyring`, in any number."""

import re

from kit.dkim.keyring import DOMAIN, KEYS, NOW, zone
from moxkit.arc import Result, seal, verify
from moxkit.domain import parse_domain
from moxkit.testing import FakeResolver

__all__ = ["MESSAGE", "check", "seal_once", "seal_times"]

MESSAGE = (
    b"From: Joe <joe@mox.example>\r\nTo: list@mox.example\r\nSubject: a chain\r\n"
    b"DKIM-Signature: v=1; nonsense\r\n\r\nHi.\r\n\r\nBye  now.\r\n"
)
RESULTS = "mx.mox.example; spf=pass smtp.mailfrom=mox.example; arc=none (nothing there)"


async def check(message: bytes, resolver: FakeResolver | None = None) -> Result:
    return await verify(resolver or FakeResolver(zone()), message, now=NOW)


def seal_once(message: bytes, chain: Result, selector: str = "ed") -> bytes:
    fields = seal(
        message,
        chain=chain,
        authentication_results=RESULTS,
        domain=DOMAIN,
        selector=parse_domain(selector),
        private_key=KEYS[selector],
        now=NOW,
    )
    return fields + message


async def seal_times(times: int, message: bytes = MESSAGE) -> bytes:
    for at in range(times):
        message = seal_once(message, await check(message), "ed" if at % 2 else "rsa")
    return message


def take_field(message: bytes, name: str, instance: int) -> bytes:
    """Return one ARC field with its CRLF."""
    pattern = rf"^{name}: i={instance};[^\n]*\n(?:[ \t][^\n]*\n)*".encode()
    found = re.search(pattern, message, re.MULTILINE)
    assert found is not None
    return found[0]
