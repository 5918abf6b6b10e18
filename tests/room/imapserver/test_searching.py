"""Searching, sorting, threading and kept results, through our own client."""

from random import Random

import pytest

from moxkit.imap import (
    AllKey,
    BodyKey,
    Expunge,
    FlagKey,
    HeaderKey,
    Noop,
    Not,
    Or,
    OutgoingMessage,
    PartialRange,
    SearchKey,
    Select,
    SequenceSet,
    SortCriterion,
    SortKey,
    Store,
    StoreAction,
    ThreadAlgorithm,
    ThreadData,
)
from moxkit.imapclient import ImapClient, ImapError, KeptResult
from room.imapserver.serving import PASSWORD, USER, ImapHouse

BY_SUBJECT = (SortCriterion(SortKey.SUBJECT),)


async def selected(house: ImapHouse) -> ImapClient:
    await house.listen()
    client = await ImapClient.connect("127.0.0.1", house.port)
    await client.login(USER, PASSWORD)
    await client.run(Select("INBOX"))
    return client


async def test_the_client_gets_typed_results(house: ImapHouse) -> None:
    await house.fill(["plain", "second", "reply", "utf8"])
    async with await selected(house) as client:
        assert await client.search(HeaderKey("Subject", "plain")) == [1, 3]
        assert await client.search(HeaderKey("Subject", "GRÜSSE"), uid=False) == [4]
        found = await client.search_for(AllKey(), "MIN", "COUNT")
        assert (found.lowest, found.highest, found.count, found.all) == (1, None, 4, None)
        part = await client.search_for(AllKey(), partial=PartialRange(-1, -2))
        assert part.partial == (PartialRange(-1, -2), SequenceSet(((3, 4),)))
        assert (await client.search_for(AllKey(), "SAVE")).all == SequenceSet(())
        assert await client.sort(BY_SUBJECT, AllKey()) == [4, 1, 3, 2]
        most = await client.sort_for(BY_SUBJECT, AllKey(), "MAX", partial=PartialRange(1, 2))
        assert (most.highest, most.partial) == (2, (PartialRange(1, 2), SequenceSet(((4, 4), (1, 1)))))
        threads = await client.thread(ThreadAlgorithm.REFERENCES, AllKey())
        assert ThreadData(threads).encode() == b"* THREAD (4)(1 (3)(2))\r\n"
        with pytest.raises(ImapError, match="BADCHARSET"):
            await client.sort(BY_SUBJECT, AllKey(), charset="X-NONE")


async def test_a_rev2_client_gets_the_same_list(house: ImapHouse) -> None:
    await house.fill(["plain", "second"])
    async with await selected(house) as client:
        tagged = await client.run(Noop())
        assert tagged.untagged == ()
        assert await client.search(AllKey()) == [1, 2]


def letter(random: Random) -> OutgoingMessage:
    subject = random.choice(("alpha", "Re: alpha", "beta", "gamma"))
    flags = tuple(f for f in ("\\Seen", "\\Flagged") if random.random() < 0.3)
    return OutgoingMessage(f"Subject: {subject}\r\n\r\n{random.choice(('one', 'two'))}\r\n".encode(), flags)


def kept_key(random: Random) -> SearchKey:
    flagged, seen = FlagKey("\\Flagged", present=True), FlagKey("\\Seen", present=random.random() < 0.5)
    return random.choice(
        (AllKey(), flagged, Not(flagged), seen, Or(flagged, HeaderKey("Subject", "alpha")), BodyKey("two"))
    )


ORDERS: tuple[tuple[SortCriterion, ...], ...] = (
    (),
    (SortCriterion(SortKey.SUBJECT), SortCriterion(SortKey.ARRIVAL, reverse=True)),
)


async def act(client: ImapClient, random: Random, count: int) -> None:
    """Change something, if there is something."""
    what = random.random()
    if what < 0.3 or not count:
        await client.append("INBOX", letter(random))
        return
    numbers = SequenceSet.of(sorted(random.sample(range(1, count + 1), random.randint(1, min(3, count)))))
    if what < 0.8:
        flag = random.choice(("\\Seen", "\\Flagged"))
        action = random.choice((StoreAction.ADD, StoreAction.REMOVE))
        await client.run(Store(numbers, action, (flag,), silent=random.random() < 0.5))
    else:
        await client.run(Store(numbers, StoreAction.ADD, ("\\Deleted",)))
        await client.run(Expunge())


@pytest.mark.parametrize("seed", range(8))
async def test_kept_results_are_what_a_new_search_finds(house: ImapHouse, seed: int) -> None:
    random = Random(seed)
    await house.listen()
    async with await selected(house) as watcher, await selected(house) as other:
        for _ in range(6):
            await other.append("INBOX", letter(random))
        await watcher.run(Noop())
        kept: list[tuple[KeptResult, SearchKey, tuple[SortCriterion, ...], bool]] = []
        for uid in (True, False):
            for criteria in ORDERS:
                key = kept_key(random)
                kept.append((await watcher.keep(key, criteria, uid=uid), key, criteria, uid))
        results = [each for each, *_ in kept]
        for _ in range(25):
            actor = random.choice((watcher, other))
            count = len(await actor.search(AllKey(), uid=False))
            if actor is watcher:
                await acting(watcher, random, count, results)
            else:
                await act(other, random, count)
            await tell(watcher, results)
            for result, key, criteria, uid in kept:
                if criteria:
                    fresh = await watcher.sort(criteria, key, uid=uid)
                else:
                    fresh = await watcher.search(key, uid=uid)
                assert result.numbers == fresh, (key, criteria, uid)


async def tell(client: ImapClient, results: list[KeptResult]) -> None:
    for response in (await client.run(Noop())).untagged:
        for result in results:
            result.take(response)


async def acting(client: ImapClient, random: Random, count: int, results: list[KeptResult]) -> None:
    """Change something with the client that keeps results: its answers hold updates too."""
    if random.random() < 0.3 or not count:
        answer = await client.append("INBOX", letter(random))
    elif random.random() < 0.7:
        number = SequenceSet.of([random.randint(1, count)])
        action = random.choice((StoreAction.ADD, StoreAction.REMOVE))
        answer = await client.run(Store(number, action, ("\\Flagged",)))
    else:
        marked = await client.run(
            Store(SequenceSet.of([random.randint(1, count)]), StoreAction.ADD, ("\\Deleted",))
        )
        for response in marked.untagged:
            for result in results:
                result.take(response)
        answer = await client.run(Expunge())
    for response in answer.untagged:
        for result in results:
            result.take(response)


async def test_no_more_updates_after_they_are_cancelled(house: ImapHouse) -> None:
    await house.fill(["plain"])
    async with await selected(house) as client:
        result = await client.keep(AllKey())
        await client.cancel_updates(result)
        assert not result.is_updated
        await house.fill(["second"])
        assert not any(result.take(response) for response in (await client.run(Noop())).untagged)
        assert result.numbers == [1]


async def test_a_client_learns_that_there_are_too_many(house: ImapHouse) -> None:
    async with await selected(house) as client:
        results = [await client.keep(AllKey()) for _ in range(11)]
        assert [result.is_updated for result in results] == [True] * 10 + [False]
