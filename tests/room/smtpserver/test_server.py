"""The server over a real loopback port: mail comes in, mail is submitted, and what is refused."""

import asyncio
import base64
import ssl
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mox.listen import ConnectionLimits
from mox.queue import NewRecipient
from mox.smtpserver import Kind, Options, SpecialRecipients
from mox.submission import Refusal, RefusalKind
from moxkit.smtp import Notify, RecipientAddress, Ret
from moxkit.testing import FakeResolver
from moxkit.wiretrace import TRACE

# The type of the fixture lives in conftest.py, which has no name mypy and pytest agree on.
House = Any

PLAIN = base64.b64encode(b"\0alice\0secret").decode()
WRONG = base64.b64encode(b"\0alice\0guess").decode()


async def test_mail_comes_in_with_dots_undone(house: House) -> None:
    client = await house.greeted()
    await client.write(
        b"MAIL FROM:<a@sender.example> BODY=8BITMIME\r\nRCPT TO:<alice@mox.example>\r\n"
        b"RCPT TO:<bob@mox.example>\r\nRCPT TO:<alice@mox.example>\r\nDATA\r\n"
    )
    assert [(await client.reply())[:3] for _ in range(5)] == ["250", "250", "250", "250", "354"]
    reply = await client.ask("Subject: x\r\n\r\n..dot\r\n.")
    assert reply == "250 2.2.0 delivered"
    (incoming, content) = house.delivery.received[0]
    assert content == b"Subject: x\r\n\r\n.dot\r\n"
    assert [each.path for each in incoming.recipients] == ["alice@mox.example", "bob@mox.example"]
    assert incoming.reverse_path == "a@sender.example"
    assert (incoming.connection.ehlo, incoming.connection.is_esmtp) == ("client.example", True)
    assert incoming.connection.remote_ip == incoming.connection.local_ip == "127.0.0.1"
    assert await client.ask("QUIT") == "221 2.0.0 bye"
    assert await client.read_line() == b""


async def test_large_content_goes_through_the_file_in_pieces(house: House) -> None:
    client = await house.greeted()
    await client.ask_all("MAIL FROM:<>", "RCPT TO:<postmaster>", "DATA")
    content = b"Subject: x\r\n\r\n" + b"".join(b".%d\r\n" % n for n in range(200_000))
    await client.write(content.replace(b"\r\n.", b"\r\n..") + b".\r\n")
    assert await client.reply() == "250 2.2.0 delivered"
    assert house.delivery.received[0][1] == content


async def test_starttls_begins_anew(house: House) -> None:
    house.use_tls()
    client = await house.greeted()
    assert "STARTTLS" in await client.ask("EHLO client.example")
    assert await client.ask("STARTTLS") == "220 2.0.0 go ahead"
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    await client.writer.start_tls(context)
    assert (await client.ask("MAIL FROM:<>")).startswith("503")
    ehlo = await client.ask("EHLO again.example")
    assert "STARTTLS" not in ehlo
    assert "REQUIRETLS" in ehlo
    await client.ask_all("MAIL FROM:<> REQUIRETLS", "RCPT TO:<alice@mox.example>", "DATA")
    assert (await client.ask("\r\n.")).startswith("250")
    incoming = house.delivery.received[0][0]
    assert incoming.requires_tls
    assert incoming.connection.tls_version == "TLSv1.3"
    assert (await client.ask("STARTTLS")).startswith("503")


async def test_plaintext_behind_starttls_is_never_a_command(house: House) -> None:
    house.use_tls()
    client = await house.greeted()
    await client.write(b"STARTTLS\r\nMAIL FROM:<evil@sender.example>\r\n")
    assert await client.reply() == ""


async def test_submission_needs_a_signature_and_queues(house: House) -> None:
    house.submits()
    client = await house.greeted()
    assert (await client.ask("MAIL FROM:<alice@mox.example>")).startswith("530 5.7.0")
    assert "AUTH SCRAM-SHA-256 PLAIN" in await client.ask("EHLO x")
    assert await client.ask(f"AUTH PLAIN {PLAIN}") == "235 2.7.0 authenticated"
    assert (await client.ask(f"AUTH PLAIN {PLAIN}")).startswith("503")
    assert (await client.ask("MAIL FROM:<bob@mox.example>")).startswith("550 5.7.1")
    replies = await client.ask_all(
        "MAIL FROM:<alice@mox.example>",
        "RCPT TO:<x@other.example>",
        "RCPT TO:<x@[192.0.2.1]>",
        "RCPT TO:<nobody@mox.example>",
        "DATA",
    )
    assert [reply[:3] for reply in replies] == ["250", "250", "250", "550", "354"]
    assert await client.ask("From: alice@mox.example\r\n\r\nhi\r\n.") == "250 2.2.0 queued as 7"
    draft, content = house.submission.drafts[0]
    assert (draft.account, draft.login_address) == ("alice", "alice@mox.example")
    assert draft.recipients == (NewRecipient("x@other.example"), NewRecipient("x@[192.0.2.1]"))
    assert (draft.ret, draft.envid, draft.release_at) == (None, "", None)
    assert content.endswith(b"hi\r\n")


async def test_wishes_of_a_submission_reach_its_draft(house: House) -> None:
    house.submits()
    client = await house.greeted()
    until = house.clock.now().replace(microsecond=0) + timedelta(days=60)
    for hold, release_at, text in (
        ("HOLDFOR=60", house.clock.now() + timedelta(seconds=60), "for;60"),
        (f"HOLDUNTIL={until:%Y-%m-%dT%H:%M:%SZ}", until, f"until;{until:%Y-%m-%dT%H:%M:%SZ}"),
    ):
        replies = await client.ask_all(
            f"AUTH PLAIN {PLAIN}",
            f"MAIL FROM:<alice@mox.example> RET=full ENVID=a+20b {hold}",
            "RCPT TO:<x@other.example> NOTIFY=Success,DELAY ORCPT=rfc822;y+2B@other.example",
            "RCPT TO:<z@other.example>",
            "DATA",
            "From: alice@mox.example\r\n\r\nhi\r\n.",
        )
        assert replies[-1] == "250 2.2.0 queued as 7"
        draft, _ = house.submission.drafts.pop()
        assert draft.recipients == (
            NewRecipient(
                "x@other.example",
                frozenset({Notify.SUCCESS, Notify.DELAY}),
                RecipientAddress("rfc822", "y+@other.example"),
            ),
            NewRecipient("z@other.example"),
        )
        assert (draft.ret, draft.envid) == (Ret.FULL, "a b")
        assert (draft.release_at, draft.future_release) == (release_at, text)


async def test_submission_without_tls_is_refused_unless_allowed(house: House) -> None:
    house.submits(allows_plaintext=False)
    client = await house.greeted()
    assert "AUTH" not in await client.ask("EHLO x")
    assert (await client.ask(f"AUTH PLAIN {PLAIN}")).startswith("538 5.7.11")


@pytest.mark.parametrize(
    ("kind", "reply"),
    [
        (RefusalKind.MALFORMED, "550 5.6.0 why"),
        (RefusalKind.NOT_YOURS, "550 5.7.1 why"),
        (RefusalKind.NEEDS_8BITMIME, "500 5.6.0 why"),
    ],
)
async def test_refused_draft(house: House, kind: RefusalKind, reply: str) -> None:
    house.submits()
    house.submission.refusal = Refusal(kind, "why")
    client = await house.greeted()
    await client.ask_all(f"AUTH PLAIN {PLAIN}", "MAIL FROM:<>", "RCPT TO:<x@other.example>", "DATA")
    assert await client.ask("x\r\n.") == reply


async def test_sign_in_step_by_step(house: House) -> None:
    house.submits()
    client = await house.greeted()
    assert await client.ask_all("AUTH PLAIN", "*") == ["334 ", "501 5.5.0 authentication cancelled"]
    assert (await client.ask_all("AUTH PLAIN", "!"))[1] == "501 5.5.2 bad base64"
    assert await client.ask("AUTH SCRAM-SHA-256 eA==") == "334 " + base64.b64encode(b"e=wrong").decode()
    assert await client.ask("") == "535 5.7.8 wrong"
    assert (await client.ask("AUTH NOSUCH x")).startswith("501")
    assert (await client.ask("AUTH NOSUCH")).startswith("504 5.5.4")
    disabled = base64.b64encode(b"\0alice\0disabled").decode()
    assert await client.ask(f"AUTH PLAIN {disabled}") == "525 5.7.13 ask the owner"
    assert (await client.ask_all("AUTH PLAIN", PLAIN))[1].startswith("235")


async def test_passwords_are_not_in_the_trace(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(5)
    house.submits()
    client = await house.greeted()
    for octet in f"AUTH PLAIN {PLAIN}\r\n".encode():
        await client.write(bytes([octet]))
        await asyncio.sleep(0)
    assert (await client.reply()).startswith("235")
    shown = "".join(str(getattr(record, "octets", "")) for record in caplog.records)
    assert "EHLO client.example" in shown
    assert "0" + PLAIN[-3:] not in shown
    assert PLAIN not in shown


async def test_too_many_failed_sign_ins_are_slow_and_then_refused(house: House) -> None:
    house.submits()
    house.desk.has_limits = True
    client = await house.greeted()
    for _ in range(2):
        assert (await client.ask(f"AUTH PLAIN {WRONG}")).startswith("535")
    await client.write(f"AUTH PLAIN {WRONG}\r\n".encode())
    assert await client.reader.read(1) == b"5"
    assert house.clock.sleeping == 1
    await house.clock.advance(25)
    assert await client.reader.readexactly(25) == b"35 5.7.8 wrong password\r\n"
    house.desk.failures = 10
    other = await house.connect()
    assert (await other.reply()).startswith("421 4.7.0")


async def test_who_sent_unwanted_mail_is_served_slowly(house: House) -> None:
    house.options = replace(house.options, slows_unwanted=True)
    house.delivery.codes["a@mox.example"], house.delivery.reason = (451, "4.3.0"), "junk-content"
    client = await house.greeted()
    for line in ("MAIL FROM:<x@sender.example>", "RCPT TO:<a@mox.example>", "DATA"):
        await client.ask(line)
    await client.write(b"Subject: x\r\n\r\n.\r\n")
    assert await client.reader.read(1) == b"4"
    await house.clock.advance(25)
    assert (await client.reader.readline()).startswith(b"51 4.3.0 said so")
    await client.write(b"NOOP\r\n")
    await asyncio.sleep(0.01)
    assert house.clock.sleeping == 1


@pytest.mark.parametrize("reason", ["", "junk-content"])
async def test_others_are_not(house: House, reason: str) -> None:
    """Where nobody is to wait, or where the trouble is ours."""
    house.options = replace(house.options, slows_unwanted=not reason)
    house.delivery.codes["a@mox.example"], house.delivery.reason = (451, "4.3.0"), reason
    client = await house.greeted()
    for line in ("MAIL FROM:<x@sender.example>", "RCPT TO:<a@mox.example>", "DATA"):
        await client.ask(line)
    assert (await client.ask("Subject: x\r\n\r\n.")).startswith("451 4.3.0")
    assert (await client.ask("NOOP")).startswith("250")


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("RCPT TO:<nobody@mox.example>", "550 5.1.1"),
        ("RCPT TO:<x@other.example>", "550 5.1.1"),
        ("RCPT TO:<x@off.example>", "450 4.2.1"),
        ("RCPT TO:<busy@mox.example>", "451 4.3.0 come back later"),
        ("RCPT TO:<gone@mox.example>", "550 5.1.1 moved away"),
        ("RCPT TO:<x@[127.0.0.1]>", "550 5.1.1"),
        ("RCPT TO:<>", "501 5.1.3"),
        ("DATA", "503 5.5.1"),
        ("MAIL FROM:<>", "503 5.5.1"),
        ("NONSENSE", "500 5.5.1"),
        ("NOOP", "250 2.0.0"),
        ("HELP", "214 2.0.0"),
        ("VRFY x", "252 2.7.0"),
        ("EXPN x", "252 2.7.0"),
        ("AUTH PLAIN", "503 5.5.1"),
        ("STARTTLS", "503 5.5.1"),
    ],
)
async def test_replies_in_a_transaction(house: House, line: str, reply: str) -> None:
    client = await house.greeted()
    assert (await client.ask("MAIL FROM:<a@sender.example>")).startswith("250 2.1.0")
    assert (await client.ask(line)).startswith(reply)


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("MAIL FROM:<a@sender.example> SIZE=104857601", "552 5.3.4"),
        ("MAIL FROM:<a@[192.0.2.1]>", "550 5.7.0"),
        ("MAIL FROM:<a@sender.example> REQUIRETLS", "523 5.7.10"),
        ("MAIL FROM:<a@sender.example> HOLDFOR=5", "555 5.3.3"),
    ],
)
async def test_refused_senders(house: House, line: str, reply: str) -> None:
    client = await house.greeted()
    assert (await client.ask(line)).startswith(reply)
    assert (await client.ask("MAIL FROM:<>")).startswith("250")


@pytest.mark.parametrize(
    ("content", "reply"),
    [
        ("a\rb\r\n.", "500 5.5.2 bare carriage return"),
        ("a\n.\nb\r\n.", "500 5.5.2 line with a dot"),
        ("Received: x\r\n" * 101 + "\r\n.", "550 5.4.6"),
    ],
)
async def test_refused_content_leaves_the_session_usable(house: House, content: str, reply: str) -> None:
    client = await house.greeted()
    await client.ask_all("MAIL FROM:<>", "RCPT TO:<alice@mox.example>", "DATA")
    assert (await client.ask(content)).startswith(reply)
    assert house.delivery.received == []
    assert (await client.ask("MAIL FROM:<>")).startswith("250")


async def test_message_beyond_the_limit_ends_the_connection(house: House) -> None:
    house.options = Options(kind=Kind.SMTP, hostname="mx.example", max_message_size=1000)
    client = await house.greeted()
    await client.ask_all("MAIL FROM:<>", "RCPT TO:<alice@mox.example>", "DATA")
    assert (await client.ask("x" * 1500 + "\r\n.")).startswith("451 4.2.3")
    assert await client.reply() == ""


async def test_failures_of_all_recipients_are_one_reply(house: House) -> None:
    house.delivery.codes = {"alice@mox.example": (452, "4.2.2"), "bob@mox.example": (550, "5.7.1")}
    client = await house.greeted()
    begin = ("MAIL FROM:<a@sender.example>", "RCPT TO:<alice@mox.example>")
    await client.ask_all(*begin, "DATA")
    assert await client.ask("\r\n.") == "452 4.2.2 said so"
    await client.ask_all(*begin, "RCPT TO:<bob@mox.example>", "DATA")
    assert "554 5.3.0 no recipient accepted" in await client.ask("\r\n.")
    await client.ask_all(*begin, "RCPT TO:<carol@mox.example>", "DATA")
    assert (await client.ask("\r\n.")).startswith("250")


async def test_a_bug_ends_one_connection_with_a_generic_reply(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.delivery.crash = ValueError("secret detail")
    client, other = await house.greeted(), await house.greeted()
    await client.ask_all("MAIL FROM:<>", "RCPT TO:<alice@mox.example>", "DATA")
    assert await client.ask("\r\n.") == "451 4.3.0 error processing, try again later"
    assert await client.reply() == ""
    assert [record.message for record in caplog.records if record.exc_info] == ["command crashed"]
    assert (await other.ask("NOOP")).startswith("250")


async def test_trouble_with_the_disk_is_temporary(house: House) -> None:
    house.delivery.crash = OSError(28, "No space left on device")
    client = await house.greeted()
    await client.ask_all("MAIL FROM:<>", "RCPT TO:<alice@mox.example>", "DATA")
    assert (await client.ask("\r\n.")).startswith("452 4.3.1")


async def test_shutting_down_and_limits_refuse_connections(house: House) -> None:
    house.limits = ConnectionLimits()
    for _ in range(29):
        house.limits.opened("127.0.0.1", house.clock.now())
    client = await house.greeted()
    second = await house.connect()
    assert (await second.reply()).startswith("421 4.7.0 too many open")
    house.shutdown.ask("test")
    assert await client.ask("NOOP") == "421 4.3.2 shutting down"
    assert await client.reply() == ""
    third = await house.connect()
    assert (await third.reply()).startswith("421 4.3.2")


async def test_senders_that_cannot_be_answered_are_refused(house: House) -> None:
    house.resolver = FakeResolver("ok.example. A 192.0.2.1\nnull.example. MX 0 .")
    client = await house.greeted()
    assert (await client.ask("MAIL FROM:<a@null.example>")).startswith("550 5.7.27")
    assert (await client.ask("MAIL FROM:<a@no.example>")).startswith("550 5.7.27")
    assert (await client.ask("MAIL FROM:<a@ok.example>")).startswith("250")
    assert (await client.ask("HELO no.example")).startswith("550 5.5.0")


async def test_special_recipients_fail_at_their_command(house: House) -> None:
    house.special = SpecialRecipients()
    client = await house.greeted()
    assert (await client.ask("MAIL FROM:<mailfrom451@sender.example>")).startswith("451 4.0.0")
    assert (await client.ask("MAIL FROM:<a@sender.example>")).startswith("250")
    assert (await client.ask("RCPT TO:<rcpttopermerror@mox.example>")).startswith("550 5.0.0")
    await client.ask_all("RCPT TO:<x452@mox.example>", "DATA")
    assert (await client.ask("\r\n.")).startswith("452 4.0.0")
    await client.ask_all("MAIL FROM:<>", "RCPT TO:<timeout@mox.example>", "DATA")
    await client.write(b".\r\n")
    while not house.clock.sleeping:  # noqa: ASYNC110  the clock has no event to wait for
        await asyncio.sleep(0.001)
    await house.clock.advance(3600)
    assert (await client.reply()).startswith("451 4.0.0")
    assert house.delivery.received == []


async def test_other_protocols_are_turned_away(house: House) -> None:
    client = await house.connect()
    await client.reply()
    assert (await client.ask("GET / HTTP/1.1")).startswith("500 5.5.2")
    assert await client.reply() == ""


async def chunks(client: Any, *pieces: bytes) -> list[str]:
    """Send content in chunks, all at once; return the replies."""
    for piece in pieces:
        last = b" LAST" if piece is pieces[-1] else b""
        await client.write(b"BDAT %d%b\r\n%b" % (len(piece), last, piece))
    return [await client.reply() for _ in pieces]


async def test_chunks_are_one_message(house: House) -> None:
    client = await house.greeted()
    large = b"x" * 70 + b"\r\n"
    await client.ask_all("MAIL FROM:<a@sender.example>", "RCPT TO:<alice@mox.example>")
    replies = await chunks(client, b"Subject: x\r\n\r", b"\n.\r\n", large * 10_000, b"")
    assert [reply[:3] for reply in replies] == ["250"] * 4
    assert house.delivery.received[0][1] == b"Subject: x\r\n\r\n.\r\n" + large * 10_000


async def test_a_chunk_that_cannot_be_kept_fails_the_message(house: House) -> None:
    client = await house.greeted()
    await client.ask_all("MAIL FROM:<a@sender.example>", "RCPT TO:<alice@mox.example>")
    await asyncio.to_thread(house.directory.rmdir)
    replies = await chunks(client, b"x" * 300_000, b"y", b"z")
    assert (
        replies
        == ["451 4.3.0 error processing, try again later"]
        + ["503 5.5.1 a chunk before was refused, RSET first"] * 2
    )
    await asyncio.to_thread(house.directory.mkdir)
    assert await client.ask("RSET") == "250 2.0.0 ok"
    assert house.delivery.received == []


async def test_chunks_beyond_the_limit_are_refused_one_by_one(house: House) -> None:
    house.options = replace(house.options, max_message_size=10)
    client = await house.greeted()
    await client.ask_all("MAIL FROM:<a@sender.example>", "RCPT TO:<alice@mox.example>")
    replies = await chunks(client, b"x" * 9, b"y" * 9, b"z")
    assert [reply[:9] for reply in replies] == ["250 2.0.0", "451 4.2.3", "503 5.5.1"]


@pytest.mark.parametrize("size", [10, 1_000_000])
async def test_binary_parts_of_a_submission_are_encoded(house: House, size: int) -> None:
    house.submits()
    client = await house.greeted()
    await client.ask_all(
        f"AUTH PLAIN {PLAIN}", "MAIL FROM:<alice@mox.example> BODY=BINARYMIME", "RCPT TO:<x@other.example>"
    )
    head = b"From: alice@mox.example\r\nContent-Type: x/y\r\nContent-Transfer-Encoding: %b\r\n\r\n"
    replies = await chunks(client, head % b"binary", b"\0\n" * size)
    assert replies[-1] == "250 2.2.0 queued as 7"
    [(draft, content)] = house.submission.drafts
    assert content.startswith(head % b"base64")
    assert base64.b64decode(content.partition(b"\r\n\r\n")[2]) == b"\0\n" * size
    assert draft.declared_8bit


async def test_content_in_chunks_is_in_no_plain_trace(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(TRACE)
    client = await house.greeted()
    await client.ask_all("MAIL FROM:<a@sender.example>", "RCPT TO:<alice@mox.example>")
    for piece in (b"BD", b"AT 8\r\nsec", b"ret\r\n"):
        await client.write(piece)
        await asyncio.sleep(0.01)
    assert (await client.reply()).startswith("250")
    assert (await chunks(client, b"secrets\r\n"))[0].startswith("250")
    shown = "".join(str(getattr(record, "octets", "")) for record in caplog.records)
    assert "RCPT TO:<alice" in shown
    assert "sec" not in shown
    assert "ret" not in shown
