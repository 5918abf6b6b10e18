"""Our own client against the server: what it asks, and what it makes of the answers."""

from collections.abc import AsyncIterator

import pytest

from moxkit.imap import (
    BodySection,
    CatenatedMessage,
    Enable,
    Expunge,
    OutgoingMessage,
    QuotaData,
    QuotaResource,
    Section,
    Select,
    Store,
    StoreAction,
    parse_sequence_set,
)
from moxkit.imapclient import ImapClient, ImapError
from room.imapserver.letters import LETTERS
from room.imapserver.serving import OTHER, PASSWORD, USER, ImapHouse


@pytest.fixture
async def client(house: ImapHouse) -> AsyncIterator[ImapClient]:
    house.quota_octets, house.quota_messages = 100_000, 50
    await house.fill(["plain"])
    async with await signed_in(house, USER) as client:
        yield client


async def signed_in(house: ImapHouse, user: str) -> ImapClient:
    await house.listen()
    client = await ImapClient.connect("127.0.0.1", house.port)
    await client.login(user, PASSWORD)
    return client


async def test_quota(client: ImapClient) -> None:
    used = QuotaData("", (QuotaResource("STORAGE", 1, 98), QuotaResource("MESSAGE", 1, 50)))
    assert await client.quota() == used
    assert await client.quota_roots("Größe") == {"": used}
    with pytest.raises(ImapError, match="NONEXISTENT"):
        await client.quota("elsewhere")


async def test_languages(client: ImapClient) -> None:
    assert await client.languages() == ("en", "i-default")
    assert await client.speak(["fr", "en-GB"]) == "en"
    with pytest.raises(ImapError):
        await client.speak(["fr"])


async def test_starting_over(client: ImapClient) -> None:
    await client.run(Enable(("IMAP4rev2",)))
    await client.unauthenticate()
    assert not client.is_authenticated
    assert client.enabled == frozenset()
    await client.login(OTHER, PASSWORD)
    assert "UNAUTHENTICATE" in client.capabilities


async def test_messages_put_together(client: ImapClient) -> None:
    parts = (b"Subject: answer\r\n\r\n> ", "/INBOX/;UID=1/;SECTION=TEXT/;PARTIAL=0.8")
    await client.append("Drafts", CatenatedMessage(parts, ("\\Draft",)), OutgoingMessage(b"plain"))
    await client.run(Select("Drafts"))
    first, second = await client.fetch("1:*", BodySection(Section(), peek=True))
    assert first.contents[0].octets == b"Subject: answer\r\n\r\n> Hello,\r\n"
    assert second.contents[0].octets == b"plain"
    with pytest.raises(ImapError, match="BADURL /INBOX/;UID=2"):
        await client.append("Drafts", CatenatedMessage(("/INBOX/;UID=2",)))


async def test_removed_messages_are_in_no_url(client: ImapClient) -> None:
    rump = "imap://mox%40mox.example@mx.example/INBOX/;UID=1;URLAUTH=authuser"
    [url] = await client.authorize_urls([rump])
    assert (await client.fetch_urls([url]))[url] == LETTERS["plain"]
    await client.run(Select("INBOX"))
    await client.run(Store(parse_sequence_set(b"1"), StoreAction.ADD, ("\\Deleted",)))
    await client.run(Expunge())
    assert await client.fetch_urls([url]) == {url: None}
    with pytest.raises(ImapError, match="BADURL"):
        await client.append("Drafts", CatenatedMessage((b"x", "/INBOX/;UID=1")))


async def test_parts_are_limited(client: ImapClient) -> None:
    url = "/INBOX/;UID=1/;SECTION=TEXT/;PARTIAL=0.1"
    await client.append("Drafts", CatenatedMessage((url,) * 100))
    with pytest.raises(ImapError, match="LIMIT"):
        await client.append("Drafts", CatenatedMessage((b"x",) * 1001))


async def test_urls_for_others(client: ImapClient, house: ImapHouse) -> None:
    base = "imap://mox%40mox.example@mx.example/INBOX/;UID=1"
    urls = await client.authorize_urls(
        [
            f"{base};URLAUTH=authuser",
            f"{base};URLAUTH=user+{OTHER.replace('@', '%40')}",
            f"{base};URLAUTH=user+x",
        ]
    )
    async with await signed_in(house, OTHER) as other:
        fetched = await other.fetch_urls(urls)
        assert list(fetched.values()) == [LETTERS["plain"], LETTERS["plain"], None]
        # A token of one URL is none of another.
        mixed = urls[0].rpartition(":")[0] + ":" + urls[1].rpartition(":")[2]
        assert await other.fetch_urls([mixed]) == {mixed: None}
        # Of somebody else's messages nothing can be given away.
        with pytest.raises(ImapError):
            await other.authorize_urls([f"{base};URLAUTH=authuser"])
        await client.revoke_urls("INBOX")
        assert set((await other.fetch_urls(urls)).values()) == {None}
