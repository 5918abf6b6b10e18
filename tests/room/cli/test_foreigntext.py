"""Strangers' texts cannot do anything to a terminal."""

import pytest

from mox.cli.foreigntext import escape_controls


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("v=spf1 é", "v=spf1 é"),
        ("\x1b[2J\n", r"\x1b[2J\n"),
        ("\udc80", r"\udc80"),
        ("\u202e", r"\u202e"),
        ("", ""),
    ],
)
def test_controls_are_escaped(text: str, shown: str) -> None:
    assert escape_controls(text) == shown
