"""One delivery against a scripted server: what is sent, and a reply for each recipient."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from moxkit.smtp import MailFrom, parse_path
from moxkit.smtpclient import SmtpClient, SmtpError

Script = Callable[[list[tuple[str, str]]], Awaitable[int]]
ALICE, BOB = parse_path("alice@mox.example"), parse_path("bob@mox.example")
MAIL = MailFrom(parse_path("a@sender.example"))


@pytest.fixture
async def server() -> AsyncIterator[tuple[Script, list[str]]]:
    """Start a server that waits for what a line of its script says, then answers."""
    heard: list[str] = []
    running: list[asyncio.Server] = []

    async def start(script: list[tuple[str, str]]) -> int:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 mx.example\r\n")
            for expected, reply in [*script, ("QUIT\r\n", "221 bye")]:
                octets = b""
                while not octets.endswith(expected.encode()):
                    octets += await reader.readexactly(1)
                heard.append(octets.decode())
                writer.write(reply.replace("\n", "\r\n").encode() + b"\r\n")
            writer.close()
            await writer.wait_closed()

        running.append(await asyncio.start_server(serve, "127.0.0.1", 0))
        return int(running[0].sockets[0].getsockname()[1])

    yield start, heard
    for each in running:
        each.close()
        await each.wait_closed()


async def test_each_recipient_has_its_reply_and_dots_are_doubled(
    server: tuple[Script, list[str]],
) -> None:
    start, heard = server
    port = await start(
        [
            ("\r\n", "250-mx.example\n250 PIPELINING"),
            ("DATA\r\n", "250 2.1.0 ok\n250 2.1.5 ok\n550 5.1.1 nobody\n354 go"),
            ("\r\n.\r\n", "250 2.0.0 taken"),
        ]
    )
    async with await SmtpClient.connect("127.0.0.1", port, ehlo="client.example") as client:
        replies = await client.deliver(MAIL, [ALICE, BOB], [b"Subject: x\r\n", b"\r\n", b".", b"y\r\n"])
    assert [(reply.code, reply.enhanced) for reply in replies] == [(250, "2.0.0"), (550, "5.1.1")]
    assert heard[0] == "EHLO client.example\r\n"
    assert heard[2] == "Subject: x\r\n\r\n..y\r\n.\r\n"


async def test_refused_sender_is_an_error_with_the_reply(server: tuple[Script, list[str]]) -> None:
    start, _ = server
    port = await start([("\r\n", "250 mx.example"), ("\r\n", "550 5.7.1 no")])
    async with await SmtpClient.connect("127.0.0.1", port, ehlo="client.example") as client:
        with pytest.raises(SmtpError) as caught:
            await client.deliver(MAIL, [ALICE], [])
    assert (caught.value.command, caught.value.reply.enhanced) == ("MAIL", "5.7.1")
    assert caught.value.is_permanent
