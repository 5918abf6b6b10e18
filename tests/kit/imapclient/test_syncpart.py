"""Keeping up, against a scripted server: what is asked, and what is made of answers as RFCs give them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from moxkit.imap import (
    AllKey,
    AppendUid,
    EventGroup,
    ExistsData,
    FilterKind,
    MailboxFilter,
    NotifyEvent,
    OutgoingMessage,
    QresyncParameters,
    SequenceSet,
    StatusItem,
)
from moxkit.imapclient import ImapClient

Start = Callable[..., Awaitable[ImapClient]]


@pytest.fixture
async def connect() -> AsyncIterator[Start]:
    """Return a function that connects to a server which answers lines in turn; `{tag}` is the command's."""
    servers: list[asyncio.Server] = []
    clients: list[ImapClient] = []
    ends: list[asyncio.Event] = []

    async def start(*script: tuple[str, str]) -> ImapClient:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"* OK [CAPABILITY IMAP4rev1 LITERAL+] hello\r\n")
            for expected, answer in script:
                line = (await reader.readline()).decode().rstrip("\r\n")
                tag, _, command = line.partition(" ")
                told = answer if command == expected else f"{{tag}} BAD {expected} not {command}\n"
                writer.write(told.replace("{tag}", tag).replace("\n", "\r\n").encode())
                if line.endswith("+}"):
                    await reader.readline()
            await reader.read()
            writer.close()
            finished.set()

        finished = asyncio.Event()
        ends.append(finished)
        servers.append(await asyncio.start_server(serve, "127.0.0.1", 0))
        port = int(servers[-1].sockets[0].getsockname()[1])
        clients.append(await ImapClient.connect("127.0.0.1", port, timeout_s=5))
        return clients[-1]

    yield start
    for client in clients:
        client._conn.close()
    for end in ends:
        await end.wait()
    for server in servers:
        server.close()
        await server.wait_closed()


async def test_opens_with_what_is_known(connect: Start) -> None:
    """RFC 7162 §3.2.5.1, the example."""
    client = await connect(
        (
            "SELECT INBOX (QRESYNC (67890007 90060115194045000 41:211,214:541))",
            "* OK [CLOSED]\n* 100 EXISTS\n* 11 RECENT\n* OK [UIDVALIDITY 67890007] UIDVALIDITY\n"
            "* OK [UIDNEXT 600] Predicted next UID\n* OK [HIGHESTMODSEQ 90060115205545359] Highest\n"
            "* VANISHED (EARLIER) 41,43:116,118\n* VANISHED (EARLIER) 120:211,214:540\n"
            "* 49 FETCH (UID 117 FLAGS (\\Seen \\Answered) MODSEQ (90060115194045001))\n"
            "{tag} OK [READ-WRITE] mailbox selected\n",
        )
    )
    uids = SequenceSet(((41, 211), (214, 541)))
    opened = await client.open("INBOX", known=QresyncParameters(67890007, 90060115194045000, uids))
    assert (opened.exists, opened.uidvalidity, opened.uidnext) == (100, 67890007, 600)
    assert opened.highest_modseq == 90060115205545359
    (changed,) = opened.changes.changed
    assert (changed.uid, changed.flags) == (117, ("\\Seen", "\\Answered"))
    gone = ((41, 41), (43, 116), (118, 118), (120, 211), (214, 540))
    assert opened.changes.vanished.ranges == gone


async def test_learns_what_changed(connect: Start) -> None:
    """RFC 7162 §3.2.6, the example; what vanishes now is no answer."""
    client = await connect(
        (
            "UID FETCH 300:500 (UID FLAGS) (CHANGEDSINCE 12345 VANISHED)",
            "* VANISHED (EARLIER) 300:310,405,411\n* VANISHED 404\n"
            "* 1 FETCH (UID 404 MODSEQ (65402) FLAGS (\\Seen))\n{tag} OK FETCH completed\n",
        )
    )
    changes = await client.changes_since(12345, "300:500")
    assert changes.vanished.ranges == ((300, 310), (405, 405), (411, 411))
    assert [data.modseq for data in changes.changed] == [65402]


@pytest.mark.parametrize(
    ("answer", "where"),
    [
        # RFC 8508 §3.2; and as UIDPLUS alone has it.
        (
            "* OK [APPENDUID 1 2000] ready\n* 5 EXISTS\n* 4 EXPUNGE\n{tag} OK completed\n",
            AppendUid(1, SequenceSet(((2000, 2000),))),
        ),
        ("{tag} OK [APPENDUID 1 2000] completed\n", AppendUid(1, SequenceSet(((2000, 2000),)))),
        ("{tag} OK completed\n", None),
    ],
)
async def test_replaces(connect: Start, answer: str, where: AppendUid | None) -> None:
    client = await connect(("UID REPLACE 4 Drafts (\\Draft) {5+}", answer))
    assert await client.replace(4, "Drafts", OutgoingMessage(b"hello", ("\\Draft",))) == where


async def test_searches_in_several(connect: Start) -> None:
    """RFC 7377 §3: results of another search are not this one's."""
    client = await connect(
        (
            'ESEARCH IN (mailboxes (folder1) subtree ("a b")) ALL',
            '* ESEARCH (TAG "{tag}" MAILBOX "folder1" UIDVALIDITY 1) UID ALL 4001,4003\n'
            '* ESEARCH (TAG "other" MAILBOX "folder1" UIDVALIDITY 1) UID ALL 3001:3004\n{tag} OK done\n',
        )
    )
    sources = [MailboxFilter(FilterKind.MAILBOXES, ("folder1",)), MailboxFilter(FilterKind.SUBTREE, ("a b",))]
    (found,) = await client.search_in(sources, AllKey())
    assert (found.mailbox, found.uidvalidity) == ("folder1", 1)
    assert found.all == SequenceSet(((4001, 4001), (4003, 4003)))


async def test_hears_news_between_commands(connect: Start) -> None:
    """RFC 5465 §3.1, §5."""
    events = frozenset({NotifyEvent.MESSAGE_NEW, NotifyEvent.MESSAGE_EXPUNGE})
    client = await connect(
        (
            "NOTIFY SET STATUS (subtree (Lists) (MessageExpunge MessageNew))",
            "* STATUS Lists/Lemonade (UIDVALIDITY 4 UIDNEXT 9999 MESSAGES 500)\n{tag} OK done\n"
            "* STATUS Lists/Lemonade (UIDVALIDITY 4 UIDNEXT 10000 MESSAGES 501)\n* 127 EXISTS\n",
        ),
        ("NOTIFY NONE", "{tag} OK silent\n"),
    )
    group = EventGroup(MailboxFilter(FilterKind.SUBTREE, ("Lists",)), events)
    (status,) = await client.notify(group, status=True)
    assert dict(status.items)[StatusItem.MESSAGES] == 500
    async with client.news() as news, asyncio.timeout(5):
        assert dict(getattr(await anext(news), "items", ()))[StatusItem.MESSAGES] == 501
        assert await anext(news) == ExistsData(127)
    assert await client.notify() == ()


async def test_switches_extensions_on(connect: Start) -> None:
    client = await connect(
        ("ENABLE QRESYNC X", "* ENABLED qresync CONDSTORE\n{tag} OK done\n"), ("ENABLE X", "{tag} OK done\n")
    )
    assert await client.enable("QRESYNC", "X") == {"QRESYNC", "CONDSTORE"}
    assert await client.enable("X") == frozenset()
