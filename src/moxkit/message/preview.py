"""The first words of a message, for lists of messages (IMAP PREVIEW, RFC 8970).

Quoted text and what introduces it become ``[...]``, a signature ends the preview: what the author wrote now
is what tells messages of a thread apart.
"""

import re
from collections.abc import Iterator

from moxkit.message.htmltext import html_to_text
from moxkit.message.octets import Source
from moxkit.message.part import Part
from moxkit.message.texts import bounded_text
from moxkit.message.transfer import is_known_transfer_encoding

__all__ = ["preview"]

_LONGEST = 256  # RFC 8970 §3.3
_ENOUGH = 250
_LONGEST_SIGNATURE = 4  # lines
_MOST_PARTS = 20  # text parts tried
_FIRST_LOOK = 1 << 14
_WHOLE_LOOK = 1 << 20  # characters read of all parts, about
_HTML_TEXT = 4096
_ELIDED = "[...]"
_SIGNATURE = re.compile(r"-{2,}")
_DIGIT = re.compile(r"\d")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffe\uffff]+")


def preview(part: Part, source: Source) -> str:
    """Return at most 256 characters of what the message says; empty where there is no text to show."""
    left = _WHOLE_LOOK
    for tried, text_part in enumerate(_text_parts(part)):
        if tried == _MOST_PARTS or left <= 0:
            break
        found, looked_at = _of_part(text_part, source, left)
        left -= looked_at
        if found:
            return found
    return ""


def _text_parts(part: Part) -> Iterator[Part]:
    """Yield the parts a reader sees as the message's own text."""
    waiting = [part]
    while waiting:
        part = waiting.pop()
        if part.is_multipart:
            if part.subtype == "encrypted":
                continue
            parts = part.parts[:1] if part.subtype == "signed" else part.parts
            waiting.extend(reversed(parts))
        elif _is_shown_text(part):
            yield part


def _is_shown_text(part: Part) -> bool:
    if part.type != "text" or part.subtype not in {"plain", "html"} or not is_known_transfer_encoding(part):
        return False
    return part.disposition is None or part.disposition.kind != "attachment"


def _of_part(part: Part, source: Source, most: int) -> tuple[str, int]:
    """Return the preview of one part and how many characters were looked at."""
    found, looked_at = "", 0
    # Most messages say enough at their beginning; only others are read further.
    for limit in (_FIRST_LOOK, most):
        text = bounded_text(part, source, limit=limit)
        looked_at += len(text)
        is_whole = len(text) < limit
        if part.subtype == "html":
            text = html_to_text(text, limit=_HTML_TEXT)
        found = _summary(text, is_whole=is_whole)
        if is_whole or len(found) >= _ENOUGH:
            break
    return found, looked_at


def _summary(text: str, *, is_whole: bool) -> str:
    lines = [line.strip() for line in text.splitlines()]
    if is_whole:
        lines = _without_signature(lines)
    rows = [line for line in lines if line]
    out: list[str] = []
    length, at = 0, 0
    while at < len(rows) and length <= _ENOUGH:
        row, skipped = rows[at], _quote_length(rows, at)
        at += skipped or 1
        if not skipped:
            row = " ".join(_CONTROLS.sub("", row[: _LONGEST * 4]).split())
        elif out and out[-1] == _ELIDED:
            continue
        else:
            row = _ELIDED
        if row:
            out.append(row)
            length += len(row) + 1
    return "\n".join(out)[:_LONGEST].rstrip()


def _quote_length(rows: list[str], at: int) -> int:
    """Return how many rows from ``at`` are a quotation or introduce one; 0 for the author's own words."""
    row = rows[at]
    if row.startswith(">"):
        return 1
    # "On Monday, 1 March 2021, someone wrote:", in whatever language, and wrapped over two lines.
    if row.endswith(":") and _is_quoted(rows, at + 1) and (at == 0 or _DIGIT.search(row)):
        return 1
    wrapped = row.startswith("On ") and _is_quoted(rows, at + 2) and rows[at + 1].endswith(":")
    return 2 if wrapped and (at == 0 or _DIGIT.search(row + rows[at + 1])) else 0


def _is_quoted(rows: list[str], at: int) -> bool:
    return at < len(rows) and rows[at].startswith(">")


def _without_signature(lines: list[str]) -> list[str]:
    """Cut a signature: a line of dashes and at most four lines without a blank one to the end."""
    end = len(lines)
    while end and not lines[end - 1]:
        end -= 1
    for at in range(end - 1, max(-1, end - 2 - _LONGEST_SIGNATURE), -1):
        if not lines[at]:
            break
        if _SIGNATURE.fullmatch(lines[at]):
            return lines[:at]
    return lines[:end]
