"""What servers refuse, at each step, and servers that do not speak SMTP or go away."""

from collections.abc import AsyncIterator, Iterator

import pytest

from kit.smtpclient.scripted import ScriptedServer
from moxkit.net import client_context
from moxkit.sasl import Mechanism, SaslError, client_exchange
from moxkit.smtp import MailFrom, parse_path
from moxkit.smtpclient import NotBegunError, SmtpClient, SmtpError

ALICE, BOB = parse_path("alice@mox.example"), parse_path("bob@mox.example")
MAIL = MailFrom(parse_path("a@sender.example"))
EHLO, PIPELINING = ("\r\n", "250 mx.example\n"), ("\r\n", "250-mx.example\n250 PIPELINING\n")
DOT = "\r\n.\r\n"


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    await server.close()


@pytest.mark.parametrize(
    ("greeting", "code"), [("554 no\n", 554), ("421-too\n421 busy\n", 421), ("250 ?\n", 250)]
)
async def test_an_unwilling_greeting_is_an_error_with_its_reply(
    server: ScriptedServer, greeting: str, code: int
) -> None:
    with pytest.raises(SmtpError, match="greeting") as caught:
        await server.client(greeting=greeting)
    assert caught.value.reply.code == code
    assert caught.value.is_permanent is (code == 554)


@pytest.mark.parametrize(
    "greeting", ["* OK imap\r\n", "\0\0\0\n", "", "220 mx", "220-a\n221 b\n", "220-x\n" * 5000]
)
async def test_no_or_a_strange_greeting_is_a_connection_error(server: ScriptedServer, greeting: str) -> None:
    with pytest.raises(ConnectionError):
        await server.client(greeting=greeting)


async def test_extensions_are_read_from_all_lines(server: ScriptedServer) -> None:
    client = await server.client(
        ("\r\n", "250-mx.example hi\n250-size 1000\n250-AUTH PLAIN LOGIN\n250 8BITMIME\n"),
        greeting="220-mx.example\n220-be\n220 nice\n",
    )
    assert all(name in client.extensions for name in ("SIZE", "AUTH", "8BITMIME"))
    assert "PIPELINING" not in client.extensions
    assert not client.is_tls
    assert client.channel_binding("tls-exporter") is None


@pytest.mark.parametrize("code", [500, 502])
async def test_an_old_server_gets_helo(server: ScriptedServer, code: int) -> None:
    """RFC 5321 §3.2."""
    client = await server.client(("\r\n", f"{code} what?\n"), ("\r\n", "250 mx.example\n"))
    assert server.heard == [b"EHLO client.example\r\n", b"HELO client.example\r\n"]
    assert "PIPELINING" not in client.extensions


@pytest.mark.parametrize(
    ("script", "command"),
    [([("\r\n", "550 no\n")], "EHLO"), ([("\r\n", "502 what?\n"), ("\r\n", "550 no\n")], "HELO")],
)
async def test_refused_hello(server: ScriptedServer, script: list[tuple[str, str]], command: str) -> None:
    with pytest.raises(SmtpError) as caught:
        await server.client(*script)
    assert caught.value.command == command


@pytest.mark.parametrize("answer", ["", "25", "250-mx.example\n", "250-mx.example\n250 PIPE"])
async def test_a_server_that_goes_away_in_the_middle(server: ScriptedServer, answer: str) -> None:
    with pytest.raises(ConnectionError):
        await server.client(("\r\n", answer))


async def test_a_server_that_goes_away_in_a_delivery(server: ScriptedServer) -> None:
    client = await server.client(EHLO, ("\r\n", "250 ok\n"), ("\r\n", "250 ok\n"), ("\r\n", "354 go\n"))
    with pytest.raises(ConnectionError):
        await client.deliver(MAIL, [ALICE], [b"x\r\n"] * 3)


async def test_after_a_refused_sender_there_are_no_recipients(server: ScriptedServer) -> None:
    client = await server.client(
        EHLO,
        ("\r\n", "451 4.7.1 later\n"),
        ("RSET\r\n", "250 ok\n"),
        ("MAIL FROM:<a@sender.example>\r\n", "250 ok\n"),
        ("\r\n", "550 5.1.1 no\n"),
    )
    with pytest.raises(SmtpError, match="MAIL: 451") as caught:
        await client.deliver(MAIL, [ALICE, BOB], [b"x\r\n"])
    assert not caught.value.is_permanent
    assert server.heard[1:] == [b"MAIL FROM:<a@sender.example>\r\n"]
    # The next message begins with a clean table.
    assert [reply.code for reply in await client.deliver(MAIL, [BOB], [b"x\r\n"])] == [550]


async def test_after_a_refused_sender_pipelined_replies_are_read(server: ScriptedServer) -> None:
    """RFC 2920 §3.1: a reply for each command, in order."""
    client = await server.client(
        PIPELINING,
        ("DATA\r\n", "550 5.7.1 no\n503 5.5.1 no\n503 5.5.1 no\n503 5.5.1 no\n"),
        (
            "RSET\r\nMAIL FROM:<a@sender.example>\r\nRCPT TO:<bob@mox.example>\r\nDATA\r\n",
            "250 ok\n250 ok\n250 ok\n354 go\n",
        ),
        (DOT, "250 2.0.0 taken\n"),
    )
    with pytest.raises(SmtpError, match="MAIL: 550"):
        await client.deliver(MAIL, [ALICE, BOB], [b"x\r\n"])
    replies = await client.deliver(MAIL, [BOB], [b"x\r\n"])
    assert [reply.text for reply in replies] == ["taken"]


@pytest.mark.parametrize("pipelines", [True, False])
async def test_some_recipients_refused(server: ScriptedServer, pipelines: bool) -> None:
    replies = ["250 ok\n", "550 5.1.1 nobody\n", "250 ok\n", "354 go\n"]
    offer = [("DATA\r\n", "".join(replies))] if pipelines else [("\r\n", reply) for reply in replies]
    client = await server.client(PIPELINING if pipelines else EHLO, *offer, (DOT, "250 2.0.0 taken\n"))
    found = await client.deliver(MAIL, [ALICE, BOB], [b"x\r\n"])
    assert [(reply.code, reply.text) for reply in found] == [(550, "nobody"), (250, "taken")]


async def test_without_any_recipient_there_is_no_data(server: ScriptedServer) -> None:
    client = await server.client(EHLO, ("\r\n", "250 ok\n"), ("\r\n", "550 5.1.1 no\n"))
    [reply] = await client.deliver(MAIL, [ALICE], [b"secret\r\n"])
    assert reply.code == 550
    assert server.heard[-1] == b"RCPT TO:<alice@mox.example>\r\n"


@pytest.mark.parametrize("data", ["554 5.5.1 no valid recipients\n", "354 go\n"])
async def test_a_server_that_wants_content_for_nobody_gets_none(server: ScriptedServer, data: str) -> None:
    """RFC 2920 §3.1: a single dot."""
    more = [(".\r\n", "554 5.5.1 nobody\n")] if data.startswith("354") else []
    client = await server.client(PIPELINING, ("DATA\r\n", "250 ok\n550 5.1.1 no\n" + data), *more)
    [reply] = await client.deliver(MAIL, [ALICE], [b"secret\r\n"])
    assert (reply.code, reply.enhanced) == (550, "5.1.1")
    assert server.heard[2:] == [each.encode() for each, _ in more]


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ("250 ok\n550 no\n550 no\n", [550, 550]),
        ("250 ok\n550 no\n421 4.3.2 closing\n", [550, 421]),
        ("250 ok\n250 ok\n421 4.3.2 closing\n", [421, 421]),
        ("250 ok\n421 4.3.2 closing\n", [421, 421]),
    ],
)
@pytest.mark.parametrize("pipelines", [True, False])
async def test_a_server_that_closes_has_had_its_say(
    server: ScriptedServer, said: str, codes: list[int], pipelines: bool
) -> None:
    """RFC 5321 §3.8: 421 can come at any time; and many close right after the last refusal."""
    script = (
        [("DATA\r\n", said)] if pipelines else [("\r\n", each) for each in said.splitlines(keepends=True)]
    )
    client = await server.client(PIPELINING if pipelines else EHLO, *script)
    replies = await client.deliver(MAIL, [ALICE, BOB], [b"x\r\n"])
    assert [reply.code for reply in replies] == codes
    assert client.is_over or codes == [550, 550]


@pytest.mark.parametrize("pipelines", [True, False])
async def test_a_server_that_closes_after_refusing_the_sender(
    server: ScriptedServer, pipelines: bool
) -> None:
    client = await server.client(PIPELINING if pipelines else EHLO, ("\r\n", "550 5.7.1 not you\n"))
    with pytest.raises(SmtpError, match=r"MAIL: 550 5\.7\.1 not you"):
        await client.deliver(MAIL, [ALICE, BOB], [b"x\r\n"])


@pytest.mark.parametrize("pipelines", [True, False])
async def test_a_server_that_is_gone_has_nothing_of_the_message(
    server: ScriptedServer, pipelines: bool
) -> None:
    client = await server.client(PIPELINING if pipelines else EHLO, ("\r\n", ""))
    with pytest.raises(NotBegunError):
        await client.deliver(MAIL, [ALICE], [b"x\r\n"])
    assert client.is_over


async def test_a_reply_needs_no_text_and_its_enhanced_code_must_fit(server: ScriptedServer) -> None:
    """RFC 5321 §4.2: clients go by the code alone; RFC 2034 §4: the classes agree."""
    client = await server.client(
        ("\r\n", "250\n"), ("\r\n", "250\n"), ("\r\n", "550 2.1.5 no\n"), greeting="220\n"
    )
    [reply] = await client.deliver(MAIL, [ALICE], [b"x\r\n"])
    assert (reply.code, reply.enhanced, reply.text) == (550, "", "2.1.5 no")


@pytest.mark.parametrize("hello", [EHLO, PIPELINING])
async def test_a_positive_answer_to_data_is_none_to_the_message(
    server: ScriptedServer, hello: tuple[str, str]
) -> None:
    """RFC 5321 §4.3.2: success of DATA is 354; a message that was not sent must not count as delivered."""
    script = [("DATA\r\n", "250 ok\n250 ok\n250 ok\n")] if hello is PIPELINING else [("\r\n", "250 ok\n")] * 3
    client = await server.client(hello, *script)
    with pytest.raises(ConnectionError, match="250 to DATA"):
        await client.deliver(MAIL, [ALICE], [b"x\r\n"])
    assert client.is_over


async def test_content_that_cannot_be_read_is_not_ended(server: ScriptedServer) -> None:
    """What was sent of it must not become a message."""

    def content() -> Iterator[bytes]:
        yield b"Subject: x\r\n" * 10_000
        raise OSError("disk")

    client = await server.client(PIPELINING, ("DATA\r\n", "250 ok\n250 ok\n354 go\n"), (DOT, "250 ok\n"))
    with pytest.raises(OSError, match="disk"):
        await client.deliver(MAIL, [ALICE], content())
    assert client.is_over
    await client.quit()
    assert len(server.heard) == 2


@pytest.mark.parametrize(
    "answers", [["452 4.3.1 full\n"], ["354 go\n", "452 4.3.1 full\n"]], ids=["DATA", "dot"]
)
async def test_refused_content_is_the_reply_of_those_accepted(
    server: ScriptedServer, answers: list[str]
) -> None:
    data = list(zip(["DATA\r\n", DOT], answers, strict=False))
    client = await server.client(
        EHLO, ("\r\n", "250 ok\n"), ("\r\n", "250 ok\n"), ("\r\n", "550 5.1.1 nobody\n"), *data
    )
    replies = await client.deliver(MAIL, [ALICE, BOB], [b"x\r\n"])
    assert [reply.enhanced for reply in replies] == ["4.3.1", "5.1.1"]
    assert len(server.heard) == 4 + len(answers)


async def test_plaintext_behind_the_reply_to_starttls_is_refused(server: ScriptedServer) -> None:
    """RFC 3207 §6: what was injected before TLS must not be taken for a reply within it."""
    client = await server.client(EHLO, ("STARTTLS\r\n", "220 go\n250-mx.example\n250 AUTH PLAIN\n"))
    with pytest.raises(ConnectionError, match="plaintext"):
        await client.start_tls(client_context(), hostname="mx.example")
    assert not client.is_tls


async def test_refused_starttls(server: ScriptedServer) -> None:
    client = await server.client(EHLO, ("STARTTLS\r\n", "454 4.7.0 not now\n"))
    with pytest.raises(SmtpError, match="STARTTLS: 454"):
        await client.start_tls(client_context(), hostname="mx.example")


async def test_failed_sign_in_does_not_tell_the_password(server: ScriptedServer) -> None:
    client = await server.client(EHLO, ("\r\n", "535 5.7.8 no\n"), ("\r\n", "235 in\n"))
    wrong = client_exchange(Mechanism.PLAIN, username="u", password="secret")
    with pytest.raises(SmtpError, match="AUTH: 535") as caught:
        await client.authenticate(Mechanism.PLAIN, wrong)
    assert "secret" not in str(caught.value)
    await client.authenticate(Mechanism.PLAIN, client_exchange(Mechanism.PLAIN, username="u", password="p"))
    assert server.heard[2] == b"AUTH PLAIN AHUAcA==\r\n"


@pytest.mark.parametrize("challenge", ["!!!", "cj1vdGhlcg=="])
async def test_a_bad_challenge_ends_the_exchange(server: ScriptedServer, challenge: str) -> None:
    """RFC 4954 §4: the client cancels with a line of one star."""
    client = await server.client(EHLO, ("\r\n", f"334 {challenge}\n"), ("\r\n", "501 cancelled\n"))
    with pytest.raises((SaslError, ValueError)):
        await client.authenticate(
            Mechanism.SCRAM_SHA_256, client_exchange(Mechanism.SCRAM_SHA_256, username="u", password="p")
        )
    assert server.heard[2] == b"*\r\n"


async def test_a_235_without_proof_is_not_believed(server: ScriptedServer) -> None:
    """RFC 5802 §5: the server has to prove that it knows the password."""
    client = await server.client(EHLO, ("\r\n", "235 come in\n"))
    with pytest.raises(SaslError):
        await client.authenticate(
            Mechanism.SCRAM_SHA_256, client_exchange(Mechanism.SCRAM_SHA_256, username="u", password="p")
        )


async def test_quit_does_not_mind_a_server_that_is_gone(server: ScriptedServer) -> None:
    client = await server.client(EHLO)
    await client.quit()
    await client.quit()


async def test_nobody_listens() -> None:
    server = ScriptedServer()
    port = await server.start("", [])
    await server.close()
    with pytest.raises(ConnectionError):
        await SmtpClient.connect("127.0.0.1", port, ehlo="client.example", timeout_s=5)
