"""Text to the words that are counted: lower case, not short, not numbers, nothing that looks random. Pure.

Every pattern moves forward only: time is linear whatever the text.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from enum import IntFlag

__all__ = ["Grams", "different_words_of", "grams_of", "words_of"]


class Grams(IntFlag):
    """How many words in a row are counted together; the bits are stored."""

    ONE = 1
    TWO = 2
    THREE = 4


# An apostrophe between letters belongs to the word.
_WORD = re.compile(r"[^\W_]++(?:'[^\W_]++)*+")
_ASCII_BETWEEN = {code: " " for code in range(128) if not chr(code).isalnum() and chr(code) != "'"}
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u02bc": "'"})
# Junk hides words by what nobody sees: soft hyphens, joiners, marks of direction.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]+"
)
# Six consonants or digits in a row: 0 and 1 stand for letters too often.
_RANDOM = re.compile("[bcdfghjklmnpqrstvwxz2-9]{6}")
# Words, each behind a space, that have a digit or look random.
_DOUBTFUL = re.compile(r" ([^ ]*?(?:\d|[bcdfghjklmnpqrstvwxz2-9]{6})[^ ]*+)")
_FOUR_DIGITS = re.compile(r"\d{4}")
_HEXADECIMAL = re.compile(r"(?:0x)?(?:[a-f]*+\d){3}[0-9a-f]*+")
# Written without spaces: Thai, Lao, Khmer, Myanmar, Kana, Han.
_UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+)"
)
# In octets. Longer is encoded data that went astray, not language.
_LONGEST = 64
_SHORTEST = 3


def words_of(text: str) -> list[str]:
    """Return the words of a text in their order, those that are worth nothing left out."""
    text = text.lower()
    if text.isascii():
        words = _ascii_words(text)
        return list(filter(set(_telling(dict.fromkeys(words))).__contains__, words))
    return _mixed_words(text)


def different_words_of(text: str) -> Iterable[str]:
    """Return the same words, each once: all that is wanted where no two are counted together."""
    text = text.lower()
    if text.isascii():
        return _telling(dict.fromkeys(_ascii_words(text)))
    return dict.fromkeys(_mixed_words(text))


def _mixed_words(text: str) -> list[str]:
    found: list[str] = []
    for word in _WORD.findall(_INVISIBLE.sub("", text).translate(_APOSTROPHES)):
        if not word.isascii():
            found += _foreign(word)
        elif _is_telling(word):
            found.append(word)
    return found


def _ascii_words(text: str) -> list[str]:
    """Return what `_WORD` finds, many times as fast."""
    words = text.translate(_ASCII_BETWEEN).split()
    if "'" in text:
        return [each for word in words for each in (_WORD.findall(word) if "'" in word else (word,))]
    return words


def _telling(words: Iterable[str]) -> list[str]:
    """Return the ASCII words that are worth counting; one look at all of them finds the few to look at."""
    kept = [word for word in words if _SHORTEST <= len(word) <= _LONGEST]
    doubtful = {word for word in _DOUBTFUL.findall(" ".join(("", *kept))) if not _is_telling(word)}
    return [word for word in kept if word not in doubtful] if doubtful else kept


def _is_telling(word: str) -> bool:
    """Say whether an ASCII word is worth counting."""
    if not _SHORTEST <= len(word) <= _LONGEST:
        return False
    if word.isalpha():
        return _RANDOM.search(word) is None
    return not (
        word.isdigit()
        or _RANDOM.search(word) is not None
        or _FOUR_DIGITS.search(word) is not None
        or _HEXADECIMAL.fullmatch(word) is not None
    )


def _foreign(word: str) -> Iterator[str]:
    """Yield a word that is not ASCII; each two neighbours, where nothing shows where words end."""
    for at, piece in enumerate(_UNSPACED.split(word)):
        if at % 2:
            found = [piece] if len(piece) == 1 else map("".join, itertools.pairwise(piece))
            yield from (each for each in found if not each.isdigit())
        elif piece.isascii():
            if _is_telling(piece):
                yield piece
        elif _SHORTEST <= len(piece.encode("utf-8", "replace")) <= _LONGEST and not piece.isdigit():
            yield piece


def grams_of(words: Sequence[str], grams: Grams) -> Iterable[str]:
    """Return the single words, pairs and triples that are asked for, joined by a space; with repetitions."""
    found: list[str] = []
    if Grams.ONE in grams:
        found += words
    if Grams.TWO in grams:
        found += map(" ".join, itertools.pairwise(words))
    if Grams.THREE in grams:
        found += map(" ".join, zip(words, words[1:], words[2:], strict=False))
    return found
