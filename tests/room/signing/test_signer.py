"""Signing for the author's domain: with each of its keys, small and large, and never in the way of mail."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from mox.config import DKIM, Canonicalization, DomainConfig, Selector
from mox.config.testing import make
from mox.signing import KeyRing, Signer
from mox.store import Content
from moxkit import dkim
from moxkit.message import Address
from moxkit.testing import FakeClock, FakeResolver

AUTHOR = Address("Mira", "mira", "mox.example")
RELAXED = Canonicalization(header_relaxed=True, body_relaxed=True)
PREFIX = b"Message-Id: <1@mox.example>\r\nDate: Wed, 2 Jan 2030 03:04:05 +0000\r\n"
MESSAGE = b"From: Mira <mira@mox.example>\r\nSubject: lunch\r\n\r\nAt noon?\r\n"


class Keys:
    """Two keys in files, and what is to be published of them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.zone = ""
        self.write("one", dkim.generate_ed25519())
        self.write("two", dkim.generate_rsa(1024))

    def write(self, name: str, key: dkim.PrivateKey) -> None:
        (self.directory / f"{name}.pem").write_bytes(dkim.encode_private_key(key))
        self.zone += f'{name}._domainkey.mox.example. TXT "{dkim.public_record(key)}"\n'


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path)


def signer(
    keys: Keys,
    clock: FakeClock,
    pool: ThreadPoolExecutor,
    sign: tuple[str, ...] = ("one",),
    **selector: object,
) -> Signer:
    selectors = {
        name: Selector(private_key_file=f"{name}.pem", **selector)  # type: ignore[arg-type]
        for name in ("one", "two", "lost")
    }
    config = make(domains={"mox.example": DomainConfig(dkim=DKIM(selectors=selectors, sign=sign))})
    return Signer(current=lambda: config, keys=KeyRing(keys.directory), clock=clock, pool=pool)


def content(tmp_path: Path, octets: bytes, *, in_memory: bool = True) -> Content:
    path = tmp_path / "content"
    path.write_bytes(octets)
    return Content(path, len(octets), octets if in_memory else None)


async def verify(keys: Keys, clock: FakeClock, octets: bytes) -> list[dkim.Result]:
    return list(await dkim.verify(FakeResolver(keys.zone), octets, now=clock.now()))


@pytest.mark.parametrize("in_memory", [True, False])
async def test_signs_what_is_added_too(
    keys: Keys, clock: FakeClock, pool: ThreadPoolExecutor, tmp_path: Path, in_memory: bool
) -> None:
    signing = signer(keys, clock, pool, ("one", "two"), canonicalization=RELAXED)
    fields = await signing.sign(content(tmp_path, MESSAGE, in_memory=in_memory), PREFIX, AUTHOR)
    results = await verify(keys, clock, fields + PREFIX + MESSAGE)
    assert [result.status for result in results] == [dkim.Status.PASS] * 2
    [one, two] = [result.signature for result in results if result.signature is not None]
    assert (one.selector.ascii, two.selector.ascii) == ("one", "two")
    assert {"message-id", "date"} <= set(one.headers)
    assert str(one.identity) == "mira@mox.example"
    changed = PREFIX.replace(b"<1@", b"<2@")
    for result in await verify(keys, clock, fields + changed + MESSAGE):
        assert result.status is dkim.Status.FAIL


async def test_signs_as_configured(
    keys: Keys, clock: FakeClock, pool: ThreadPoolExecutor, tmp_path: Path
) -> None:
    signing = signer(
        keys, clock, pool, headers=("From", "Subject"), dont_seal_headers=True, expiration=timedelta(hours=72)
    )
    [result] = await verify(
        keys, clock, await signing.sign(content(tmp_path, MESSAGE), b"", AUTHOR) + MESSAGE
    )
    signature = result.signature
    assert signature is not None
    assert signature.headers == ("from", "subject")
    assert signature.header_canonicalization is dkim.Canonicalization.SIMPLE
    assert signature.expires_at is not None
    assert signature.signed_at is not None
    assert signature.expires_at - signature.signed_at == timedelta(hours=72)


@pytest.mark.parametrize("author", [Address("", "a", "else.example"), Address("", "a", "not a name")])
async def test_foreign_authors_are_not_signed_for(
    keys: Keys, clock: FakeClock, pool: ThreadPoolExecutor, tmp_path: Path, author: Address
) -> None:
    assert await signer(keys, clock, pool).sign(content(tmp_path, MESSAGE), b"", author) == b""


async def test_a_key_that_is_lost_does_not_stop_mail(
    keys: Keys, clock: FakeClock, pool: ThreadPoolExecutor, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    signing = signer(keys, clock, pool, ("lost", "one"))
    fields = await signing.sign(content(tmp_path, MESSAGE), b"", AUTHOR)
    assert fields.count(b"DKIM-Signature:") == 1
    assert "message is not signed with a selector" in caplog.messages
    (keys.directory / "one.pem").write_bytes(
        b"-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----\n"
    )
    assert await signing.sign(content(tmp_path, MESSAGE), b"", AUTHOR) == b""
    assert "SECRET" not in "\n".join(str(record.__dict__) for record in caplog.records)


async def test_sha1_is_not_used(
    keys: Keys, clock: FakeClock, pool: ThreadPoolExecutor, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert await signer(keys, clock, pool, hash="sha1").sign(content(tmp_path, MESSAGE), b"", AUTHOR) == b""
    assert "not secure" in caplog.records[0].__dict__["problem"]


async def test_a_new_key_is_used_at_once(
    keys: Keys, clock: FakeClock, pool: ThreadPoolExecutor, tmp_path: Path
) -> None:
    signing = signer(keys, clock, pool)
    await signing.sign(content(tmp_path, MESSAGE), b"", AUTHOR)
    keys.zone = ""
    keys.write("one", dkim.generate_ed25519())
    os.utime(keys.directory / "one.pem", ns=(1, 1))
    fields = await signing.sign(content(tmp_path, MESSAGE), b"", AUTHOR)
    [result] = await verify(keys, clock, fields + MESSAGE)
    assert result.status is dkim.Status.PASS


async def test_odd_localparts_are_left_out(
    keys: Keys, clock: FakeClock, pool: ThreadPoolExecutor, tmp_path: Path
) -> None:
    fields = await signer(keys, clock, pool).sign(
        content(tmp_path, MESSAGE), b"", Address("", "a b", "mox.example")
    )
    [result] = await verify(keys, clock, fields + MESSAGE)
    assert result.status is dkim.Status.PASS
    assert b" i=" not in fields
