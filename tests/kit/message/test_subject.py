"""Base subjects (RFC 5256 §2.1)."""

import time

import pytest
from hypothesis import given, strategies as st

from moxkit.message import base_subject, is_reply_or_forward


@pytest.mark.parametrize(
    ("text", "expected", "marked"),
    [
        ("Hello", "hello", False),
        ("Re: Hello", "hello", True),
        ("RE : re: FW: fwd: Hello (fwd) (FWD) ", "hello", True),
        ("[list] Re: [list] Hello", "hello", True),
        ("Re[2]: Hello", "hello", True),
        ("[list] Hello", "hello", False),
        ("[a] [b] hello", "hello", False),
        ("[list]", "[list]", False),
        ("[a][b]", "[b]", False),
        ("[Fwd: Re: Hello]", "hello", True),
        ("[fwd: [fwd: x] (fwd)]", "x", True),
        ("Re:", "", True),
        ("reply: x", "reply: x", False),
        ("a \t\r\n b", "a b", False),
        ("[unclosed Re: x", "[unclosed re: x", False),
        ("a\0b", "", False),
        ("", "", False),
    ],
)
def test_base_subject(text: str, expected: str, marked: bool) -> None:
    found = base_subject(text)
    assert (found.text, found.is_reply_or_forward) == (expected, marked)
    assert is_reply_or_forward(text) is marked


@given(
    st.lists(
        st.sampled_from(["re", "fw", "fwd", ":", "[", "]", " ", "(fwd)", "[fwd:", "x", "\u0130", "[a]"])
    ).map("".join)
)
def test_base_of_a_base_is_itself(text: str) -> None:
    base = base_subject(text).text
    assert base_subject(base).text == base


@pytest.mark.parametrize("piece", ["[a]", "re:", "[fwd:", "(fwd)", "re[a]", "[", " ", "fwd ", "[a] re"])
def test_hostile_subjects_take_little_time(piece: str) -> None:
    started = time.process_time()
    base_subject(piece * 10_000 + "]" * 10_000)
    assert time.process_time() - started < 0.5
