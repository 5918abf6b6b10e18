"""`moxkit.imapclient` searching, as an outsider uses it; checked by mypy, not run."""

from moxkit.imap import (
    AllKey,
    EsearchData,
    FlagKey,
    PartialRange,
    SequenceSet,
    SortCriterion,
    SortKey,
    ThreadAlgorithm,
    ThreadNode,
)
from moxkit.imapclient import ImapClient, KeptResult


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
