"""`moxkit.imapclient` as an outsider uses it; checked by mypy, not run."""

from moxkit.imap import (
    ENTIRE_DEPTH,
    AllKey,
    AppendUid,
    CatenatedMessage,
    EsearchData,
    EventGroup,
    FetchAttribute,
    FetchData,
    FilterKind,
    FlagKey,
    MailboxFilter,
    NotifyEvent,
    OutgoingMessage,
    PartialRange,
    QresyncParameters,
    QuotaData,
    Response,
    SequenceSet,
    SortCriterion,
    SortKey,
    StatusData,
    ThreadAlgorithm,
    ThreadNode,
)
from moxkit.imapclient import Annotations, Changes, ImapClient, KeptResult, Opened


async def newest_unread(client: ImapClient) -> list[int]:
    unread = FlagKey("\\Seen", present=False)
    by_date = [SortCriterion(SortKey.DATE, reverse=True)]
    uids: list[int] = await client.sort(by_date, unread)
    found: EsearchData = await client.search_for(unread, "COUNT", partial=PartialRange(-1, -10))
    if found.partial is not None:
        part: SequenceSet | None = found.partial[1]
        assert part is None or part.ranges
    threads: tuple[ThreadNode, ...] = await client.thread(ThreadAlgorithm.REFERENCES, AllKey())
    roots: list[int | None] = [node.number for node in threads]
    kept: KeptResult = await client.keep(unread, by_date)
    numbers: list[int] = kept.numbers
    await client.cancel_updates(kept)
    return numbers + uids + [number for number in roots if number is not None]


async def come_back(client: ImapClient, uidvalidity: int, modseq: int) -> SequenceSet:
    enabled: frozenset[str] = await client.enable("QRESYNC")
    opened: Opened = await client.open("INBOX", known=QresyncParameters(uidvalidity, modseq))
    changed: tuple[FetchData, ...] = opened.changes.changed
    later: Changes = await client.changes_since(opened.highest_modseq, "1:*", FetchAttribute.FLAGS)
    new: AppendUid | None = await client.replace(7, "Drafts", OutgoingMessage(b"Subject: x\r\n\r\n"))
    assert enabled
    assert changed or new
    return later.vanished


async def hear(client: ImapClient) -> Response | None:
    events = frozenset({NotifyEvent.MESSAGE_NEW, NotifyEvent.MESSAGE_EXPUNGE})
    everywhere = MailboxFilter(FilterKind.PERSONAL)
    statuses: tuple[StatusData, ...] = await client.notify(EventGroup(everywhere, events), status=True)
    found: list[EsearchData] = await client.search_in([everywhere], AllKey(), "COUNT")
    assert statuses
    assert found
    async with client.news() as news:
        async for response in news:
            return response
    return None


async def annotate(client: ImapClient) -> bytes:
    await client.set_metadata("INBOX", {"/private/comment": b"mine", "/shared/comment": None})
    found: Annotations = await client.get_metadata("INBOX", "/private", depth=ENTIRE_DEPTH, max_size=1024)
    longest: int | None = found.longest
    by_mailbox: dict[str, dict[str, bytes | None]] = await client.list_with_metadata("*", "/private/comment")
    assert longest is None
    assert by_mailbox
    return found.values["/private/comment"]


async def share(client: ImapClient) -> dict[str, bytes | None]:
    await client.compress()
    quota: QuotaData | None = await client.quota()
    by_root: dict[str, QuotaData | None] = await client.quota_roots("INBOX")
    assert quota in by_root.values()
    languages: tuple[str, ...] = await client.languages()
    spoken: str | None = await client.speak(languages)
    assert spoken
    await client.append("Drafts", CatenatedMessage((b"> ", "/INBOX/;UID=7"), ("\\Draft",)))
    urls: tuple[str, ...] = await client.authorize_urls(["imap://me@host/INBOX/;UID=7;URLAUTH=anonymous"])
    await client.revoke_urls("INBOX")
    fetched = await client.fetch_urls(urls)
    await client.unauthenticate()
    return fetched
