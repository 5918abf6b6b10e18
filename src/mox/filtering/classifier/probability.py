"""From counts to a probability: Bayes' rule over the words that say most, confirmed by all of them. Pure.

The words that say most are enough to find junk, and now and then condemn a good message in a language or of a
kind that little was learned of. So a high probability has to be confirmed by Fisher's test over all words, as
Gary Robinson proposed, with the constants that he gives.
"""

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from mox.config import JunkFilter
from mox.filtering.classifier.tokens import Tokens
from mox.filtering.classifier.words import Grams

__all__ = ["Classification", "Counts", "Word", "classify_tokens"]

# Fewer good messages than that say nothing about what is good.
_SIGNIFICANT_HAM = 50
# A word alone never proves anything, whatever the settings: its logarithm must be finite.
_LEAST_POWER = 1e-9
# Beyond, e to that power is no float any more.
_MOST_EXPONENT = 700.0
_NEUTRAL = 0.5
# What is not confirmed stays where it is refused only from senders that something else speaks against.
_MOST_UNCONFIRMED = 0.9
_CONFIRMED = 0.99
# How many observations the assumption counts as that a word says nothing.
_STRENGTH = 1.0
_LEAST_DISTANCE = 0.1
# More of them add nothing, and the sums stay in the range of floats.
_MOST_CONFIRMING = 150


@dataclass(frozen=True, slots=True)
class Counts:
    """What was learned, as far as it is about one message.

    Many tokens have the same numbers, so these are worked with, and not each token.

    Attributes:
        ham: Good messages learned.
        junk: Junk messages learned.
        tokens: In how many good and junk messages a token is, and which tokens are; of those that are known.
    """

    ham: int
    junk: int
    tokens: Mapping[tuple[int, int], Sequence[int]]

    @classmethod
    def of(cls, ham: int, junk: int, words: Mapping[int, tuple[int, int]]) -> "Counts":
        """Make it of the numbers of each token."""
        tokens: dict[tuple[int, int], list[int]] = {}
        for number, count in words.items():
            tokens.setdefault(count, []).append(number)
        return cls(ham, junk, tokens)


@dataclass(frozen=True, slots=True)
class Word:
    """A token that had a say.

    Attributes:
        text: A field's name and a colon before it: it stands in that header field.
        probability: Of junk, by this token alone.
        ham: Good messages that have it.
        junk: Junk messages that have it.
    """

    text: str
    probability: float
    ham: int
    junk: int


@dataclass(frozen=True, slots=True)
class Classification:
    """What the words of a message say.

    Attributes:
        probability: Of junk, 0 to 1; at most 0.9 if it is not confirmed.
        is_significant: Enough was learned for it to mean something.
        is_confirmed: All words together say junk, and not only those that say most.
        words: The tokens that decided: first those that speak for it, then those that speak against it, each
            with the strongest first.
    """

    probability: float
    is_significant: bool
    words: tuple[Word, ...] = ()
    is_confirmed: bool = False


def classify_tokens(tokens: Tokens, counts: Counts, settings: JunkFilter) -> Classification:
    """Say how much like junk a message is."""
    if tokens.is_malformed:
        return Classification(1.0, is_significant=True, is_confirmed=True)
    said = _said(counts, settings)
    words = (
        *_strongest([each for each in said if each[0] < _NEUTRAL], counts, tokens, settings.top_words),
        *_strongest([each for each in said if each[0] > _NEUTRAL], counts, tokens, settings.top_words),
    )
    exponent = sum(math.log(1 - word.probability) - math.log(word.probability) for word in words)
    probability = 0.0 if exponent > _MOST_EXPONENT else 1 / (1 + math.exp(exponent))
    is_confirmed = probability > _MOST_UNCONFIRMED and _junk_by_all(tokens, counts) >= _CONFIRMED
    return Classification(
        probability if is_confirmed else min(probability, _MOST_UNCONFIRMED),
        counts.ham >= _SIGNIFICANT_HAM,
        words,
        is_confirmed,
    )


def _said(counts: Counts, settings: JunkFilter) -> list[tuple[float, tuple[int, int]]]:
    """Return how much each count alone speaks for junk; not those that say little."""
    said = ((_chance(*count, counts, settings), count) for count in counts.tokens)
    return [(chance, count) for chance, count in said if chance is not None]


def _chance(ham: int, junk: int, counts: Counts, settings: JunkFilter) -> float | None:
    """Return how much a token speaks for junk; None if it says little."""
    least = max(settings.max_power, _LEAST_POWER)
    in_junk = junk / (counts.junk or 1)
    chance = min(max(in_junk / (in_junk + ham / (counts.ham or 1)), least), 1 - least)
    rare = settings.rare_words
    if (count := ham + junk) <= rare:
        chance += (1 + rare - count) * (_NEUTRAL - chance) / 10
    return chance if abs(_NEUTRAL - chance) >= settings.ignore_words else None


def _strongest(
    said: list[tuple[float, tuple[int, int]]], counts: Counts, tokens: Tokens, most: int
) -> list[Word]:
    """Return the tokens that say most, of one side; of equal ones the longer, which say more."""
    strongest: list[Word] = []
    said.sort(key=lambda each: -abs(each[0] - _NEUTRAL))
    for chance, equal in groupby(said, key=lambda each: each[0]):
        room = most - len(strongest)
        if room <= 0:
            break
        words = [(tokens.texts[number], count) for _, count in equal for number in counts.tokens[count]]
        if len(words) > room:
            # Only those that are long enough are compared in full.
            shortest = heapq.nlargest(room, [len(text) for text, _ in words])[-1]
            words = [each for each in words if len(each[0]) >= shortest]
        words.sort(key=lambda each: (-len(each[0]), each[0]))
        strongest += [Word(text, chance, *count) for text, count in words[:room]]
    return strongest


def _junk_by_all(tokens: Tokens, counts: Counts) -> float:
    """Return how much all words together speak for junk, 0 to 1; 0.5 if they do not know."""
    known = {count: len(numbers) for count, numbers in counts.tokens.items()}
    if tokens.grams != Grams.ONE:
        # Pairs say again what their words say, and the test takes each for a witness of its own.
        single = {
            count: sum(" " not in tokens.texts[number] for number in numbers)
            for count, numbers in counts.tokens.items()
        }
        known = single if any(single.values()) else known
    all_ham, all_junk = counts.ham or 1, counts.junk or 1
    chances: list[float] = []
    for (ham, junk), many in known.items():
        in_junk, count = junk / all_junk, ham + junk
        seen = in_junk / (in_junk + ham / all_ham) * count
        chance = (_STRENGTH * _NEUTRAL + seen) / (_STRENGTH + count)
        if abs(chance - _NEUTRAL) >= _LEAST_DISTANCE:
            chances += [chance] * many
    if len(chances) > _MOST_CONFIRMING:
        chances = heapq.nlargest(_MOST_CONFIRMING, chances, key=lambda chance: abs(chance - _NEUTRAL))
    if not chances:
        return _NEUTRAL
    against = _by_chance(-sum(math.log(chance) for chance in chances), len(chances))
    for_junk = _by_chance(-sum(math.log1p(-chance) for chance in chances), len(chances))
    return (1 + against - for_junk) / 2


def _by_chance(half: float, count: int) -> float:
    """Return how likely chance alone gives that much: chi-square of twice `half`, twice `count` degrees."""
    if half > _MOST_EXPONENT:
        return 0.0
    term = total = math.exp(-half)
    for n in range(1, count):
        term *= half / n
        total += term
    return min(total, 1.0)
