"""The Authentication-Results field as values, and written (RFC 8601 §2.2); read by `authresultsparse`.

What a value holds cannot end the field: controls become spaces, and what is no token is quoted.
"""

import re
from dataclasses import dataclass

from moxkit.message.folding import without_controls

__all__ = ["AuthenticationResults", "Method", "Property"]

_WIDTH = 76
# Keyword of RFC 5321 §4.1.2; an underscore is no part of it but in use.
_KEYWORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9])?")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]+")  # RFC 2045 §5.1
# [ [ local-part ] "@" ] domain-name, the localpart a dot-atom: may stand without quotes.
_ADDRESS = re.compile(r"(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+)?@[A-Za-z0-9._-]+")
_QUOTED_SPECIAL = re.compile(r'(["\\])')
_COMMENT_SPECIAL = re.compile(r"([()\\])")
_LONGEST_VALUE = 700  # one that cannot be folded must leave its line below 998 octets (RFC 5322 §2.1.1)


@dataclass(frozen=True, slots=True)
class Property:
    """What a method looked at: ``ptype.property=value``, such as ``header.d=example.org``.

    Attributes:
        ptype: "smtp", "header", "body", "policy" or an extension (RFC 8601 §2.3), lower-case.
        property: Lower-case.
        value: Without its quotes.
    """

    ptype: str
    property: str
    value: str

    def __str__(self) -> str:
        name = f"{_keyword(self.ptype)}.{_keyword(self.property)}"
        bare = _ADDRESS.fullmatch(self.value) is not None and len(self.value) <= _LONGEST_VALUE
        return f"{name}={self.value if bare else _value(self.value)}"


@dataclass(frozen=True, slots=True)
class Method:
    """The result of one check (RFC 8601 §2.2, ``resinfo``).

    Attributes:
        method: "spf", "dkim", "dmarc", ...; lower-case.
        result: "pass", "fail", ...; lower-case.
        version: Version of the method; 1 is not written.
        reason: Why, for programs; empty if there is none.
        comment: Why, for people; empty if there is none. Written only before a reason or a property, because
            some readers take the next method for part of a comment at the end.
        properties: What was looked at, in order.
    """

    method: str
    result: str
    version: int = 1
    reason: str = ""
    comment: str = ""
    properties: tuple[Property, ...] = ()

    def __str__(self) -> str:
        version = "" if self.version == 1 else f"/{self.version}"
        words = [f"{_keyword(self.method)}{version}={_keyword(self.result)}"]
        if self.comment and (self.reason or self.properties):
            words.append("(" + _COMMENT_SPECIAL.sub(r"\\\1", _clean(self.comment)) + ")")
        if self.reason:
            words.append(f"reason={_value(self.reason)}")
        return " ".join([*words, *map(str, self.properties)])


@dataclass(frozen=True, slots=True)
class AuthenticationResults:
    """One Authentication-Results field.

    `str` gives its value on one line, as ARC-Authentication-Results needs it, too (RFC 8617 §4.1.1); `bytes`
    the whole field, folded, one method a line. Values that are not ASCII are written in UTF-8 (RFC 8616 §3).
    Both raise `ValueError` where a keyword is none.

    Attributes:
        authserv_id: Who says so; trust only your own (RFC 8601 §5).
        methods: Results in order; empty for "none".
        version: Of the syntax; 1 is not written.
    """

    authserv_id: str
    methods: tuple[Method, ...] = ()
    version: int = 1

    def __str__(self) -> str:
        return "; ".join([self._head(), *(map(str, self.methods) if self.methods else ("none",))])

    def __bytes__(self) -> bytes:
        methods = [str(method) for method in self.methods] or ["none"]
        lines = _folded(f"Authentication-Results: {self._head()};")
        for number, method in enumerate(methods, start=1):
            end = "" if number == len(methods) else ";"
            lines += _folded(f"\t{method}{end}")
        return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n"

    def _head(self) -> str:
        version = "" if self.version == 1 else f" {self.version}"
        return f"{_value(self.authserv_id)}{version}"


def _folded(line: str) -> list[str]:
    """Break a line before spaces, where it is too long."""
    lines: list[str] = []
    start, *words = line.split(" ")
    current = start
    for word in words:
        # White space alone would make a line that ends the header for some readers (RFC 5322 §3.2.2).
        if len(current) + 1 + len(word) > _WIDTH and current.strip() and word.strip("\t"):
            lines.append(current)
            current = f" {word}"
        else:
            current += f" {word}"
    return [*lines, current]


def _keyword(text: str) -> str:
    if _KEYWORD.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no keyword")
    return text.lower()


def _clean(text: str) -> str:
    text = without_controls(text)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE]


def _value(text: str) -> str:
    text = _clean(text)
    if _TOKEN.fullmatch(text):
        return text
    return '"' + _QUOTED_SPECIAL.sub(r"\\\1", text) + '"'
