"""SPF and DKIM -> DMARC, as a header tells it (RFC 7489 §3.1, §6.6.2); messages made to be expensive."""

import base64
import time
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

from mox.verification import Peer, Verification, Verifier
from moxkit import dkim, dmarc, spf
from moxkit.domain import parse_domain
from moxkit.testing import FakeClock, FakeResolver

KEY = dkim.generate_ed25519()
RECORD = str(dkim.public_record(KEY))
HUGE = base64.b64encode(
    RSAPublicNumbers(65537, (1 << 16_383) | 1)
    .public_key()
    .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()
ZONE = f"""
10.2.0.192.in-addr.arpa PTR mx.x.example.
mx.x.example A 192.0.2.10
x.example TXT "v=spf1 ip4:192.0.2.10 -all"
other.example TXT "v=spf1 ip4:192.0.2.10 -all"
fail.x.example TXT "v=spf1 -all"
s._domainkey.x.example TXT "{RECORD}"
s._domainkey.other.example TXT "{RECORD}"
huge._domainkey.x.example TXT "v=DKIM1; p={HUGE}"
_dmarc.x.example TXT "v=DMARC1; p=reject"
deep.example TXT "v=spf1 include:deep.example include:deep.example include:deep.example -all"
wide.example TXT "v=spf1 {" ".join(f"exists:{n}.wide.example" for n in range(60))} -all"
names.example TXT "v=spf1 mx -all"
{chr(10).join(f"names.example MX 10 mx{n}.names.example." for n in range(200))}
"""
TEMPORARY = ("late.x.example", "late._domainkey.x.example")
PEER = Peer("192.0.2.10", "mx.x.example", "mail.mox.example")
LETTER = b"From: Ann <ann@x.example>\r\nSubject: hello\r\n\r\nbody\r\n"


@dataclass(frozen=True)
class Case:
    """What DMARC makes of one result of SPF, for each of DKIM's in `SIGNED`."""

    mail_from: str
    spf: str
    dmarc: str


SIGNED = ("x.example pass", "other.example pass", "x.example fail", "none", "x.example temperror")
CASES = [
    Case("ann@x.example", "pass", "pass pass pass pass pass"),
    Case("ann@other.example", "pass", "pass fail fail fail temperror"),
    Case("ann@fail.x.example", "fail", "pass fail fail fail temperror"),
    Case("ann@none.example", "none", "pass fail fail fail temperror"),
    Case("ann@late.x.example", "temperror", "pass temperror temperror temperror temperror"),
]


def sign(domain: str, octets: bytes, selector: str = "s") -> bytes:
    keys = [dkim.SigningKey(selector=parse_domain(selector), private_key=KEY)]
    return dkim.sign(octets, domain=parse_domain(domain), keys=keys, now=FakeClock().now()) + octets


def letter(signed: str) -> bytes:
    """Return a letter that DKIM says this of."""
    if signed == "none":
        return LETTER
    domain, result = signed.split()
    octets = sign(domain, LETTER, "late" if result == "temperror" else "s")
    return octets.replace(b"body", b"buy this") if result == "fail" else octets


async def verify(octets: bytes, mail_from: str, resolver: FakeResolver | None = None) -> Verification:
    verifier = Verifier(resolver=resolver or FakeResolver(ZONE, temporary=TEMPORARY), clock=FakeClock())
    header = octets[: octets.find(b"\r\n\r\n") + 4]
    return await verifier.verify(PEER, mail_from, octets, header)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"spf-{case.mail_from}")
@pytest.mark.parametrize("column", range(len(SIGNED)), ids=SIGNED)
async def test_table(case: Case, column: int) -> None:
    signed = SIGNED[column]
    found = await verify(letter(signed), case.mail_from)
    assert found.spf.status == case.spf
    assert [each.status for each in found.dkim] == signed.split()[1:]
    assert found.dmarc is not None
    expected = case.dmarc.split()[column]
    assert found.dmarc.status == expected
    assert found.dmarc_rejects is (expected == "fail")
    assert (found.dmarc.policy is dmarc.Policy.REJECT) is (expected == "fail")


async def test_a_huge_key_is_not_used() -> None:
    octets = (
        sign("x.example", LETTER).replace(b"a=ed25519-sha256", b"a=rsa-sha256").replace(b"s=s;", b"s=huge;")
    )
    before = time.perf_counter()
    found = await verify(octets, "")
    assert time.perf_counter() - before < 1
    [result] = found.dkim
    assert (result.status, result.problem and result.problem.kind) == ("permerror", "key-size")


@pytest.mark.parametrize(
    ("domain", "status", "most"),
    [
        # RFC 7208 §4.6.4.
        ("deep.example", spf.Status.PERMERROR, 20),
        ("wide.example", spf.Status.PERMERROR, 20),
        ("names.example", spf.Status.PERMERROR, 20),
    ],
)
async def test_records_made_to_be_expensive(domain: str, status: spf.Status, most: int) -> None:
    resolver = FakeResolver(ZONE)
    found = await verify(LETTER, f"ann@{domain}", resolver)
    assert found.spf.status is status
    assert len(resolver.queries) <= most


@pytest.mark.parametrize(
    "header",
    [
        b"DKIM-Signature: v=1; d=x.example; s=s; h=" + b"a:" * 100_000 + b"\r\n",
        b"DKIM-Signature:" + b" ;" * 500_000 + b"\r\n",
        b"ARC-Seal: i=1; cv=none\r\n" * 20_000,
        b"ARC-Authentication-Results: i=1; " + b"(" * 1_000_000 + b"\r\n",
        b"From: " + b"(" * 1_000_000 + b"\r\n",
        b"From: " + b"<a@x.example>, " * 60_000 + b"\r\n",
        b"X" * 1_000_000 + b": y\r\n",
    ],
    ids=["names", "tags", "seals", "comments", "from-comments", "from-many", "long-name"],
)
async def test_hostile_headers_end_soon(header: bytes) -> None:
    before = time.perf_counter()
    found = await verify(header + b"Subject: x\r\n\r\nbody\r\n", "ann@x.example")
    assert time.perf_counter() - before < 3
    assert not found.verified_domains
