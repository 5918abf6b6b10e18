"""Keeping up with our own client, from QRESYNC to NOTIFY; and clients that ask too much."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from mox.store import MOST_ANNOTATION_OCTETS, MOST_ANNOTATIONS, list_annotations
from moxkit.imap import (
    ENTIRE_DEPTH,
    AllKey,
    AppendUid,
    BadEvent,
    Create,
    Delete,
    EventGroup,
    Expunge,
    FetchAttribute,
    FetchData,
    FilterKind,
    HeaderKey,
    ListData,
    MailboxFilter,
    MetadataChangedData,
    MetadataCode,
    NotifyEvent,
    OutgoingMessage,
    QresyncParameters,
    Response,
    SequenceSet,
    StatusData,
    StatusItem,
    Store,
    StoreAction,
    VanishedData,
)
from moxkit.imapclient import ImapClient, ImapError, Opened
from room.imapserver.serving import PASSWORD, USER, ImapHouse

BOTH = frozenset({NotifyEvent.MESSAGE_NEW, NotifyEvent.MESSAGE_EXPUNGE})
PERSONAL = MailboxFilter(FilterKind.PERSONAL)
SELECTED = MailboxFilter(FilterKind.SELECTED)
HELLO = OutgoingMessage(b"Subject: hello\r\n\r\nhello\r\n")


async def signed_in(house: ImapHouse) -> ImapClient:
    await house.listen()
    client = await ImapClient.connect("127.0.0.1", house.port)
    await client.login(USER, PASSWORD)
    return client


@pytest.fixture
async def client(house: ImapHouse) -> AsyncIterator[ImapClient]:
    await house.fill(["plain", "second", "multipart"])
    async with await signed_in(house) as client:
        yield client


@pytest.fixture
async def other(house: ImapHouse) -> AsyncIterator[ImapClient]:
    async with await signed_in(house) as client:
        yield client


async def remove(client: ImapClient, uids: str) -> None:
    numbers = SequenceSet(tuple((int(uid), int(uid)) for uid in uids.split(",")))
    await client.run(Store(numbers, StoreAction.ADD, ("\\Deleted",), uid=True))
    await client.run(Expunge(numbers))


def known(opened: Opened, uids: SequenceSet | None = None) -> QresyncParameters:
    return QresyncParameters(opened.uidvalidity, opened.highest_modseq, uids)


async def test_comes_back(client: ImapClient, other: ImapClient) -> None:
    assert await client.enable("QRESYNC") == {"QRESYNC", "CONDSTORE"}
    before = await client.open("Inbox")
    assert (before.exists, before.uidnext) == (3, 4)
    assert before.changes.changed == ()
    await other.open("Inbox")
    await remove(other, "1,3")
    await other.append("Inbox", HELLO)
    after = await client.open("Inbox", known=known(before))
    assert after.changes.vanished == SequenceSet(((1, 1), (3, 3)))
    assert [(data.number, data.uid, data.flags) for data in after.changes.changed] == [(2, 4, ())]
    assert after.highest_modseq > before.highest_modseq
    changes = await client.changes_since(before.highest_modseq, "1:3", FetchAttribute.UID)
    assert (changes.changed, changes.vanished) == ((), after.changes.vanished)


async def test_replaces_a_draft(client: ImapClient) -> None:
    opened = await client.open("Inbox")
    assert await client.replace(2, "Inbox", HELLO) == AppendUid(opened.uidvalidity, SequenceSet(((4, 4),)))
    assert await client.replace(None, "Inbox", HELLO, uid=False) is not None
    fetched = await client.fetch("1:*", FetchAttribute.UID)
    assert [data.uid for data in fetched] == [1, 3, 5]
    with pytest.raises(ImapError, match="no such message"):
        await client.replace(2, "Inbox", HELLO)


async def test_annotations(client: ImapClient, other: ImapClient) -> None:
    values = {"/private/a": b"\0any\r\noctets", "/private/b/c": b"x" * 3000, "/shared/e": b""}
    await client.set_metadata("Inbox", values)
    found = await client.get_metadata("Inbox", "/private", "/shared/e", depth=ENTIRE_DEPTH)
    assert found.values == values
    cut = await client.get_metadata("Inbox", "/private", depth=ENTIRE_DEPTH, max_size=100)
    assert (list(cut.values), cut.longest) == (["/private/a"], 3000)
    await client.set_metadata("", {"/shared/comment": b"hello"})
    assert (await other.get_metadata("", "/shared/comment")).values == {"/shared/comment": b"hello"}
    listed = await client.list_with_metadata("*", "/private/a")
    assert listed["Inbox"] == {"/private/a": b"\0any\r\noctets"}
    assert listed["Sent"] == {"/private/a": None}
    await other.enable("METADATA")
    await client.set_metadata("Inbox", {"/private/a": None})
    answer = await other.enable("CONDSTORE")
    assert answer == {"CONDSTORE"}
    assert (await client.get_metadata("Inbox", "/private/a")).values == {}


async def test_searches_in_several_mailboxes(client: ImapClient) -> None:
    await client.append("Archive", HELLO)
    results = await client.search_in([PERSONAL], HeaderKey("Subject", "hello"))
    assert [(data.mailbox, data.all) for data in results] == [("Archive", SequenceSet(((1, 1),)))]
    results = await client.search_in([PERSONAL], AllKey(), "count")
    assert [(data.mailbox, data.count) for data in results] == [("Archive", 1), ("Inbox", 3)]


async def take(client: ImapClient, count: int) -> list[Response]:
    heard: list[Response] = []
    async with client.news() as news, asyncio.timeout(10):
        async for response in news:
            heard.append(response)
            if len(heard) == count:
                break
    return heard


async def test_hears_the_news(client: ImapClient, other: ImapClient) -> None:
    await client.open("Inbox")
    names = frozenset({NotifyEvent.MAILBOX_NAME, NotifyEvent.MAILBOX_METADATA_CHANGE})
    statuses = await client.notify(
        EventGroup(SELECTED, BOTH), EventGroup(PERSONAL, BOTH | names), status=True
    )
    assert sorted(status.mailbox for status in statuses) == ["Archive", "Drafts", "Junk", "Sent", "Trash"]
    await other.append("Archive", HELLO)
    (status,) = await take(client, 1)
    assert isinstance(status, StatusData)
    assert dict(status.items)[StatusItem.MESSAGES] == 1
    await other.append("Inbox", HELLO)
    _, fetched = await take(client, 2)
    assert isinstance(fetched, FetchData)
    assert (fetched.number, fetched.uid) == (4, 4)
    await other.set_metadata("Inbox", {"/private/a": b"x"})
    assert await take(client, 1) == [MetadataChangedData("Inbox", ("/private/a",))]
    await client.enable("QRESYNC")
    await other.open("Inbox")
    await remove(other, "2")
    assert VanishedData(SequenceSet(((2, 2),))) in await take(client, 1)
    await client.notify()
    with pytest.raises(ImapError) as refused:
        await client.notify(EventGroup(PERSONAL, BOTH, unknown=("Weather",)))
    assert isinstance(refused.value.condition.code, BadEvent)


async def test_deleted_mailbox_is_told_in_rev2(client: ImapClient, other: ImapClient) -> None:
    await client.enable("IMAP4rev2")
    await other.run(Create("x"))
    await client.open("x")
    await other.run(Delete("x"))
    async with client.idle() as news:
        first = await anext(news)
        second = await anext(news)
    assert "deleted" in str(first)
    assert second == ListData(("\\Subscribed", "\\NonExistent"), "/", "x")


# Those who ask too much.


async def test_overflow_ends_the_news(house: ImapHouse) -> None:
    """RFC 5465 §5.8: as if NOTIFY NONE had been received."""
    await house.fill(["plain"])
    client, other = await house.selected(), await house.selected()
    await client.ask("NOTIFY SET (selected-delayed (MessageNew MessageExpunge)) (personal (MailboxName))")
    for _ in range(11):
        # Each says a hundred times something else of the message.
        commands = "".join(f"x STORE 1 FLAGS (w{n})\r\n" for n in range(100))
        await other.write(commands.encode())
        for _ in range(100):
            while not (await other.read_line()).startswith(b"x OK"):
                pass
    lines = await client.ask("NOOP")
    assert lines[0].startswith("* OK [NOTIFICATIONOVERFLOW] ")
    assert len(lines) == 2
    await other.ask("CREATE x")
    await other.ask("STORE 1 +FLAGS (\\Seen)")
    assert len(await client.ask("NOOP")) == 1
    # Another NOTIFY begins anew, with what was missed.
    lines = await client.ask("NOTIFY SET (selected (MessageNew MessageExpunge FlagChange))")
    assert lines[0].startswith("* 1 FETCH (UID 1 FLAGS (\\Seen w99)")


async def test_queue_that_is_full_is_an_overflow_too(house: ImapHouse) -> None:
    client = await house.selected()
    await client.ask("NOTIFY SET (selected (MessageNew MessageExpunge))")
    for listener in house.account.switchboard._listeners:
        listener.overflowed = True
    assert (await client.ask("NOOP"))[0].startswith("* OK [NOTIFICATIONOVERFLOW] ")


async def test_groups_without_end_are_refused(house: ImapHouse) -> None:
    """RFC 5465 §3.1: too complex."""
    client = await house.signed_in()
    groups = " ".join(f"(mailboxes m{n} (MessageNew MessageExpunge))" for n in range(101))
    assert (await client.ask(f"NOTIFY SET {groups}"))[-1].startswith("NO [NOTIFICATIONOVERFLOW] ")
    names = " ".join(f"m{n}" for n in range(1001))
    assert (await client.ask(f"NOTIFY SET (mailboxes ({names}) (MailboxName))"))[-1].startswith("NO [NOTIF")
    # As much as is allowed costs the others nothing they would notice.
    names = " ".join(f"m{n}" for n in range(1000))
    assert (await client.ask(f"NOTIFY SET (mailboxes ({names}) (MailboxName))"))[-1].startswith("OK")
    other = await house.signed_in()
    before = time.perf_counter()
    for n in range(50):
        await other.ask(f"CREATE m{n}")
    assert time.perf_counter() - before < 5
    lists = [line for line in await client.ask("NOOP") if line.startswith("* LIST")]
    assert len(lists) <= 50


@pytest.mark.parametrize("is_forgotten", [False, True], ids=["remembered", "forgotten"])
async def test_giant_sets_of_known_uids_cost_what_was_sent(house: ImapHouse, *, is_forgotten: bool) -> None:
    await house.fill(["plain", "second", "multipart"])
    client, other = await house.signed_in(), await house.selected()
    await other.ask("STORE 2 +FLAGS.SILENT (\\Deleted)")
    await other.ask("EXPUNGE")
    if is_forgotten:
        await house.account.write(lambda tx: tx.connection.run("UPDATE account SET purged_modseq = 999"))
    await client.ask("ENABLE QRESYNC")
    everything = ",".join(["1:4294967295"] * 1000)
    before = time.perf_counter()
    for uids in (everything, "1:4294967295 (1:4294967295 1:4294967295)"):
        lines = await client.ask(f"SELECT Inbox (QRESYNC (946728000 1 {uids}))")
        assert lines[-1].startswith("OK"), lines
        vanished = [line for line in lines if line.startswith("* VANISHED")]
        assert vanished == ["* VANISHED (EARLIER) 2"]
    sets = f"{','.join(f'{n}' for n in range(1, 1500))} {','.join(f'{n}' for n in range(1, 1500))}"
    lines = await client.ask(f"SELECT Inbox (QRESYNC (946728000 1 1:9 ({sets})))")
    assert lines[-1].startswith("OK"), lines
    lines = await client.ask(f"UID FETCH {everything} (UID) (CHANGEDSINCE 1 VANISHED)")
    assert [line for line in lines if line.startswith("* VANISHED")] == ["* VANISHED (EARLIER) 2"]
    assert time.perf_counter() - before < 2


async def test_annotations_are_bounded(house: ImapHouse, client: ImapClient) -> None:
    large = b"x" * 99_000
    values = {f"/private/large/{n}": large for n in range(10)}
    for name, value in values.items():
        await client.set_metadata("Inbox", {name: value})
    with pytest.raises(ImapError, match=f"METADATA MAXSIZE {MOST_ANNOTATION_OCTETS}"):
        await client.set_metadata("", {"/private/more": large})
    found = await client.get_metadata("Inbox", "/private", depth=ENTIRE_DEPTH)
    assert found.values == values
    await client.set_metadata("Inbox", {"/private/large/0": None})
    for start in range(0, MOST_ANNOTATIONS - 9, 90):
        await client.set_metadata(
            "", {f"/private/n{n}": b"" for n in range(start, min(start + 90, MOST_ANNOTATIONS - 9))}
        )
    with pytest.raises(ImapError) as refused:
        await client.set_metadata("", {"/private/one/more": b"", "/private/n2": b"x"})
    assert isinstance(refused.value.condition.code, MetadataCode)
    # None of it was set; one for one there is room.
    assert (await client.get_metadata("", "/private/n2")).values == {"/private/n2": b""}
    await client.set_metadata("", {"/private/one/more": b"", "/private/n1": None})
    assert len(list_annotations(house.account.reader, None)) == MOST_ANNOTATIONS - 9
    # A literal that large is not even read (RFC 7888 §4).
    with pytest.raises(ConnectionError):
        await client.set_metadata("", {"/private/n2": b"x" * 200_000})
