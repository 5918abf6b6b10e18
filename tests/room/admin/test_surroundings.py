"""What is found around a machine, and the listeners that follow from it."""

import pytest

from mox.admin import Level, Surroundings, look_around
from moxkit.domain import parse_domain
from moxkit.testing import FakeResolver

HOST = parse_domain("mail.mox.example")
ZONE = """com. NS a.example.
mail.mox.example. A 192.0.2.1
1.2.0.192.in-addr.arpa. PTR mail.mox.example.
"""


async def look(
    zone: str = ZONE, own: tuple[str, ...] = ("192.0.2.1",), *, is_signed: bool = True
) -> Surroundings:
    return await look_around(FakeResolver(zone, authentic=is_signed), HOST, dials=False, own=own)


def levels(found: Surroundings) -> dict[str, Level]:
    return {each.what: each.level for each in found.findings}


async def test_a_machine_that_is_ready() -> None:
    found = await look()
    assert {each.level for each in found.findings} == {Level.OK}
    assert (found.ips, found.listen_ips, found.nat_ips) == (("192.0.2.1",), ("192.0.2.1",), ())
    assert found.is_signed
    assert [each.what for each in found.findings] == [
        "DNSSEC: answers of the resolver are verified",
        "addresses of mail.mox.example",
        "reverse name of 192.0.2.1",
    ]


async def test_a_resolver_that_does_not_verify() -> None:
    found = await look(is_signed=False)
    assert not found.is_signed
    assert levels(found)["DNSSEC: answers of the resolver are verified"] is Level.WARNING
    texts = [each.text for each in found.findings if each.level is not Level.OK]
    assert "Install unbound on this machine" in texts[0]
    assert "DANE records are of no use to others yet" in texts[1]


@pytest.mark.parametrize(
    ("record", "text"),
    [
        ("PTR other.example.", "It is other.example, and has to be mail.mox.example alone"),
        (
            "PTR mail.mox.example.\n1.2.0.192.in-addr.arpa. PTR b.example.",
            "and has to be mail.mox.example alone",
        ),
        ("TXT x", "It is missing, and has to be"),
    ],
)
async def test_a_reverse_name_that_others_refuse(record: str, text: str) -> None:
    found = await look(ZONE.replace("PTR mail.mox.example.", record))
    [finding] = [each for each in found.findings if each.level is Level.WARNING]
    assert text in finding.text


async def test_a_host_that_dns_does_not_know() -> None:
    found = await look("com. NS a.example.\n")
    assert found.listen_ips == ("0.0.0.0", "::")
    assert levels(found)["addresses of mail.mox.example"] is Level.WARNING
    assert "add an A and an AAAA record" in found.findings[1].text


async def test_a_host_that_is_only_itself() -> None:
    found = await look(ZONE.replace("A 192.0.2.1", "A 127.0.1.1"))
    assert (found.ips, found.listen_ips) == ((), ("0.0.0.0", "::"))
    assert "look into /etc/hosts" in found.findings[1].text


async def test_an_address_that_is_on_a_list() -> None:
    listed = "1.2.0.192.bl.spamcop.net. A 127.0.0.2\n1.2.0.192.bl.spamcop.net. TXT seen\n"
    found = await look(ZONE + listed)
    [finding] = [each for each in found.findings if each.level is Level.WARNING]
    assert (finding.what, finding.text) == (
        "192.0.2.1 on the block list bl.spamcop.net",
        "It is on it: seen.",
    )
