"""What a client missed, against plain sets (RFC 7162 §3.2.5, §3.2.6)."""

import time
from array import array

import pytest
from hypothesis import given, strategies as st

from mox.imapserver.commands.resync import (
    _is_in,
    _matched_uid,
    _segments,
    _up_to,
    _without,
    missed_since,
)
from mox.imapserver.errors import RefusedError
from mox.store import INBOX, Account, Store, expunge_messages, get_mailbox
from moxkit.imap import QresyncParameters, SequenceSet
from room.deposits import Deposit

uid_sets = st.sets(st.integers(1, 60))
ranges = st.lists(st.tuples(st.integers(1, 70), st.integers(1, 70)).map(sorted).map(tuple), max_size=5)


def numbers_in(found: list[tuple[int, int]]) -> set[int]:
    return {n for low, high in found for n in range(low, high + 1)}


@given(uid_sets, ranges)
def test_ranges_without_some_numbers(uids: set[int], named: list[tuple[int, int]]) -> None:
    cut = _up_to(60, named)
    assert numbers_in(cut) == {n for n in numbers_in(named) if n <= 60}
    assert numbers_in(_without(cut, sorted(uids))) == numbers_in(cut) - uids
    for uid in range(1, 62):
        assert _is_in(uid, cut) == (uid in numbers_in(cut))


@given(uid_sets, uid_sets, st.lists(st.integers(0, 59), max_size=12, unique=True))
def test_pairs_match_up_to_the_first_removal(before: set[int], gone: set[int], sample: list[int]) -> None:
    """As a client makes them: some of the messages it had, with the numbers they had."""
    old, live = sorted(before), sorted(before - gone)
    picked = sorted(index for index in sample if index < len(old))
    if not picked:
        return
    numbers = SequenceSet.of([index + 1 for index in picked])
    uids = SequenceSet.of([old[index] for index in picked])
    matched = _matched_uid(array("I", live), _segments((numbers, uids)))
    expected = 0
    for index in picked:
        if index < len(live) and live[index] == old[index]:
            expected = old[index]
        else:
            break
    assert matched == expected
    # Nothing up to there is gone.
    assert not {uid for uid in gone & before if uid <= matched}


@pytest.mark.parametrize(
    ("numbers", "uids"),
    [
        (((1, 3),), ((1, 2),)),
        (((1, 1),), ((1, 1), (3, 3))),
        (((2, 2), (1, 1)), ((1, 2),)),
        (((1, 2),), ((5, 5), (5, 5))),
    ],
)
def test_sets_that_are_no_pairs(
    numbers: tuple[tuple[int, int], ...], uids: tuple[tuple[int, int], ...]
) -> None:
    with pytest.raises(RefusedError):
        list(_segments((SequenceSet(numbers), SequenceSet(uids))))


def test_giant_runs_of_pairs_cost_little() -> None:
    everything = SequenceSet(((1, 2**32 - 1),))
    before = time.perf_counter()
    assert _matched_uid(array("I", range(1, 100_001)), _segments((everything, everything))) == 100_000
    assert time.perf_counter() - before < 0.1


@pytest.fixture
def account(store: Store) -> Account:
    return store.account("mox")


async def test_match_data_helps_where_history_was_forgotten(account: Account, deposit: Deposit) -> None:
    """RFC 7162 §3.2.5.2, its first paragraph."""
    for _ in range(8):
        await deposit(account, b"Subject: x\r\n\r\n")
    inbox = get_mailbox(account.reader, INBOX)
    await account.write(lambda tx: expunge_messages(tx, inbox.id, [2, 5, 7]))
    await account.write(lambda tx: tx.connection.run("UPDATE account SET purged_modseq = 999"))
    inbox = get_mailbox(account.reader, INBOX)

    def missed(*, matches: tuple[SequenceSet, SequenceSet] | None) -> list[tuple[int, int]]:
        known = QresyncParameters(inbox.uidvalidity, 5, SequenceSet(((1, 8),)), matches)
        found = missed_since(account.reader, inbox, known)
        assert found is not None
        return found.removed

    assert missed(matches=None) == [(2, 2), (5, 5), (7, 7)]
    # Live are 1 3 4 6 8: the third message is 4, the fourth was 7.
    matches = SequenceSet.of([1, 3, 4]), SequenceSet.of([1, 4, 7])
    assert missed(matches=matches) == [(5, 5), (7, 7)]
