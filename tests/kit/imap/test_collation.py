"""The order of strings: i;unicode-casemap."""

import pytest
from hypothesis import given, strategies as st

from moxkit.imap import unicode_casemap


@pytest.mark.parametrize(
    ("text", "mapped"),
    [
        ("abc_XYZ", "ABC_XYZ"),
        ("é", "E\u0301"),  # RFC 5051 §2: titlecase, then decomposition
        ("ß", "ß"),  # its titlecase would be two characters
        ("ǆ", "D\u007a\u030c"),  # titlecase, not upper case
        ("ﬁ", "fi"),  # a compatibility decomposition
        ("\0é", "\ufffdE\u0301"),
        ("\ud800", "\ufffd"),
    ],
)
def test_maps_for_comparison(text: str, mapped: str) -> None:
    assert unicode_casemap(text) == mapped


@given(st.text(st.characters(max_codepoint=127), max_size=40))
def test_case_of_ascii_does_not_count(text: str) -> None:
    assert unicode_casemap(text) == unicode_casemap(text.swapcase())


@given(st.text(max_size=40))
def test_a_database_takes_what_comes_out(text: str) -> None:
    assert b"\0" not in unicode_casemap(text).encode()
