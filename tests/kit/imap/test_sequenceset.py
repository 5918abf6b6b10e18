"""Sets of numbers, against the plain meaning of the words."""

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from moxkit.imap import (
    CommandSyntaxError,
    SequenceSet,
    encode_numbers,
    encode_search,
    encode_vanished,
    parse_sequence_set,
)
from moxkit.imap.sequenceset import LAST

NUMBER = st.integers(1, 60)
ENDS = st.one_of(NUMBER, st.just(LAST))
RANGES = st.lists(st.tuples(ENDS, ENDS).map(lambda pair: (min(pair), max(pair))), min_size=1, max_size=6)
SETS = RANGES.map(tuple).map(SequenceSet)
UIDS = st.sets(NUMBER).map(sorted)


def plainly(numbers: SequenceSet, uids: list[int]) -> list[int]:
    """RFC 9051 §9: * is the largest number in use, and the ends of a range stand in any order."""
    chosen = set[int]()
    for first, second in numbers.ranges:
        low, high = sorted(uids[-1] if end == LAST else end for end in (first, second))
        chosen.update(uid for uid in uids if low <= uid <= high)
    return sorted(chosen)


@given(SETS, UIDS)
def test_select_means_what_the_rfc_says(numbers: SequenceSet, uids: list[int]) -> None:
    assert numbers.select(uids) == (plainly(numbers, uids) if uids else [])


@given(SETS, UIDS.filter(bool))
def test_contains_agrees_with_select(numbers: SequenceSet, uids: list[int]) -> None:
    assert [uid for uid in uids if numbers.contains(uid, uids[-1])] == numbers.select(uids)


@given(SETS)
def test_survives_the_wire(numbers: SequenceSet) -> None:
    assert parse_sequence_set(bytes(numbers)) == numbers


def test_range_backwards_is_the_same() -> None:
    assert parse_sequence_set(b"5:2,*:3") == SequenceSet(((2, 5), (3, LAST)))


def test_range_above_the_last_message_holds_the_last_message() -> None:
    assert parse_sequence_set(b"559:*").select([3, 7]) == [7]


@pytest.mark.parametrize(
    "octets", [b"", b"0", b"1,", b"1:", b":1", b"1:2:3", b"4294967296", b"1:4294967296", b"$,1"]
)
def test_refuses_what_is_no_set(octets: bytes) -> None:
    with pytest.raises(CommandSyntaxError):
        parse_sequence_set(octets)


@given(UIDS)
def test_encoded_numbers_are_the_numbers(uids: list[int]) -> None:
    encoded = encode_numbers(uids)
    if not uids:
        assert encoded == b""
        return
    assert parse_sequence_set(encoded).select(list(range(1, 61))) == uids
    runs = parse_sequence_set(encoded).ranges
    assert all(second[0] > first[1] + 1 for first, second in pairwise(runs))


def test_overlapping_ranges_cost_no_more_than_one() -> None:
    """4000 times everything, of 100,000 messages: copied once."""
    numbers = parse_sequence_set(b",".join([b"1:*"] * 4000))
    assert numbers.spans(range(1, 100_001)) == [(0, 100_000)]


def test_long_results_are_split_into_lines() -> None:
    assert encode_search([]) == b"* SEARCH\r\n"
    assert encode_search(range(1, 102), 5).count(b"(MODSEQ 5)\r\n") == 2
    lines = encode_vanished(range(1, 10_000, 2), earlier=True).splitlines()
    assert all(line.startswith(b"* VANISHED (EARLIER) ") and len(line) < 4096 for line in lines)
    numbers = b",".join(line.rpartition(b" ")[2] for line in lines)
    assert parse_sequence_set(numbers).select(range(1, 10_001)) == list(range(1, 10_000, 2))
    assert encode_vanished([]) == b""
