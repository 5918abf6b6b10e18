"""Regular expressions that people write into the configuration, and that mail of strangers is matched with.

RE2 takes time in proportion to the text, whatever the pattern: no letter can keep the server busy.
"""

from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]  # has no types; all of it that is used is here

__all__ = ["Pattern", "PatternError", "compile_pattern"]


class PatternError(ValueError):
    """Not a regular expression, or one that RE2 does not have, such as a reference to a group."""


class Pattern:
    """A compiled pattern."""

    __slots__ = ("_found", "text")

    def __init__(self, text: str, compiled: Any) -> None:
        self.text = text
        self._found = compiled.search

    def is_in(self, text: str) -> bool:
        """Say whether it matches somewhere in a text."""
        return self._found(text) is not None

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"


@lru_cache(maxsize=1024)
def compile_pattern(text: str) -> Pattern:
    """Compile a pattern (syntax: RE2).

    Raises:
        PatternError: It cannot be one.
    """
    options = re2.Options()
    options.log_errors = False
    try:
        return Pattern(text, re2.compile(text, options))
    except re2.error as error:
        raise PatternError(str(error)) from None
