"""A Postfix sends to us from the internet: good mail, forged, by a list that changes it, forwarded with ARC.

OpenDKIM signs for the author's domain, which asks for refusal of what it does not vouch for. Each outcome is
looked at where people see it: in Postfix's log, in the mailbox, and in what `mox message why` says.
"""

import contextlib
import itertools
import re
import smtplib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import dkim as dkimpy
import pytest

from endtoend.dnssec import free_port, running
from endtoend.localdns import REVERSE, quoted, serve_zones
from endtoend.postfix import Door, Postfix, find_postfix
from endtoend.receivingserver import HOSTNAME, PAT, USER, ReceivingServer
from endtoend.sendingserver import DOMAIN
from moxkit import arc, dkim
from moxkit.dns import DnsResolver, parse_name_server
from moxkit.domain import parse_domain

pytestmark = pytest.mark.endtoend

AUTHOR = "ann@good.example"
LIST, FORWARDER, THIEF = "bounces@list.example", "me@forward.example", "x@evil.example"
# From where Postfix sends, and where it takes the author's mail.
OUTSIDE, INSIDE = "127.2.0.1", "127.2.0.2"
KEYS = {name: dkim.generate_rsa() for name in ("good", "forward")}
RECORDS = f"""ns A 127.0.0.1
mx.postfix A {OUTSIDE}
good TXT "v=spf1 ip4:{OUTSIDE} -all"
_dmarc.good TXT "v=DMARC1; p=reject"
list TXT "v=spf1 ip4:{OUTSIDE} -all"
forward TXT "v=spf1 ip4:{OUTSIDE} -all"
evil TXT "v=spf1 ip4:{OUTSIDE} -all"
poor TXT "v=spf1 ip4:192.0.2.1 -all"
""" + "".join(
    f"s._domainkey.{name} TXT {quoted(str(dkim.public_record(key)))}\n" for name, key in KEYS.items()
)
_OPENDKIM = """Syslog no
RequireSafeKeys no
Mode s
InternalHosts 0.0.0.0/0
Domain good.example
Selector s
KeyFile {key}
Canonicalization relaxed/relaxed
Socket inet:{port}@127.0.0.1
UserID root
"""
_NUMBERS = itertools.count()


@dataclass(frozen=True, slots=True)
class World:
    """What runs."""

    server: ReceivingServer
    postfix: Postfix
    door: int
    dns: str

    def write(self, subject: str, to: str = USER) -> None:
        """Send as the author does."""
        with smtplib.SMTP(INSIDE, self.door, timeout=20) as client:
            client.sendmail(AUTHOR, [to], letter(subject))

    def sent(self, to: str, status: str, text: str) -> str:
        """Return what Postfix wrote down of a message, with our answer in it."""
        return self.postfix.wait_for_log(f"to=<{re.escape(to)}>.*status={status}.*{text}")

    def got(self, subject: str, mailbox: str = "INBOX", user: str = USER) -> bytes:
        """Return the message of a subject when it is in a mailbox."""
        end = time.monotonic() + 20
        while True:
            for each in self.server.mail(mailbox, user):
                if f"\r\nSubject: {subject}\r\n".encode() in each:
                    return each
            assert time.monotonic() < end, (
                f"no {subject!r}\n{self.postfix.log_tail()}\n{self.server.log_tail()}"
            )
            time.sleep(0.05)


def letter(subject: str) -> bytes:
    # Complete: Postfix adds nothing that a signature says is not there.
    return (
        f"From: Ann <{AUTHOR}>\r\nTo: {USER}\r\nSubject: {subject}\r\n"
        "Date: Thu, 26 Nov 2026 10:00:00 +0000\r\n"
        f"Message-ID: <{next(_NUMBERS)}@good.example>\r\n\r\nhello\r\n"
    ).encode()


@contextlib.contextmanager
def signing(program: str, directory: Path) -> Iterator[int]:
    """Run OpenDKIM for the author's domain; yields its port."""
    key, port = directory / "key.pem", free_port()
    key.write_bytes(dkim.encode_private_key(KEYS["good"]))
    configuration = directory / "opendkim.conf"
    configuration.write_text(_OPENDKIM.format(key=key, port=port))
    with running([program, "-f", "-x", str(configuration)], port, directory / "log"):
        yield port


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, program: Callable[[str, str], str]) -> Iterator[World]:
    postfix, opendkim = find_postfix(program), program("opendkim", "opendkim")
    directory, port = tmp_path_factory.mktemp("receiving"), free_port()
    for name in ("dns", "opendkim", "server"):
        (directory / name).mkdir()
    with contextlib.ExitStack() as stack:
        zones = {"example": RECORDS, REVERSE: "1.0.2 PTR mx.postfix.example.\n"}
        dns = stack.enter_context(serve_zones(directory / "dns", program, zones))
        milter = stack.enter_context(signing(opendkim, directory / "opendkim"))
        server = ReceivingServer(directory / "server", dns=dns)
        stack.callback(server.kill)
        server.start()
        inside = {
            "smtpd_milters": f"inet:127.0.0.1:{milter}",
            "smtpd_relay_restrictions": "permit_mynetworks, reject",
        }
        settings = {
            "relayhost": f"[127.0.0.1]:{server.smtp}",
            "smtp_bind_address": OUTSIDE,
            "smtp_tls_security_level": "may",
        }
        doors = {"inside": Door(INSIDE, port, settings=inside)}
        sender = stack.enter_context(Postfix(postfix, doors, elsewhere=DOMAIN, settings=settings))
        yield World(server, sender, port, dns)
        assert server.stop() == 0, server.log_tail()


def results_of(octets: bytes) -> str:
    """Return our Authentication-Results, in one line."""
    header = octets.partition(b"\r\n\r\n")[0].replace(b"\r\n\t", b" ").replace(b"\r\n ", b" ").decode()
    [found] = re.findall(rf"^Authentication-Results: {re.escape(HOSTNAME)};.*", header, re.MULTILINE)
    return str(found)


def test_good_mail_arrives_verified(world: World) -> None:
    world.write("good")
    world.sent(USER, "sent", "250 2.2.0")
    octets = world.got("good")
    results = results_of(octets)
    for part in (
        "iprev=pass",
        "dkim=pass",
        "header.d=good.example",
        "spf=pass",
        f"smtp.mailfrom={AUTHOR}",
        "dmarc=pass",
    ):
        assert part in results, results
    assert b"\r\nReceived-SPF: pass " in octets
    why = world.server.run("message", "why", "me", str(world.server.accepted("good")["id"]))
    assert "+ dmarc          good.example vouches for it" in why
    assert re.search(r"^accepted, reason ", why, re.MULTILINE), why


def test_forged_author_is_refused_as_the_domain_asks(world: World) -> None:
    world.postfix.send(THIEF, USER, letter("forged"))
    world.sent(USER, "bounced", "said: 550 5.7.26")
    assert not any(b"\r\nSubject: forged\r\n" in each for each in world.server.mail())
    # Kept for a while, with what was found.
    results = results_of(world.got("forged", "Rejects"))
    assert "dmarc=fail" in results
    assert "spf=pass" in results
    refused = world.server.refused("forged")
    assert refused["reply"].startswith("550 5.7.26 ")
    why = world.server.run("message", "why", "me", str(refused["id"]))
    assert re.search(r"^- dmarc .*good\.example asks to refuse.*<- decided$", why, re.MULTILINE), why
    assert "refused, reason dmarc-policy" in why
    assert "accepted if DKIM or SPF had passed for the domain in From" in why, why


def test_client_that_its_domain_does_not_know_is_refused_for_now(world: World) -> None:
    content = letter("not from there").replace(AUTHOR.encode(), b"joe@poor.example")
    world.postfix.send("joe@poor.example", USER, content)
    world.sent(USER, "deferred", "said: 451 4.3.0")
    assert world.server.refused("not from there")["reason"] == "spf-policy"


def test_forged_results_under_our_name_are_removed(world: World) -> None:
    lie = f"Authentication-Results: {HOSTNAME}; dmarc=pass header.from=bank.example\r\n".encode()
    world.postfix.send(LIST, USER, lie + b"From: x@list.example\r\nSubject: lie\r\n\r\nhello\r\n")
    octets = world.got("lie")
    assert b"bank.example" not in octets
    assert "dmarc=none" in results_of(octets)


def signed(world: World, subject: str) -> bytes:
    """Return a message as the author's server sent it."""
    world.write(subject)
    octets = world.got(subject)
    return octets[octets.index(b"DKIM-Signature: v=1") :]


def changed(octets: bytes, subject: str) -> bytes:
    """Return what a list makes of a message."""
    octets = octets.replace(
        f"\r\nSubject: {subject}\r\n".encode(), f"\r\nSubject: [friends] {subject}\r\n".encode()
    )
    return octets + b"--\r\nfriends, on list.example\r\n"


@pytest.mark.parametrize("to", [USER, PAT])
def test_mail_that_a_list_changed(world: World, to: str) -> None:
    """Its DKIM is broken: who has a ruleset for the list gets it, who has not asked refuses it."""
    subject = f"list to {to.partition('@')[0]}"
    content = b"List-Id: <friends.list.example>\r\n" + changed(signed(world, subject), subject)
    world.postfix.send(LIST, to, content)
    if to == PAT:
        world.sent(PAT, "bounced", "said: 550 5.7.26")
        assert world.server.refused(f"[friends] {subject}", "pat")["reason"] == "dmarc-policy"
        return
    results = results_of(world.got(f"[friends] {subject}", "Lists"))
    assert "dkim=fail" in results
    assert "dmarc=fail" in results
    found = world.server.accepted(f"[friends] {subject}")
    assert found["mailbox"] == "Lists"
    why = world.server.run("message", "why", "me", str(found["id"]))
    assert re.search(r"^\+ list .*list\.example, which a ruleset trusts.*<- decided$", why, re.MULTILINE), why
    assert "accepted, reason list-allow" in why


async def seal_by_us(world: World, content: bytes, results: str) -> bytes:
    resolver = DnsResolver(servers=[parse_name_server(world.dns)])
    now = datetime.now(UTC)
    try:
        chain = await arc.verify(resolver, content, now=now)
    finally:
        resolver.close()
    return arc.seal(
        content,
        chain=chain,
        authentication_results=results,
        domain=parse_domain("forward.example"),
        selector=parse_domain("s"),
        private_key=KEYS["forward"],
        now=now,
    )


def seal_by_dkimpy(content: bytes, results: str) -> bytes:
    fields = dkimpy.arc_sign(
        f"Authentication-Results: {results}\r\n".encode() + content,
        b"s",
        b"forward.example",
        dkim.encode_private_key(KEYS["forward"]),
        b"forward.example",
        include_headers=[b"from", b"to", b"subject"],
    )
    return b"".join(fields)


@pytest.mark.parametrize("sealer", ["moxkit", "dkimpy"])
async def test_forwarded_mail_with_arc(world: World, sealer: str) -> None:
    """The forwarder changed it, and says what it had found; a ruleset trusts the forwarder, not the chain."""
    subject = f"by {sealer}"
    content = changed(signed(world, subject), subject)
    results = "forward.example; dkim=pass header.d=good.example; dmarc=pass header.from=good.example"
    if sealer == "moxkit":
        fields = await seal_by_us(world, content, results)
    else:
        fields = seal_by_dkimpy(content, results)
    world.postfix.send(FORWARDER, USER, fields + content)
    found = results_of(world.got(f"[friends] {subject}", "Forwarded"))
    assert "arc=pass" in found, found
    assert "dmarc=fail" in found, found
    listed = world.server.accepted(f"[friends] {subject}")
    why = world.server.run("message", "why", "me", str(listed["id"]))
    assert re.search(r"^  forward .*forwarded, as a ruleset says", why, re.MULTILINE), why
    # Anybody can make such a chain: by itself it opens no door.
    world.postfix.send(FORWARDER, PAT, fields + content)
    world.sent(PAT, "bounced", "said: 550 5.7.26")
    # Changed once more, and not sealed.
    broken = (
        (fields + content).replace(b"on list.example", b"on evil.example").replace(subject.encode(), b"torn")
    )
    world.postfix.send(FORWARDER, USER, broken)
    assert "arc=fail" in results_of(world.got("[friends] torn", "Forwarded"))


def test_mail_forwarded_as_it_was_needs_no_ruleset(world: World) -> None:
    """The author's signature is whole, so it counts although the client is another (RFC 7489 §4.1)."""
    world.postfix.send(LIST, PAT, signed(world, "as it was"))
    results = results_of(world.got("as it was", user=PAT))
    assert "dkim=pass" in results
    assert "dmarc=pass" in results
