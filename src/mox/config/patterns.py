"""Regular expressions that people write into the configuration, and that mail of strangers is matched with.

RE2 takes time in proportion to the text, whatever the pattern: no letter can keep the server busy.
"""

import re
from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]  # has no types; all of it that is used is here

__all__ = ["Pattern", "PatternError", "compile_pattern"]

_REFERENCE = re.compile(r"\$(?:(\d)|\{(\d)\}|(\$))")


class PatternError(ValueError):
    """Not a regular expression, or one that RE2 does not have, such as a reference to a group."""


class Pattern:
    """A compiled pattern."""

    __slots__ = ("_compiled", "_found", "text")

    def __init__(self, text: str, compiled: Any) -> None:
        self.text = text
        self._compiled = compiled
        self._found = compiled.search

    def is_in(self, text: str) -> bool:
        """Say whether it matches somewhere in a text."""
        return self._found(text) is not None

    def cut_from(self, text: str) -> str:
        """Return a text without what matches first; all of it when nothing does."""
        found = self._found(text)
        return text if found is None else text[: found.start()] + text[found.end() :]

    def replaced_in(self, text: str, replacement: str) -> str:
        """Return a text with what matches replaced; `$1` or `${1}` is the first group, `$$` a dollar sign."""
        written = _REFERENCE.sub(_as_re2_has_it, replacement.replace("\\", "\\\\"))
        replaced: str = self._compiled.sub(written, text)
        return replaced

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"


def _as_re2_has_it(reference: re.Match[str]) -> str:
    return "$" if reference[3] else f"\\{reference[1] or reference[2]}"


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
