"""Against a scripted server: greetings, refusals, literals, what is no IMAP, a server that goes away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest

from moxkit.imap import (
    ExistsData,
    FetchAttribute,
    Noop,
    OutgoingMessage,
    Select,
)
from moxkit.imapclient import ImapClient, ImapError
from moxkit.net import client_context
from moxkit.sasl import Mechanism, SaslError, client_exchange

# What is awaited, and the answer; an awaited text ends a line or a literal.
Script = Sequence[tuple[str, str]]
Start = Callable[..., Awaitable[ImapClient]]


class ScriptedServer:
    """Greets, then waits for what each line of its script says and answers; then it closes."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.running: list[asyncio.Server] = []

    async def start(self, greeting: str, script: Script) -> int:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                writer.write(greeting.encode("latin-1"))
                for expected, answer in script:
                    octets = await reader.readuntil(expected.encode())
                    self.heard.append(octets.decode())
                    writer.write(answer.replace("\n", "\r\n").encode("latin-1"))
                await writer.drain()
            except asyncio.IncompleteReadError:
                # The client had enough; what is missing in `heard` fails the test that wants it.
                pass
            finally:
                writer.close()

        self.running.append(await asyncio.start_server(serve, "127.0.0.1", 0))
        return int(self.running[-1].sockets[0].getsockname()[1])


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    for each in server.running:
        each.close()
        await each.wait_closed()


@pytest.fixture
async def connect(server: ScriptedServer) -> AsyncIterator[Start]:
    """Return a function that connects to a new scripted server."""
    clients: list[ImapClient] = []

    async def start(*script: tuple[str, str], greeting: str = "* OK hello\r\n") -> ImapClient:
        port = await server.start(greeting, script)
        clients.append(await ImapClient.connect("127.0.0.1", port, timeout_s=5))
        return clients[-1]

    yield start
    for client in clients:
        await client.logout()


async def test_greeting_with_capabilities(connect: Start) -> None:
    client = await connect(greeting="* OK [CAPABILITY imap4rev1 LITERAL+] hi\r\n")
    assert client.capabilities == {"IMAP4REV1", "LITERAL+"}
    assert not client.is_authenticated
    assert not client.is_tls
    assert client.channel_binding("tls-exporter") is None


async def test_greeting_preauth_means_signed_in(connect: Start) -> None:
    client = await connect(greeting="* PREAUTH welcome back\r\n")
    assert client.is_authenticated


@pytest.mark.parametrize(
    "greeting",
    [
        "* BYE come back tomorrow\r\n",
        "* NO\r\n",
        "* 3 EXISTS\r\n",
        "220 mx.example ESMTP\r\n",
        "HTTP/1.1 400 Bad Request\r\n",
        "* OK hel",
        "",
    ],
)
async def test_no_or_a_strange_greeting_is_a_connection_error(server: ScriptedServer, greeting: str) -> None:
    port = await server.start(greeting, [])
    with pytest.raises(ConnectionError):
        await ImapClient.connect("127.0.0.1", port, timeout_s=5)


@pytest.mark.parametrize(
    ("answer", "is_syntax", "code"),
    [
        ("a1 NO [NONEXISTENT] no such mailbox\n", False, b"NONEXISTENT"),
        ("* 1 EXISTS\na1 NO [TRYCREATE] no\n", False, b"TRYCREATE"),
        ("a1 NO no\n", False, None),
        ("a1 BAD what?\n", True, None),
    ],
)
async def test_refusal_has_its_code_and_the_connection_lives(
    connect: Start, answer: str, is_syntax: bool, code: bytes | None
) -> None:
    client = await connect(("\r\n", answer), ("\r\n", "a2 OK done\n"))
    with pytest.raises(ImapError, match=r"^SELECT: ") as caught:
        await client.run(Select("Archive"))
    assert caught.value.command == "SELECT"
    assert caught.value.is_syntax is is_syntax
    found = caught.value.condition.code
    assert (None if found is None else bytes(found)) == code
    assert (await client.run(Noop())).untagged == ()


async def test_answers_come_in_order_with_the_tagged_one(connect: Start) -> None:
    client = await connect(
        ("a1 SELECT INBOX\r\n", "* 2 EXISTS\n* OK [UIDVALIDITY 7] ok\na1 OK [READ-WRITE] done\n"),
        ("\r\n", "* 1 FETCH (UID 5)\n* 3 EXISTS\n* 2 FETCH (UID 9)\na2 OK done\n"),
    )
    answer = await client.run(Select("INBOX"))
    assert answer.untagged[0] == ExistsData(2)
    assert answer.condition.text == "done"
    fetched = await client.fetch("1:*", FetchAttribute.UID)
    assert [each.number for each in fetched] == [1, 2]


@pytest.mark.parametrize(
    "answer",
    [
        "\0\0\0\0\n",
        "* 1 FETCH (UID\n",
        "* 1 FETCH (BODY[] {99999999999}\n",
        "* 1 FETCH (" + "(" * 5000 + "\n",
    ],
)
async def test_garbage_is_a_connection_error(connect: Start, answer: str) -> None:
    client = await connect(("\r\n", answer))
    with pytest.raises(ConnectionError, match="does not speak IMAP"):
        await client.run(Noop())


@pytest.mark.parametrize(
    "answer", ["", "a1 O", "* 1 EXISTS\n", "* 1 FETCH (BODY[] {10}\nhalf", "* BYE bye\n"]
)
async def test_a_server_that_goes_away_in_the_middle(connect: Start, answer: str) -> None:
    client = await connect(("\r\n", answer))
    with pytest.raises(ConnectionError):
        await client.run(Noop())


async def test_a_literal_waits_for_the_server(connect: Start, server: ScriptedServer) -> None:
    """RFC 9051 §4.3: without LITERAL+ the client waits for the continuation."""
    client = await connect(
        ("{5}\r\n", "+ go on\n"), ("hello {3}\r\n", "* 1 EXISTS\n+\n"), ("you\r\n", "a1 OK done\n")
    )
    answer = await client.append("Sent", OutgoingMessage(b"hello", ("\\Seen",)), OutgoingMessage(b"you"))
    assert answer.untagged == (ExistsData(1),)
    assert server.heard == ["a1 APPEND Sent (\\Seen) {5}\r\n", "hello {3}\r\n", "you\r\n"]


async def test_a_refused_literal_is_not_sent(connect: Start, server: ScriptedServer) -> None:
    client = await connect(("{5}\r\n", "a1 NO [OVERQUOTA] full\n"), ("\r\n", "a2 OK done\n"))
    with pytest.raises(ImapError, match="OVERQUOTA"):
        await client.append("Sent", OutgoingMessage(b"hello"))
    await client.run(Noop())
    assert server.heard[1] == "a2 NOOP\r\n"


@pytest.mark.parametrize(
    ("capability", "size", "waits"),
    [("LITERAL+", 5000, False), ("LITERAL-", 4096, False), ("LITERAL-", 4097, True)],
)
async def test_literals_that_need_not_wait(
    connect: Start, server: ScriptedServer, capability: str, size: int, waits: bool
) -> None:
    """RFC 7888 §3, §5."""
    script = [(f"{{{size}}}\r\n", "+ go\n")] if waits else []
    client = await connect(
        *script, ("x\r\n", "a1 OK done\n"), greeting=f"* OK [CAPABILITY IMAP4rev1 {capability}] hi\r\n"
    )
    await client.append("Sent", OutgoingMessage(b"x" * size))
    plus = "" if waits else "+"
    assert server.heard[0].startswith(f"a1 APPEND Sent {{{size}{plus}}}\r\n")


async def test_capabilities_of_the_sign_in_replace_the_old_ones(connect: Start) -> None:
    client = await connect(
        ("\r\n", "a1 OK [CAPABILITY IMAP4rev1 IDLE] in\n"),
        greeting="* OK [CAPABILITY IMAP4rev1 LOGINDISABLED]\r\n",
    )
    await client.login("me", "secret")
    assert client.is_authenticated
    assert client.capabilities == {"IMAP4REV1", "IDLE"}


async def test_refused_login(connect: Start) -> None:
    client = await connect(("\r\n", "a1 NO [AUTHENTICATIONFAILED] no\n"))
    with pytest.raises(ImapError, match="AUTHENTICATIONFAILED") as caught:
        await client.login("me", "secret")
    assert not client.is_authenticated
    assert "secret" not in str(caught.value)


async def test_authenticate_refused_and_granted(connect: Start, server: ScriptedServer) -> None:
    client = await connect(("\r\n", "a1 NO no\n"), ("\r\n", "a2 OK in\n"))
    with pytest.raises(ImapError, match=r"^AUTHENTICATE"):
        await client.authenticate(
            Mechanism.PLAIN, client_exchange(Mechanism.PLAIN, username="u", password="x")
        )
    await client.authenticate(Mechanism.PLAIN, client_exchange(Mechanism.PLAIN, username="u", password="p"))
    assert client.is_authenticated
    assert server.heard[1] == "a2 AUTHENTICATE PLAIN AHUAcA==\r\n"


@pytest.mark.parametrize("challenge", ["!!!", "cj1vdGhlcg=="])
async def test_a_bad_challenge_ends_the_exchange(
    connect: Start, server: ScriptedServer, challenge: str
) -> None:
    """RFC 9051 §6.2.2: the client cancels with a line of one star."""
    client = await connect(("\r\n", f"+ {challenge}\n"), ("\r\n", "a1 BAD cancelled\n"), ("\r\n", "a2 OK\n"))
    exchange = client_exchange(Mechanism.SCRAM_SHA_256, username="u", password="p")
    with pytest.raises((SaslError, ValueError)):
        await client.authenticate(Mechanism.SCRAM_SHA_256, exchange)
    assert not client.is_authenticated
    await client.run(Noop())
    assert server.heard[1] == "*\r\n"


async def test_an_ok_without_proof_is_not_believed(connect: Start) -> None:
    """RFC 5802 §5: the server has to prove that it knows the password."""
    client = await connect(("\r\n", "a1 OK come in\n"))
    exchange = client_exchange(Mechanism.SCRAM_SHA_256, username="u", password="p")
    with pytest.raises(SaslError):
        await client.authenticate(Mechanism.SCRAM_SHA_256, exchange)
    assert not client.is_authenticated


async def test_plaintext_behind_the_answer_to_starttls_is_refused(connect: Start) -> None:
    """RFC 9051 §11.1: what was injected before TLS must not be taken for an answer within it."""
    client = await connect(("\r\n", "a1 OK go\n* CAPABILITY EVIL\n"))
    with pytest.raises(ConnectionError, match="plaintext"):
        await client.start_tls(client_context(), hostname="imap.example")
    assert not client.is_tls
    assert client.capabilities == frozenset()


async def test_refused_starttls(connect: Start) -> None:
    client = await connect(("\r\n", "a1 NO not today\n"))
    with pytest.raises(ImapError, match=r"^STARTTLS"):
        await client.start_tls(client_context(), hostname="imap.example")


async def test_idle_tells_news_and_ends_with_done(connect: Start, server: ScriptedServer) -> None:
    """RFC 2177 §3."""
    client = await connect(("IDLE\r\n", "* 3 EXISTS\n+ idling\n* 4 EXISTS\n"), ("DONE\r\n", "a1 OK done\n"))
    async with client.idle() as news:
        # What came before the continuation is news, too.
        assert [await anext(news), await anext(news)] == [ExistsData(3), ExistsData(4)]
    assert server.heard == ["a1 IDLE\r\n", "DONE\r\n"]


async def test_refused_idle_is_an_error_at_once(connect: Start) -> None:
    client = await connect(("IDLE\r\n", "a1 NO [CANNOT] no\n"), ("NOOP\r\n", "a2 OK done\n"))
    with pytest.raises(ImapError, match=r"^IDLE"):
        async with asyncio.timeout(5), client.idle():
            pytest.fail("the server does not idle")
    await client.run(Noop())


async def test_logout_does_not_mind_a_server_that_is_gone(connect: Start) -> None:
    client = await connect()
    await client.logout()
    await client.logout()
