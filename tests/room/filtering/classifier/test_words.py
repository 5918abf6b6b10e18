"""Words of a text: what counts (reference junk-and-reputation.md §4), what does not, how fast."""

import time

import pytest
from hypothesis import given, strategies as st

from mox.filtering.classifier.words import _WORD, Grams, _ascii_words, grams_of, words_of

TABLE = [
    ("Hello, World", ["hello", "world"]),
    ("a an the or", ["the"]),  # more than two octets
    ("don't 'quoted' rock'n'roll dogs'", ["don't", "quoted", "rock'n'roll", "dogs"]),
    ("don\u2019t", ["don't"]),
    ("snake_case", ["snake", "case"]),
    ("123 4567 12", []),
    ("2fvu9stm9xhnlu strength rhythm", ["strength", "rhythm"]),  # six consonants or digits 2-9 in a row
    ("abcd1234 call0800now", []),  # four digits in a row
    ("0x12f3 a1b2c3 12ab34 0x12f", ["0x12f"]),  # hexadecimal with three digits
    ("a1b2 mp3 b2b 4u2 face", ["a1b2", "mp3", "b2b", "4u2", "face"]),
    ("\u00e9\u00e9 \u00fc", ["\u00e9\u00e9"]),  # octets, not characters
    ("GRÜSSE ÉTÉ", ["grüsse", "été"]),
    ("v\u200bi\u00ada\u2060gra", ["viagra"]),  # what nobody sees is not there
    ("東京都 に", ["東京", "京都", "に"]),  # written without spaces
    ("iphoneが12東京", ["iphone", "が", "東京"]),
    ("한국어 문장", ["한국어", "문장"]),
    ("٣٤٥٦", []),  # digits of other scripts
    ("x" * 64 + "o " + "a" * 65 + " " + "a" * 64, ["a" * 64]),
    ("\ud800abc", ["abc"]),
]


@pytest.mark.parametrize(("text", "words"), TABLE)
def test_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_grams() -> None:
    words = ["one", "two", "three", "four"]
    assert list(grams_of(words, Grams.ONE)) == words
    assert list(grams_of(words, Grams.TWO)) == ["one two", "two three", "three four"]
    assert list(grams_of(words, Grams.ONE | Grams.THREE)) == [*words, "one two three", "two three four"]
    assert list(grams_of([], Grams(7))) == list(grams_of(words, Grams(0))) == []


@given(st.text("ab'_-. \x00\x1f\n9"))
def test_the_quick_way_finds_the_words_that_the_pattern_finds(text: str) -> None:
    assert list(_ascii_words(text)) == _WORD.findall(text)


@given(st.text())
def test_any_text_gives_words_that_are_words(text: str) -> None:
    for word in words_of(text):
        assert word == word.lower() or not word.isascii()
        assert not word.isdigit()
        assert 3 <= len(word.encode("utf-8", "replace")) <= 64
        assert not set(word) & set(" \t\r\n_-.:@")


@pytest.mark.parametrize(
    "piece", ["a", "'a", "a'", "1", "b1", "0x", "é", "\u200b", "é'", "東", " ", "bcdf2", "_a"]
)
def test_hostile_megabyte_takes_linear_time(piece: str) -> None:
    began = time.process_time()
    for _ in words_of(piece * (1_000_000 // len(piece))):
        pass
    assert time.process_time() - began < 5
