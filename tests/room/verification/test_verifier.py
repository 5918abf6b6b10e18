"""SPF, DKIM, ARC, DMARC and the reverse name together, and what follows for the author."""

import asyncio
from datetime import timedelta

import pytest

from mox.verification import Peer, Verification, Verifier
from moxkit import arc, dkim, dmarc, iprev, spf
from moxkit.dns import Answer
from moxkit.domain import parse_domain
from moxkit.testing import FakeClock, FakeResolver

KEY = dkim.generate_ed25519()
RECORD = str(dkim.public_record(KEY))
ZONE = f"""
10.2.0.192.in-addr.arpa PTR mx.x.example.
mx.x.example A 192.0.2.10
x.example TXT "v=spf1 ip4:192.0.2.10 -all"
mx.x.example TXT "v=spf1 a -all"
s._domainkey.x.example TXT "{RECORD}"
s._domainkey.other.example TXT "{RECORD}"
_dmarc.x.example TXT "v=DMARC1; p=reject"
_dmarc.soft.example TXT "v=DMARC1; p=quarantine"
_dmarc.none.example TXT "v=DMARC1; p=none"
"""
PEER = Peer("192.0.2.10", "mx.x.example", "mail.mox.example")


def letter(author: str = "ann@x.example") -> bytes:
    return f"From: Ann <{author}>\r\nSubject: hello\r\n\r\nbody\r\n".encode()


def signed(octets: bytes, domain: str, clock: FakeClock) -> bytes:
    keys = [dkim.SigningKey(selector=parse_domain("s"), private_key=KEY)]
    return dkim.sign(octets, domain=parse_domain(domain), keys=keys, now=clock.now()) + octets


async def verify(
    octets: bytes,
    *,
    peer: Peer = PEER,
    mail_from: str = "ann@x.example",
    resolver: FakeResolver | None = None,
    clock: FakeClock | None = None,
) -> Verification:
    verifier = Verifier(resolver=resolver or FakeResolver(ZONE), clock=clock or FakeClock())
    header = octets[: octets.find(b"\r\n\r\n") + 4]
    return await verifier.verify(peer, mail_from, octets, header)


async def test_a_good_letter(clock: FakeClock) -> None:
    found = await verify(signed(letter(), "x.example", clock), clock=clock)
    assert found.iprev.status is iprev.Status.PASS
    assert (found.spf.status, found.spf.identity) == (spf.Status.PASS, spf.Identity.MAILFROM)
    assert [each.status for each in found.dkim] == [dkim.Status.PASS]
    assert found.arc.status is arc.Status.NONE
    assert found.dmarc is not None
    assert found.dmarc.status is dmarc.Status.PASS
    assert found.author is not None
    assert str(found.author_domain) == "x.example"
    assert [str(domain) for domain in found.verified_domains] == ["x.example"]
    assert found.is_author_validated
    assert found.is_mail_from_validated
    assert found.is_ehlo_validated
    assert not found.dmarc_rejects


@pytest.mark.parametrize(
    ("author", "signer", "mail_from", "ip", "validated", "rejects"),
    [
        ("ann@x.example", None, "ann@x.example", "192.0.2.10", True, False),
        ("ann@x.example", None, "ann@x.example", "192.0.2.11", False, True),
        ("ann@x.example", "x.example", "ann@x.example", "192.0.2.11", True, False),
        ("ann@x.example", "other.example", "bob@other.example", "192.0.2.10", False, True),
        ("ann@sub.x.example", "x.example", "", "192.0.2.11", True, False),
        ("ann@soft.example", None, "", "192.0.2.10", False, True),
        ("ann@none.example", None, "", "192.0.2.10", False, False),
        ("ann@nothing.example", None, "", "192.0.2.10", False, False),
    ],
)
async def test_who_vouches_for_the_author(
    clock: FakeClock,
    author: str,
    signer: str | None,
    mail_from: str,
    ip: str,
    validated: bool,
    rejects: bool,
) -> None:
    octets = letter(author)
    octets = octets if signer is None else signed(octets, signer, clock)
    peer = Peer(ip, "mx.x.example", "mail.mox.example")
    found = await verify(octets, peer=peer, mail_from=mail_from, clock=clock)
    assert (found.is_author_validated, found.dmarc_rejects) == (validated, rejects)


@pytest.mark.parametrize(
    ("ehlo", "mail_from", "validated"),
    [
        ("mx.x.example", "", True),
        ("mx.x.example", "ann@x.example", True),
        ("other.example", "", False),
        ("[192.0.2.10]", "", False),
        ("not a name", "ann@x.example", False),
    ],
)
async def test_whom_the_client_says_to_be(ehlo: str, mail_from: str, validated: bool) -> None:
    peer = Peer("192.0.2.10", ehlo, "mail.mox.example")
    found = await verify(letter(), peer=peer, mail_from=mail_from)
    assert found.is_ehlo_validated is validated


@pytest.mark.parametrize(
    "octets",
    [
        b"\r\nno header\r\n",
        b"",
        b"From: a@x.example, b@x.example\r\n\r\n",
        b"From: a@x.example\r\nFrom: b@x.example\r\n\r\n",
        b"From: a@not..a.name\r\n\r\n",
        b"\xff\xff: \x00\r\nFrom\r\n\r\n",
    ],
)
async def test_without_an_author_there_is_no_dmarc(octets: bytes) -> None:
    found = await verify(octets)
    assert found.dmarc is None
    assert not found.is_author_validated
    assert not found.dmarc_rejects


class Silent(FakeResolver):
    """Never answers questions for texts."""

    async def txt(self, name: str) -> Answer[str]:
        await asyncio.Event().wait()
        raise AssertionError


async def test_what_is_not_done_in_time_is_not_held_against_anybody(clock: FakeClock) -> None:
    octets = signed(letter(), "x.example", clock)
    verifying = asyncio.ensure_future(verify(octets, resolver=Silent(ZONE), clock=clock))
    while not verifying.done():
        await clock.advance(1)
    found = verifying.result()
    assert found.iprev.status is iprev.Status.PASS
    assert found.spf.status is spf.Status.TEMPERROR
    assert [each.status for each in found.dkim] == [dkim.Status.TEMPERROR]
    assert found.dmarc is not None
    assert found.dmarc.status is dmarc.Status.TEMPERROR
    assert not found.dmarc_rejects
    # Block lists come after it, and an answer within a minute.
    assert timedelta(seconds=20) < clock.now() - FakeClock().now() < timedelta(seconds=50)


async def test_a_thousand_signatures_take_ten_checks(clock: FakeClock) -> None:
    one = signed(letter(), "x.example", clock)
    field = one[: len(one) - len(letter())]
    resolver = FakeResolver(ZONE)
    found = await verify(field * 1000 + letter(), resolver=resolver, clock=clock)
    assert len(found.dkim) == 1000
    assert sum(each.status is dkim.Status.PASS for each in found.dkim) == 10
    assert [str(domain) for domain in found.verified_domains] == ["x.example"]
    assert sum("_domainkey" in query for query in resolver.queries) == 1
