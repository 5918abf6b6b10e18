"""Writing field values: encoded words, folding, parameters (RFC 5322 §2.2.3, RFC 2047, RFC 2231).

No value can add a field: controls, line ends among them, become spaces before anything else is done.
"""

import re
from urllib.parse import quote

from moxkit.message.encodedwords import encode_word

__all__ = ["encode_parameter", "encode_text", "fold", "without_controls"]

_WIDTH = 76  # RFC 5322 §2.1.1 recommends at most 78
_LONGEST_WORD = 900  # a longer one cannot be folded and would break the limit of 998
_CONTROL = re.compile(r"\r\n|[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")
_PIECE = re.compile(r"[ \t]*+[^ \t]++|[ \t]++\Z")
_WORD = re.compile(r"([ \t]+)")
_TOKEN = re.compile(r"[A-Za-z0-9!#$&+.^_`{|}~-]{1,60}")
_SECTION = 50


def without_controls(text: str) -> str:
    """Replace line ends and other controls by spaces, so that no value can end its field."""
    return _CONTROL.sub(" ", text)


def fold(name: str, value: str) -> bytes:
    """Write a field with its line end, folded before white space so that unfolding gives the same value.

    A word longer than a line stays whole.
    """
    start = f"{name}:"  # never alone on a line, since old readers drop such a field
    lines, line = [], start
    for piece in _PIECE.findall(" " + without_controls(value).strip(" \t")):
        # A line of white space only would end the header for some readers (RFC 5322 §3.2.2).
        if len(line) + len(piece) > _WIDTH and line != start and piece.strip(" \t"):
            lines.append(line)
            line = piece
        else:
            line += piece
    lines.append(line)
    return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n"


def encode_text(text: str, *, utf8: bool) -> str:
    """Encode unstructured text: words that are no plain ASCII become encoded words, the others stay.

    Args:
        text: Without or with line ends, which become spaces.
        utf8: Leave UTF-8 as it is (RFC 6532).
    """
    text = without_controls(text)
    if len(text) <= _LONGEST_WORD and not _needs_encoding(text, utf8=utf8):
        return text
    tokens = _WORD.split(text)  # word, space, word, ...
    out: list[str] = []
    at = 0
    while at < len(tokens):
        if at % 2 or not _needs_encoding(tokens[at], utf8=utf8):
            out.append(tokens[at])
            at += 1
            continue
        # White space between two encoded words is not shown, so neighbours are encoded with it.
        last = at
        while last + 2 < len(tokens) and _needs_encoding(tokens[last + 2], utf8=utf8):
            last += 2
        out.append(encode_word("".join(tokens[at : last + 1])))
        at = last + 1
    return "".join(out)


def _needs_encoding(word: str, *, utf8: bool) -> bool:
    return "=?" in word or len(word) > _LONGEST_WORD or not (utf8 or word.isascii())


def encode_parameter(name: str, value: str, *, utf8: bool) -> str:
    """Write ``; name=value``: a token, a quoted string, or extended and in sections (RFC 2231 §3, §4)."""
    value = without_controls(value)
    if _TOKEN.fullmatch(value):
        return f"; {name}={value}"
    if (utf8 or value.isascii()) and len(value) <= _SECTION:
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'; {name}="{quoted}"'
    escaped = quote(value.encode("utf-8", "replace"), safe="")
    if len(escaped) <= _SECTION:
        return f"; {name}*=utf-8''{escaped}"
    sections = re.findall(rf"(?:%..|[^%]){{1,{_SECTION // 3}}}", escaped)
    return "".join(
        f"; {name}*{number}*={section}"
        for number, section in enumerate(["utf-8''" + sections[0], *sections[1:]])
    )
