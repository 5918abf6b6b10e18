"""INPROGRESS (RFC 9585): long commands say every ten seconds that they go on, short ones nothing."""

import asyncio
import re
import threading
from collections.abc import AsyncIterator

import pytest

from mox.store import Tx, copy_messages, get_mailbox
from room.imapserver.serving import Client, ImapHouse


@pytest.fixture
async def client(house: ImapHouse) -> AsyncIterator[Client]:
    """A client with an Inbox of 1024 messages."""
    await house.fill(["plain"])
    account = house.account
    inbox = get_mailbox(account.reader, "Inbox").id

    def double(tx: Tx) -> None:
        copy_messages(tx, inbox, [(1, 2**32)], "Inbox")

    for _ in range(10):
        await account.write(double)
    client = await house.selected()
    yield client
    client.writer.close()


@pytest.fixture
async def held(house: ImapHouse) -> AsyncIterator[threading.Event]:
    """Set it to let the account's writer go on."""
    event = threading.Event()
    writing = asyncio.ensure_future(house.account.write(lambda _tx: event.wait(20)))
    await asyncio.sleep(0)
    yield event
    event.set()
    await writing


async def told(client: Client, end: str) -> list[str]:
    lines = []
    while not (line := (await client.read_line()).decode()).startswith(end):
        lines.append(line.rstrip())
    assert line.startswith(f"{end} OK"), line
    return lines


@pytest.mark.parametrize(
    "command",
    [
        "COPY 1:* Archive",
        "MOVE 1:* Archive",
        "STORE 1:* +FLAGS.SILENT (x)",
        "EXPUNGE",
        "UID EXPUNGE 1:*",
        "CLOSE",
    ],
)
async def test_changes_say_that_they_go_on(
    house: ImapHouse, client: Client, held: threading.Event, command: str
) -> None:
    await client.write(f"a {command}\r\n".encode())
    for _ in range(50):
        await asyncio.sleep(0)
    await house.clock.advance(9.9)
    await house.clock.advance(15)
    for _ in range(2):
        assert await client.read_line() == b'* OK [INPROGRESS ("a" NIL NIL)] still working\r\n'
    held.set()
    assert [line for line in await told(client, "a") if "INPROGRESS" in line] == []


async def test_search_says_how_far_it_is(house: ImapHouse, client: Client) -> None:
    await client.write(b"a SEARCH NOT BODY xyz\r\n")
    asked = asyncio.ensure_future(told(client, "a"))
    while not asked.done():
        await house.clock.advance(10)
    counts = [
        int(found[1])
        for line in asked.result()
        if (found := re.search(r'INPROGRESS \("a" (\d+) 1024\)', line))
    ]
    assert counts
    assert counts == sorted(counts)
    assert counts[-1] <= 1024


async def test_tag_that_would_end_the_code_is_not_told(
    house: ImapHouse, client: Client, held: threading.Event
) -> None:
    await client.write(b"a] EXPUNGE\r\n")
    for _ in range(50):
        await asyncio.sleep(0)
    await house.clock.advance(10)
    assert (await client.read_line()).startswith(b"* OK [INPROGRESS] ")
    held.set()
    await told(client, "a]")


async def test_commands_on_few_messages_say_nothing(
    house: ImapHouse, client: Client, held: threading.Event
) -> None:
    await client.write(b"a STORE 1:10 +FLAGS.SILENT (x)\r\n")
    for _ in range(50):
        await asyncio.sleep(0)
    await house.clock.advance(60)
    held.set()
    assert not any("INPROGRESS" in line for line in await told(client, "a"))


async def test_client_that_goes_away_meanwhile_hinders_nobody(
    house: ImapHouse, client: Client, held: threading.Event
) -> None:
    await client.write(b"a COPY 1:* Archive\r\n")
    for _ in range(50):
        await asyncio.sleep(0)
    client.writer.transport.abort()
    for _ in range(4):
        await house.clock.advance(10)
    held.set()
    other = await house.signed_in()
    answer = await other.ask("STATUS Archive (MESSAGES)")
    assert answer[-1].startswith("OK")
