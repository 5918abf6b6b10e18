"""A Postfix takes what we send, or not: what arrives, what the queue remembers, what the sender hears."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from endtoend.evidence import notifications_of, notified_of, signatures_of
from endtoend.mailworld import World
from endtoend.sendingserver import KEYS, USER
from endtoend.test_opendkim import run_opendkim
from moxkit.dkim import public_record
from moxkit.dsn import Action

pytestmark = pytest.mark.endtoend


def letter(subject: str, body: str = "hello") -> bytes:
    return f"From: Me <{USER}>\r\nTo: you\r\nSubject: {subject}\r\n\r\n{body}\r\n".encode()


async def test_what_arrives_is_signed(world: World) -> None:
    to = "signed@good.insecure.example"
    world.server.submit(letter("signed", ".\r\n..\r\n.a\r\n x \r\nend"), [to])
    [octets] = world.arrived("signed")
    assert await signatures_of(octets, world.internet.resolver) == ["pass", "pass"]
    assert octets.endswith(b"\r\n\r\n.\r\n..\r\n.a\r\n x \r\nend\r\n")
    assert b"with ESMTPS" in octets.partition(b"\r\nReceived:")[2].partition(b"\r\nReceived:")[0]
    [attempt] = world.server.wait_until_done(to)["attempts"]
    assert (attempt["result"], attempt["code"]) == ("delivered", 250)
    assert "queued as" in attempt["text"]


def test_opendkim_believes_what_arrives(
    world: World, program: Callable[[str, str], str], tmp_path: Path
) -> None:
    opendkim = program("opendkim", "opendkim")
    world.server.submit(letter("grüße", "schöne grüße"), ["opendkim@plain.insecure.example"])
    [octets] = world.arrived("opendkim")
    published = tmp_path / "keys"
    published.write_text(
        "".join(f"{name}._domainkey.mox.secure.example {public_record(key)}\n" for name, key in KEYS.items())
    )
    # It begins with lines that Postfix wrote on delivery; none of them is signed.
    said = run_opendkim(opendkim, tmp_path, ["Mode v", f"TestPublicKeys {published}"], [octets])
    assert said.count(b"\tdkim=pass") == len(KEYS), said


def test_one_message_for_many_recipients_of_a_domain(world: World) -> None:
    people = [f"many{n}@good.insecure.example" for n in range(30)]
    world.server.submit(letter("many"), people)
    for n in range(30):
        assert world.server.wait_until_done(people[n])["attempts"][-1]["result"] == "delivered"
    found = [world.arrived(f"many{n}")[0] for n in range(30)]
    ids = {octets.partition(b" id ")[2].split(b"\r\n")[0] for octets in found}
    assert len(ids) == 1, f"in more than one transaction: {ids}"


def test_greylisting_is_waited_for(world: World) -> None:
    to = "patience@grey.insecure.example"
    world.server.submit(letter("grey"), [to])
    entry = world.server.wait_until_tried(to)
    assert "Greylisted, come back later" in entry["error"]
    world.server.try_again(to)
    done = world.server.wait_until_done(to)
    assert [(each["result"], each["code"]) for each in done["attempts"]] == [
        ("retry", 451),
        ("delivered", 250),
    ]
    world.arrived("patience")
    assert notifications_of(world.server, to) == []


def test_an_unknown_user_is_told_to_the_sender(world: World) -> None:
    known, unknown = "known@stsgood.insecure.example", "nobody@stsgood.insecure.example"
    world.server.submit(letter("half"), [known, unknown])
    assert world.server.wait_until_done(known)["attempts"][0]["result"] == "delivered"
    [attempt] = world.server.wait_until_done(unknown)["attempts"]
    assert (attempt["result"], attempt["code"], attempt["enhanced"]) == ("failed", 550, "5.1.1")
    recipient = notified_of(world.server, unknown)
    assert (recipient.action, recipient.status) == (Action.FAILED, "5.1.1")
    assert recipient.diagnostic is not None
    assert recipient.diagnostic.smtp_code == 550
    assert "User unknown" in recipient.diagnostic.text
    assert recipient.remote_mta is not None
    assert recipient.remote_mta.name == "mx.stsgood.insecure.example"
    [(_, notification)] = notifications_of(world.server, unknown)
    assert b"Subject: half" in notification.original
    assert notifications_of(world.server, known) == []


@pytest.mark.parametrize(
    ("domain", "results"),
    [
        ("refuses", [("failed", 554)]),
        ("busy", [("retry", 450)]),
        # It answers 421 to the end of the content, and closes.
        ("hangup", [("retry", 421)]),
    ],
)
def test_refusals_of_everything(world: World, domain: str, results: list[tuple[str, int]]) -> None:
    to = f"all@{domain}.insecure.example"
    world.server.submit(letter(domain), [to])
    if results[0][0] == "failed":
        done = world.server.wait_until_done(to)
        assert [(each["result"], each["code"]) for each in done["attempts"]] == results
        assert notified_of(world.server, to).status == "5.7.1"
        return
    world.server.wait_until_tried(to)
    # Somebody gives up on it, and the sender hears what the host had said.
    world.server.ask("queuefail", filter={"to": to})
    done = world.server.wait_until_done(to)
    assert [(each["result"], each["code"]) for each in done["attempts"]][:1] == results
    assert notified_of(world.server, to).action is Action.FAILED
    assert world.postfix.mailbox("all") == []


def test_a_slow_host_is_waited_for(world: World) -> None:
    to = "calm@slow.insecure.example"
    world.server.submit(letter("slow"), [to])
    [attempt] = world.server.wait_until_done(to)["attempts"]
    assert (attempt["result"], attempt["code"]) == ("delivered", 250)


def test_a_connection_that_breaks_in_the_content_is_tried_again(world: World) -> None:
    to = "cutearly@cutearly.insecure.example"
    world.server.submit(letter("early"), [to])
    entry = world.server.wait_until_tried(to)
    assert "closed" in entry["error"] or "reset" in entry["error"], entry["error"]
    world.server.try_again(to)
    assert len(world.server.wait_until_done(to)["attempts"]) == 2
    assert len(world.arrived("cutearly")) == 1


def test_an_answer_that_gets_lost_doubles_the_message(world: World) -> None:
    """Whether it arrived cannot be known: better twice than never (RFC 1047)."""
    to = "cutlate@cutlate.insecure.example"
    world.server.submit(letter("late"), [to])
    world.server.wait_until_tried(to)
    world.arrived("cutlate", 1)
    world.server.try_again(to)
    world.server.wait_until_done(to)
    first, second = world.arrived("cutlate", 2)
    assert first.partition(b"\r\nDKIM-Signature:")[2] == second.partition(b"\r\nDKIM-Signature:")[2]


def test_a_message_too_large_for_the_host_comes_back(world: World) -> None:
    small, large = "fits@small.insecure.example", "large@small.insecure.example"
    world.server.submit(letter("fits"), [small])
    world.server.submit(letter("large", "x" * 70 + "\r\n" * 4000), [large])
    assert world.server.wait_until_done(small)["attempts"][0]["result"] == "delivered"
    [attempt] = world.server.wait_until_done(large)["attempts"]
    assert attempt["result"] == "failed"
    assert "limit of 3000 octets" in attempt["text"]
    recipient = notified_of(world.server, large)
    # RFC 3463 §3.4: too big for the system.
    assert recipient.status == "5.3.4"
    # Nothing was sent: the host's announcement was enough (RFC 1870 §6.2).
    assert world.postfix.mailbox("large") == []


async def test_internationalised_mail_goes_where_it_is_taken(world: World) -> None:
    content = f"From: Jürg <{USER}>\r\nSubject: Grüße\r\n\r\nZürich\r\n".encode()
    takes, lacks = "jürg@good.insecure.example", "jürg@ascii.insecure.example"
    for to in (takes, lacks):
        world.server.submit(content, [to], ("SMTPUTF8", "BODY=8BITMIME"))
    assert world.server.wait_until_done(takes)["attempts"][0]["result"] == "delivered"
    [octets] = world.arrived("jürg")
    assert "Subject: Grüße".encode() in octets
    assert await signatures_of(octets, world.internet.resolver) == ["pass", "pass"]
    [attempt] = world.server.wait_until_done(lacks)["attempts"]
    assert attempt["result"] == "failed"
    assert "SMTPUTF8" in attempt["text"]
    # RFC 6531 §3.5: it has to come back.
    assert notified_of(world.server, lacks).status == "5.6.7"


def test_large_mail_arrives_whole(world: World) -> None:
    body = "\r\n".join(f"{n:07} {'x' * 60}" for n in range(100_000))
    world.server.submit(letter("big", body), ["big@good.insecure.example"])
    [octets] = world.arrived("big", timeout_s=30)
    assert octets.endswith(body.encode() + b"\r\n")


def test_the_command_line_shows_it(world: World) -> None:
    to = "shown@busy.insecure.example"
    world.server.submit(letter("shown"), [to])
    world.server.wait_until_tried(to)
    done = subprocess.run(world.server.mox("queue", "list", "--to", to), capture_output=True, check=True)
    assert b"to:" + to.encode() in done.stdout
    assert b"Busy today" in done.stdout
    subprocess.run(world.server.mox("queue", "drop", "--to", to), capture_output=True, check=True)
    assert world.server.entries(to) == []
    assert notifications_of(world.server, to) == []
