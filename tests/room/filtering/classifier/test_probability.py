"""The formula of reference junk-and-reputation.md §4, by examples worked out by hand; what confirms it."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from mox.config import JunkFilter
from mox.filtering.classifier import Counts, Grams, Tokens, Word, classify_tokens

SETTINGS = JunkFilter(
    threshold=0.95, onegrams=True, max_power=0.01, top_words=10, ignore_words=0.1, rare_words=2
)


def message(*texts: str) -> Tokens:
    return Tokens(dict(enumerate(texts)), Grams.ONE)


def counts(*words: tuple[int, int], ham: int = 100, junk: int = 100) -> Counts:
    return Counts.of(ham, junk, dict(enumerate(words)))


def test_one_word() -> None:
    # 30 of 100 junk, 10 of 100 good: 0.3 / 0.4.
    said = classify_tokens(message("offer"), counts((10, 30)), SETTINGS)
    assert said.probability == pytest.approx(0.75)
    assert said.words == (Word("offer", said.words[0].probability, 10, 30),)
    assert said.words[0].probability == pytest.approx(0.75)


def test_shares_count_and_not_numbers() -> None:
    # 30 of 300 junk is 0.1, 10 of 50 good is 0.2.
    said = classify_tokens(message("offer"), counts((10, 30), ham=50, junk=300), SETTINGS)
    assert said.probability == pytest.approx(1 / 3)


def test_words_are_combined() -> None:
    # 0.75 and 0.3: 0.225 / (0.225 + 0.175).
    said = classify_tokens(message("a", "b"), counts((10, 30), (70, 30)), SETTINGS)
    assert said.probability == pytest.approx(0.225 / 0.4)


@pytest.mark.parametrize(
    ("word", "chance"),
    [
        ((0, 50), 0.99),  # clamped
        ((50, 0), 0.01),
        ((0, 1), 0.99 + 2 * (0.5 - 0.99) / 10),  # rare, and clamped before
        ((0, 2), 0.99 + 1 * (0.5 - 0.99) / 10),
        ((0, 3), 0.99),
        ((2, 0), 0.01 + 1 * (0.5 - 0.01) / 10),
    ],
)
def test_clamped_and_rare(word: tuple[int, int], chance: float) -> None:
    said = classify_tokens(message("a"), counts(word), SETTINGS)
    assert said.words[0].probability == pytest.approx(chance)


def test_words_that_say_little_are_ignored() -> None:
    said = classify_tokens(message("a", "b"), counts((41, 59), (50, 50)), SETTINGS)
    assert said.words == ()
    assert said.probability == 0.5
    # The limit itself still counts.
    assert classify_tokens(message("a"), counts((25, 75)), replace(SETTINGS, ignore_words=0.25)).words


def test_a_word_in_the_middle_says_nothing_even_if_nothing_is_ignored() -> None:
    assert classify_tokens(message("a"), counts((50, 50)), replace(SETTINGS, ignore_words=0.0)).words == ()


def test_the_strongest_of_each_side_count_longer_ones_first() -> None:
    settings = replace(SETTINGS, top_words=2)
    said = classify_tokens(
        message("good", "better", "weak", "bad", "worst", "worse"),
        counts((20, 0), (20, 0), (30, 10), (0, 20), (0, 20), (10, 30)),
        settings,
    )
    assert [word.text for word in said.words] == ["better", "good", "worst", "bad"]
    one = replace(SETTINGS, top_words=1)
    said = classify_tokens(message("bad", "éé", "worst"), counts((0, 20), (0, 20), (0, 20)), one)
    assert [word.text for word in said.words] == ["worst"]


def test_no_top_words_say_nothing() -> None:
    said = classify_tokens(message("a"), counts((0, 20)), replace(SETTINGS, top_words=0))
    assert (said.probability, said.words) == (0.5, ())


def test_fifty_good_messages_are_significant() -> None:
    assert not classify_tokens(message("a"), counts((0, 20), ham=49), SETTINGS).is_significant
    assert classify_tokens(message("a"), counts((0, 20), ham=50), SETTINGS).is_significant


def test_malformed_is_junk_for_sure() -> None:
    said = classify_tokens(Tokens(is_malformed=True), counts(ham=0, junk=0), SETTINGS)
    assert (said.probability, said.is_significant, said.words) == (1.0, True, ())


def test_nothing_known() -> None:
    said = classify_tokens(message("a"), Counts(0, 0, {}), SETTINGS)
    assert (said.probability, said.is_significant, said.words) == (0.5, False, ())


def test_only_one_side_learned() -> None:
    assert classify_tokens(message("a"), counts((0, 5), ham=0), SETTINGS).words[0].probability == 0.99
    assert classify_tokens(message("a"), counts((5, 0), junk=0), SETTINGS).words[0].probability == 0.01


def test_certain_words_are_not_infinitely_certain() -> None:
    settings = replace(SETTINGS, max_power=0.0, top_words=1000)
    many = [(0, 50)] * 1000
    assert classify_tokens(message(*map(str, range(1000))), counts(*many), settings).probability == 1.0
    many = [(50, 0)] * 1000
    assert classify_tokens(message(*map(str, range(1000))), counts(*many), settings).probability == 0.0
    said = classify_tokens(message("a", "b"), counts((0, 50), (50, 0)), settings)
    assert said.probability == pytest.approx(0.5)


def test_many_words_confirm() -> None:
    said = classify_tokens(message(*"abcdef"), counts(*[(0, 40)] * 6), SETTINGS)
    assert said.is_confirmed
    assert said.probability > 0.99


def test_a_few_rare_words_do_not_confirm() -> None:
    # By the top words alone this is 0.9997.
    said = classify_tokens(message(*"abcd"), counts(*[(0, 1)] * 4), SETTINGS)
    assert not said.is_confirmed
    assert said.probability == 0.9
    chance = 0.99 - 0.098
    assert [word.probability for word in said.words] == [pytest.approx(chance)] * 4
    assert 1 / (1 + ((1 - chance) / chance) ** 4) > 0.999


def test_good_words_beyond_the_top_keep_it_from_being_confirmed() -> None:
    bad, good = [(0, 40)] * 12, [(40, 4)] * 30
    settings = replace(SETTINGS, top_words=10)
    words = message(*(f"bad{n}" for n in range(12)), *(f"good{n}" for n in range(30)))
    said = classify_tokens(words, counts(*bad, *good), settings)
    assert not said.is_confirmed
    assert said.probability == 0.9


def test_pairs_do_not_confirm_what_their_words_say() -> None:
    texts = ("cheap", "pills", "cheap pills", "pills cheap", "cheap cheap", "pills pills")
    tokens = Tokens(dict(enumerate(texts)), Grams.ONE | Grams.TWO)
    assert not classify_tokens(tokens, counts(*[(0, 9)] * 6), SETTINGS).is_confirmed
    pairs_only = Tokens(dict(enumerate(texts[2:])), Grams.ONE | Grams.TWO)
    assert classify_tokens(pairs_only, counts(*[(0, 9)] * 4), SETTINGS).is_confirmed


WORDS = st.tuples(st.integers(0, 100), st.integers(0, 100)).filter(any)


@given(
    st.lists(WORDS, max_size=300),
    st.sampled_from([0.0, 0.01, 0.5]),
    st.integers(0, 400),
    st.sampled_from([0.0, 0.1, 0.5]),
    st.integers(0, 10),
)
def test_it_is_a_probability(
    words: list[tuple[int, int]], power: float, top: int, ignored: float, rare: int
) -> None:
    settings = replace(SETTINGS, max_power=power, top_words=top, ignore_words=ignored, rare_words=rare)
    tokens = message(*(f"w{n}" for n in range(len(words))))
    said = classify_tokens(tokens, counts(*words), settings)
    assert 0.0 <= said.probability <= 1.0
    assert not math.isnan(said.probability)
    assert said.is_confirmed or said.probability <= 0.9
    assert len(said.words) <= 2 * top
    # Good and junk exchanged, it says the contrary, unless it was not confirmed.
    mirrored = classify_tokens(tokens, counts(*((junk, ham) for ham, junk in words)), settings)
    if said.probability < 0.9 and mirrored.probability < 0.9:
        assert mirrored.probability == pytest.approx(1 - said.probability, abs=1e-6)
