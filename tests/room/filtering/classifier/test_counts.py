"""Counts are the sum over what was learned, in whatever order; what cannot be right is told."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings, strategies as st

from mox.database import DatabaseError
from mox.filtering.classifier import Counts
from mox.filtering.classifier.counts import (
    Lesson,
    StaleCountsError,
    State,
    find_counts,
    open_words,
    read_state,
    write_lessons,
)
from room.filtering.classifier.learner import Counted, counted


def teach(words_path: Path, lessons: list[list[Lesson]]) -> Counted:
    words = open_words(words_path)
    try:
        for batch in lessons:
            before = read_state(words)
            write_lessons(words, before, before, batch)
        return counted(words)
    finally:
        words.close()


@given(
    st.lists(
        st.tuples(
            st.sampled_from([None, True, False]),
            st.sampled_from([None, True, False]),
            st.frozensets(st.integers(0, 2**48 - 1) | st.integers(0, 5), max_size=8),
        ),
        max_size=8,
    ),
    st.randoms(use_true_random=False),
    st.integers(1, 4),
)
@settings(deadline=None)
def test_learning_and_unlearning_in_any_order_is_learning_what_is_left(
    tmp_path_factory: pytest.TempPathFactory,
    histories: list[tuple[bool | None, bool | None, frozenset[int]]],
    chance: Random,
    size: int,
) -> None:
    first = [Lesson(n, None, was, tokens) for n, (was, _, tokens) in enumerate(histories)]
    second = [Lesson(n, was, now, tokens) for n, (was, now, tokens) in enumerate(histories)]
    chance.shuffle(first)
    chance.shuffle(second)
    batches = [part[at : at + size] for part in (first, second) for at in range(0, len(part), size)]
    final = [Lesson(n, None, now, tokens) for n, (_, now, tokens) in enumerate(histories)]
    folder = tmp_path_factory.mktemp("counts")
    assert teach(folder / "a.db", batches) == teach(folder / "b.db", [final])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "junk.db"


def test_finds_what_is_known(path: Path) -> None:
    teach(path, [[Lesson(1, None, True, {1, 2}), Lesson(2, None, False, {2, 2**48 - 60})]])
    words = open_words(path)
    assert find_counts(words, [2, 3, 2**48 - 60]) == Counts.of(1, 1, {2: (1, 1), 2**48 - 60: (1, 0)})
    assert find_counts(words, []) == Counts.of(1, 1, {})
    words.close()


def test_one_query_reads_no_more_than_it_must(path: Path) -> None:
    words = open_words(path)
    plan = words.rows(
        "EXPLAIN QUERY PLAN SELECT ham FROM word WHERE id IN (SELECT value FROM json_each(:ids))", ids="[1]"
    )
    assert any("SEARCH word USING INTEGER PRIMARY KEY" in row[3] for row in plan)
    words.close()


@pytest.mark.parametrize(
    "lesson",
    [
        Lesson(9, True, None, {1}),  # was not learned as junk
        Lesson(9, False, None, {7}),  # has words that nobody had
        Lesson(9, True, False, {1}),
    ],
)
def test_what_was_not_learned_cannot_be_unlearned(path: Path, lesson: Lesson) -> None:
    before = teach(path, [[Lesson(1, None, False, {1})]])
    with pytest.raises(StaleCountsError):
        teach(path, [[lesson]])
    assert teach(path, []) == before


def test_two_that_write_notice_each_other(path: Path) -> None:
    one, other = open_words(path), open_words(path)
    seen = read_state(one)
    write_lessons(other, seen, seen, [Lesson(1, None, True, {1})])
    with pytest.raises(StaleCountsError):
        write_lessons(one, seen, seen, [Lesson(1, None, True, {1})])
    assert counted(one).junk == 1
    one.close()
    other.close()


def test_state_is_kept(path: Path) -> None:
    words = open_words(path)
    state = State("made", 0, 0, 0, 5, 6, 7, 8, 9)
    write_lessons(words, read_state(words), state, [])
    assert read_state(words) == State("made", 1, 0, 0, 5, 6, 7, 8, 9)
    words.run("DELETE FROM state")
    with pytest.raises(DatabaseError):
        read_state(words)
    with pytest.raises(DatabaseError):
        find_counts(words, [1])
    words.close()
