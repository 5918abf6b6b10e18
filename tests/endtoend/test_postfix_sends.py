"""A Postfix sends to us: as another domain's server, as a smarthost's client, and what it has to report."""

import re
from collections.abc import Callable, Iterator

import pytest

from endtoend.evidence import notified_of, signatures_of
from endtoend.mailworld import World
from endtoend.postfix import Postfix, find_postfix
from endtoend.sendingserver import DOMAIN, PASSWORD, USER
from moxkit.dsn import Action, parse_dsn

pytestmark = pytest.mark.endtoend

FRIEND = "friend@good.insecure.example"


def letter(subject: str, body: bytes = b"hello") -> bytes:
    return f"From: {FRIEND}\nTo: {USER}\nSubject: {subject}\n\n".encode() + body + b"\n"


def received(world: World, subject: str) -> bytes:
    """Return the message of that subject from the Inbox, when it is there."""
    world.server.wait_for(subject)
    [found] = [each for each in world.server.inbox() if f"\r\nSubject: {subject}\r\n".encode() in each]
    return found


@pytest.fixture(scope="module")
def office(world: World, program: Callable[[str, str], str]) -> Iterator[Postfix]:
    """A Postfix that hands everything to our submission port, with password and verified TLS."""
    settings = {
        "virtual_mailbox_domains": "",
        "relayhost": f"[localhost]:{world.server.submission}",
        "smtp_sasl_auth_enable": "yes",
        "smtp_sasl_password_maps": f"static:{USER}:{PASSWORD}",
        "smtp_sasl_security_options": "noanonymous",
        "smtp_tls_security_level": "secure",
        "smtp_tls_CAfile": str(world.server.roots),
    }
    with Postfix(find_postfix(program), {}, elsewhere=DOMAIN, settings=settings) as office:
        yield office


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("short", b"hello"),
        ("dots", b".\n..\n. \nx\n."),
        ("eight bit", "grüße, 日本".encode()),
        ("long", b"\n".join(b"%07d %s" % (n, b"y" * 60) for n in range(100_000))),
    ],
)
def test_mail_from_postfix_arrives_octet_by_octet(world: World, subject: str, body: bytes) -> None:
    world.postfix.send(FRIEND, USER, letter(subject, body))
    octets = received(world, subject)
    header, _, got = octets.partition(b"\r\n\r\n")
    assert got == (body + b"\n").replace(b"\n", b"\r\n")
    [ours, theirs] = re.findall(rb"^Received: (?:.+\r\n\s)*.+", header, re.MULTILINE)
    assert b"from mx.postfix.example " in ours
    assert b" with ESMTPS" in ours
    assert b"Postfix" in theirs
    assert b"Delivered-To: me@mox.secure.example\r\nReturn-Path: <%b>\r\n" % FRIEND.encode() in header


def test_many_at_once_arrive(world: World) -> None:
    for n in range(40):
        world.postfix.send(FRIEND, USER, letter(f"crowd {n:02}"))
    for n in range(40):
        received(world, f"crowd {n:02}")


def test_what_we_refuse_postfix_tells_its_sender(world: World) -> None:
    sender = "sorry@good.insecure.example"
    world.postfix.send(sender, f"unknown@{DOMAIN}", letter("refused"))
    [octets] = world.arrived("sorry")
    [recipient] = parse_dsn(octets).status.recipients
    assert recipient.action is Action.FAILED
    assert recipient.final_recipient.address == f"unknown@{DOMAIN}"
    assert recipient.status == "5.1.1"
    assert recipient.diagnostic is not None
    assert recipient.diagnostic.smtp_code == 550


def test_a_late_notification_finds_its_way_back(world: World) -> None:
    """It took the message first: its notification comes from the null path, by our port 25."""
    to = "later@good.insecure.example"
    world.server.submit(f"From: {USER}\r\nSubject: later\r\n\r\nhello\r\n".encode(), [to])
    assert world.server.wait_until_done(to)["attempts"][0]["result"] == "delivered"
    world.server.wait_for("Undelivered Mail Returned to Sender")
    recipient = notified_of(world.server, "nobody@good.insecure.example")
    assert recipient.action is Action.FAILED
    assert recipient.status == "5.1.1"
    [octets] = [each for each in world.server.inbox() if b"\r\nSubject: Undelivered Mail" in each]
    assert b"Delivered-To: me@mox.secure.example\r\nReturn-Path: <>\r\n" in octets


@pytest.mark.parametrize("body", [b"hello", "grüße".encode(), b"z" * 70 + b"\n.\n" * 200_000])
async def test_postfix_submits_for_us_to_sign_and_send(world: World, office: Postfix, body: bytes) -> None:
    name = f"office{len(body)}"
    content = f"From: {USER}\nSubject: from the office\n\n".encode() + body + b"\n"
    office.send(USER, f"{name}@good.insecure.example", content)
    [octets] = world.arrived(name)
    assert octets.endswith((b"\n" + body + b"\n").replace(b"\n", b"\r\n"))
    assert await signatures_of(octets, world.internet.resolver) == ["pass", "pass"]
    assert b" with ESMTPSA" in octets


def test_postfix_may_not_submit_for_others(world: World, office: Postfix) -> None:
    office.send("ceo@elsewhere.example", "victim@good.insecure.example", letter("not mine"))
    line = office.wait_for_log("to=<victim@good.insecure.example>.*status=bounced")
    assert "5.7.1" in line or "5.7." in line, line
    assert world.postfix.mailbox("victim") == []
