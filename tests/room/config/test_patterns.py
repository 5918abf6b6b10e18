"""Patterns that people write: RE2, in linear time."""

import time

import pytest

from mox.config import PatternError, compile_pattern


@pytest.mark.parametrize(
    ("pattern", "text", "is_in"),
    [
        ("^(junk|spam)", "spam/2030", True),
        ("^(junk|spam)", "nospam", False),
        ("", "", True),
        ("é", "café", True),
        ("(?i)CAFÉ", "café", True),
        ("^a$", "a\nb", False),
    ],
)
def test_matches_somewhere(pattern: str, text: str, is_in: bool) -> None:
    assert compile_pattern(pattern).is_in(text) is is_in


@pytest.mark.parametrize("pattern", ["(", "[", "(a)\\1", "(?=a)", "a{1000}{1000}"])
def test_what_is_no_pattern_is_an_error(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_pattern(pattern)


def test_no_text_takes_long() -> None:
    began = time.process_time()
    assert not compile_pattern("^(a*)*$").is_in("a" * 1_000_000 + "!")
    assert time.process_time() - began < 2


def test_what_matches_is_cut_or_replaced() -> None:
    pattern = compile_pattern("^/a/([a-z]+)")
    assert pattern.cut_from("/a/bc/d") == "/d"
    assert pattern.cut_from("/b") == "/b"
    assert pattern.replaced_in("/a/bc/d", "/${1}x/$1$$\\") == "/bcx/bc$\\/d"
    assert pattern.replaced_in("/b", "/x") == "/b"
