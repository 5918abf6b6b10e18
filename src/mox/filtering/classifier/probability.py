"""From counts to a probability: Bayes' rule over the words that say most, confirmed by all of them. Pure.

The words that say most are enough to find junk, and now and then condemn a good message in a language or of a
kind that little was learned of. So a high probability has to be confirmed by Fisher's test over all words, as
Gary Robinson proposed, with the constants that he gives.
"""

import heapq
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

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

    Attributes:
        ham: Good messages learned.
        junk: Junk messages learned.
        words: In how many good and junk messages each token is, of those that are known.
    """

    ham: int
    junk: int
    words: Mapping[int, tuple[int, int]]


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
    chances = _chances(counts, settings)
    words = (
        *_strongest([each for each in chances if each[0] < _NEUTRAL], tokens, counts, settings.top_words),
        *_strongest([each for each in chances if each[0] > _NEUTRAL], tokens, counts, settings.top_words),
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


def _chances(counts: Counts, settings: JunkFilter) -> list[tuple[float, int]]:
    """Return how much each token alone speaks for junk, with its number; not those that say little."""
    # Many words, and few counts that they have.
    by_count = {count: _chance(*count, counts, settings) for count in set(counts.words.values())}
    return [
        (chance, number) for number, count in counts.words.items() if (chance := by_count[count]) is not None
    ]


def _chance(ham: int, junk: int, counts: Counts, settings: JunkFilter) -> float | None:
    """Return how much a token speaks for junk; None if it says little."""
    least = max(settings.max_power, _LEAST_POWER)
    in_junk = junk / (counts.junk or 1)
    chance = min(max(in_junk / (in_junk + ham / (counts.ham or 1)), least), 1 - least)
    rare = settings.rare_words
    if (count := ham + junk) <= rare:
        chance += (1 + rare - count) * (_NEUTRAL - chance) / 10
    return chance if abs(_NEUTRAL - chance) >= settings.ignore_words else None


def _strongest(chances: list[tuple[float, int]], tokens: Tokens, counts: Counts, most: int) -> list[Word]:
    """Return the tokens that say most; of equal ones the longer, which say more."""
    texts = tokens.texts
    if len(chances) > most > 0:
        chances = _far_enough(chances, texts, most)

    def order(each: tuple[float, int]) -> tuple[float, int, str]:
        text = texts[each[1]]
        return -abs(each[0] - _NEUTRAL), -len(text), text

    strongest = heapq.nsmallest(most, chances, key=order)
    return [Word(texts[number], chance, *counts.words[number]) for chance, number in strongest]


def _far_enough(
    chances: list[tuple[float, int]], texts: Mapping[int, str], most: int
) -> list[tuple[float, int]]:
    """Return those that may be among the first, hardly more: few comparisons for many words.

    Many are as far from neutral as one can be; of the last that are equally far, the long ones.
    """
    many, farther, room, edge = Counter(chance for chance, _ in chances), set[float](), most, _NEUTRAL
    for chance in sorted(many, key=lambda chance: -abs(chance - _NEUTRAL)):
        edge = chance
        if many[chance] >= room:
            break
        farther.add(chance)
        room -= many[chance]
    equal = [each for each in chances if each[0] == edge]
    shortest = heapq.nlargest(room, [len(texts[number]) for _, number in equal])[-1]
    return [
        *(each for each in chances if each[0] in farther),
        *(each for each in equal if len(texts[each[1]]) >= shortest),
    ]


def _junk_by_all(tokens: Tokens, counts: Counts) -> float:
    """Return how much all words together speak for junk, 0 to 1; 0.5 if they do not know."""
    known = counts.words
    if tokens.grams != Grams.ONE:
        # Pairs say again what their words say, and the test takes each for a witness of its own.
        known = {number: of for number, of in known.items() if " " not in tokens.texts[number]} or known
    all_ham, all_junk = counts.ham or 1, counts.junk or 1
    chances: list[float] = []
    for ham, junk in known.values():
        in_junk, count = junk / all_junk, ham + junk
        seen = in_junk / (in_junk + ham / all_ham) * count
        chance = (_STRENGTH * _NEUTRAL + seen) / (_STRENGTH + count)
        if abs(chance - _NEUTRAL) >= _LEAST_DISTANCE:
            chances.append(chance)
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
