"""Macro strings: parsing, writing, expanding (RFC 7208 §7).

Pure. What a letter stands for is asked of the caller, so that only who looks things up needs a resolver.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

from moxkit.spf.errors import RecordError

__all__ = ["Macro", "MacroString", "parse_domain_spec", "parse_explain_string", "parse_macro_string"]

# macro-expand and macro-literal of RFC 7208 §7.1; the second form also takes the spaces of explain-string.
_EXPAND = r"%\{([A-Za-z])([0-9]*+)([Rr]?)([.+,/_=-]*+)\}|%([%_-])"
_TOKEN = re.compile(rf"([!-$&-~]++)|{_EXPAND}")
_TOKEN_WITH_SPACE = re.compile(rf"([ -$&-~]++)|{_EXPAND}")
# toplabel of RFC 7208 §7.1: letters, digits and inner hyphens, not only digits.
_TOPLABEL = re.compile(r"(?=[0-9]*+[A-Za-z-])[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_LITERAL = {"%": "%", "_": " ", "-": "%20"}
_LETTERS = frozenset("slodipvh")
# Those of explanation texts only (RFC 7208 §7.2).
_LETTERS_OF_TEXTS = _LETTERS | frozenset("crt")
# No value has more parts; a larger number in a record means the same.
_ALL_PARTS = 999
_MAX_NAME = 253


@dataclass(frozen=True, slots=True)
class Macro:
    """One ``%{...}`` (RFC 7208 §7.1).

    Attributes:
        letter: What it stands for, in lower case.
        parts: How many of the rightmost parts are kept; 0 for all.
        is_reversed: The parts are taken in reverse.
        delimiters: Where to split; empty for dots.
        is_escaped: Escaped as in a URL; the letter was written in upper case.
    """

    letter: str
    parts: int = 0
    is_reversed: bool = False
    delimiters: str = ""
    is_escaped: bool = False

    def __str__(self) -> str:
        letter = self.letter.upper() if self.is_escaped else self.letter
        return f"%{{{letter}{self.parts or ''}{'r' if self.is_reversed else ''}{self.delimiters}}}"

    def transform(self, value: str) -> str:
        """Return the value split, reversed, shortened, joined with dots and escaped (RFC 7208 §7.3)."""
        if self.parts or self.is_reversed or self.delimiters:
            delimiters = self.delimiters or "."
            first = delimiters[0]
            for delimiter in delimiters[1:]:
                value = value.replace(delimiter, first)
            pieces = value.split(first)
            if self.is_reversed:
                pieces.reverse()
            # All of them for 0.
            value = ".".join(pieces[-self.parts :])
        return quote(value, safe="", errors="replace") if self.is_escaped else value


@dataclass(frozen=True, slots=True)
class MacroString:
    """Literal text and macros in turn.

    Attributes:
        letters: Of all its macros.
        literal: The name it always stands for, if it has no macro.
    """

    pieces: tuple[str | Macro, ...]
    letters: frozenset[str] = field(init=False, compare=False, repr=False)
    literal: str | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        letters = frozenset([piece.letter for piece in self.pieces if isinstance(piece, Macro)])
        object.__setattr__(self, "letters", letters)
        object.__setattr__(self, "literal", None if letters else self.expand_name(str))

    def __str__(self) -> str:
        return "".join(map(_write, self.pieces))

    def expand_name(self, value: Callable[[str], str]) -> str:
        """Return the name; one of more than 253 characters loses labels on the left (RFC 7208 §7.3)."""
        # From the right, so that what is dropped anyway is not made first.
        text = ""
        for piece in reversed(self.pieces):
            text = _expand(piece, value) + text
            if len(text) > _MAX_NAME + 1:
                break
        text = text.removesuffix(".")
        if len(text) <= _MAX_NAME:
            return text
        # The first dot with no more than fits behind it; a single label that does not fit is no name at all.
        dot = text.find(".", len(text) - _MAX_NAME - 1)
        return "" if dot < 0 else text[dot + 1 :]

    def expand_text(self, value: Callable[[str], str], *, limit: int) -> str:
        """Return the text, cut after `limit` characters."""
        text = ""
        for piece in self.pieces:
            text += _expand(piece, value)
            if len(text) >= limit:
                break
        return text[:limit]


def parse_macro_string(text: str) -> MacroString:
    """Parse the value of a modifier that we do not know.

    Raises:
        RecordError: Bad syntax.
    """
    return _read(_tokens(text, _TOKEN), _LETTERS_OF_TEXTS)


def parse_domain_spec(text: str) -> MacroString:
    """Parse the name in a mechanism or modifier: it ends in a top label or in a macro.

    Raises:
        RecordError: Bad syntax.
    """
    tokens = _tokens(text, _TOKEN)
    # ``%%`` and its like are macros to the grammar, too; only a literal has its end checked.
    last = tokens[-1][1] if tokens else ""
    if last is not None:
        _, dot, label = last.removesuffix(".").rpartition(".")
        if not dot or _TOPLABEL.fullmatch(label) is None:
            raise RecordError(f"no domain name: {text[:100]!r}")
    return _read(tokens, _LETTERS)


def parse_explain_string(text: str) -> MacroString:
    """Parse an explanation, which has spaces and three more letters (RFC 7208 §6.2, §7.2).

    Raises:
        RecordError: Bad syntax.
    """
    return _read(_tokens(text, _TOKEN_WITH_SPACE), _LETTERS_OF_TEXTS)


def _tokens(text: str, token: re.Pattern[str]) -> list[re.Match[str]]:
    tokens, at = [], 0
    while at < len(text):
        found = token.match(text, at)
        if found is None:
            raise RecordError(f"bad macro or character: {text[at : at + 20]!r}")
        tokens.append(found)
        at = found.end()
    return tokens


def _read(tokens: list[re.Match[str]], letters: frozenset[str]) -> MacroString:
    pieces: list[str | Macro] = []
    literals: list[str] = []
    for token in tokens:
        if token[2] is None:
            literals.append(token[1] or _LITERAL[token[6]])
            continue
        if literals:
            pieces.append("".join(literals))
            literals.clear()
        pieces.append(_read_macro(token, letters))
    if literals:
        pieces.append("".join(literals))
    return MacroString(tuple(pieces))


def _read_macro(token: re.Match[str], letters: frozenset[str]) -> Macro:
    _, letter, digits, reverse, delimiters, _ = token.groups()
    if letter.lower() not in letters:
        raise RecordError(f"unknown macro letter: {letter!r}")
    significant = digits.lstrip("0")
    if digits and not significant:
        raise RecordError("macro of no parts")
    parts = _ALL_PARTS if len(significant) > 3 else int(significant or "0")
    return Macro(letter.lower(), parts, bool(reverse), delimiters, letter.isupper())


def _expand(piece: str | Macro, value: Callable[[str], str]) -> str:
    return piece if isinstance(piece, str) else piece.transform(value(piece.letter))


def _write(piece: str | Macro) -> str:
    return str(piece) if isinstance(piece, Macro) else piece.replace("%", "%%").replace(" ", "%_")
