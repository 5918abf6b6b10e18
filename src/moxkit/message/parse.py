"""Octets to a part tree, outside in: each multipart searches its own range for its own boundary.

Nothing is refused: malformed MIME becomes a note in `Part.problems`. Time is linear in the size of the
source, since `Limits` bounds the number of parts, the nesting, and the octets searched in total.
"""

import re

from moxkit.message.content import boundary_of, parse_content
from moxkit.message.octets import Source, count_lines, find, take
from moxkit.message.part import Content, Limits, Part

__all__ = ["find_header_end", "parse"]

# What may follow a delimiter on its line: close mark, transport padding, line end (RFC 2046 §5.1.1).
_DELIMITER_TAIL = re.compile(rb"(--)?[ \t]*+(?:\r?\n|\r?\Z)")
_DEFAULT_LIMITS = Limits()
_IDENTITY = frozenset({"7bit", "8bit", "binary"})


def parse(source: Source, *, limits: Limits = _DEFAULT_LIMITS) -> Part:
    """Parse one message, header and body, into its part tree.

    Args:
        source: The whole message; offsets in the result count from its start.
        limits: What the message may cost; a message beyond them is described less deeply.
    """
    return _Parser(source, limits).parse_entity(0, len(source), depth=1, in_digest=False)


def find_header_end(source: Source, start: int, end: int) -> int:
    """Return the position after the blank line that ends a header, or -1 if there is none.

    A line may end in a bare LF.
    """
    first = take(source, start, min(start + 2, end))
    if first[:1] == b"\n":
        return start + 1
    if first == b"\r\n":
        return start + 2
    strict = find(source, b"\n\r\n", start, end)
    bare = find(source, b"\n\n", start, end if strict < 0 else strict)
    if bare >= 0:
        return bare + 2
    return strict + 3 if strict >= 0 else -1


class _Parser:
    __slots__ = ("_budget", "_false_left", "_limits", "_parts_left", "_source")

    def __init__(self, source: Source, limits: Limits) -> None:
        self._source = source
        self._limits = limits
        self._parts_left = limits.parts
        self._false_left = limits.false_delimiters
        self._budget = limits.scan_factor * len(source) + (1 << 20)

    def parse_entity(self, start: int, end: int, *, depth: int, in_digest: bool) -> Part:
        """Parse a header and its body in ``start..end``."""
        self._parts_left -= 1
        problems: list[str] = []
        header_end = find_header_end(self._source, start, end)
        if header_end < 0:
            header_end = end
            problems.append("no blank line after header")
        self._budget -= header_end - start
        readable = min(header_end, start + self._limits.header_octets)
        if readable < header_end:
            problems.append("header too large")
        content = parse_content(take(self._source, start, readable), in_digest, problems)
        parts: tuple[Part, ...] = ()
        message, lines = None, 0
        if content.type == "text":
            lines = count_lines(self._source, header_end, end)
        elif content.type == "multipart":
            parts = self._parse_parts(content, header_end, end, depth, problems)
        elif content.type == "message" and content.subtype in {"rfc822", "global"}:
            message = self._parse_embedded(content, header_end, end, depth, problems)
            lines = count_lines(self._source, header_end, end)
            self._budget -= end - header_end
        return Part(
            header_start=start,
            header_end=header_end,
            body_end=end,
            content=content,
            lines=lines,
            parts=parts,
            message=message,
            problems=tuple(problems),
        )

    def _may_descend(self, depth: int, size: int, problems: list[str]) -> bool:
        if depth >= self._limits.depth:
            problems.append("nested too deeply")
        elif self._parts_left <= 0:
            problems.append("too many parts")
        elif self._budget < size:
            problems.append("too much nested content")
        else:
            return True
        return False

    def _parse_embedded(
        self, content: Content, start: int, end: int, depth: int, problems: list[str]
    ) -> Part | None:
        if content.cte not in _IDENTITY:
            # Forbidden by RFC 2046 §5.2.1; offsets could not point into decoded octets anyway.
            problems.append("encoded message")
            return None
        if not self._may_descend(depth, end - start, problems):
            return None
        return self.parse_entity(start, end, depth=depth + 1, in_digest=False)

    def _parse_parts(
        self, content: Content, start: int, end: int, depth: int, problems: list[str]
    ) -> tuple[Part, ...]:
        if content.cte not in _IDENTITY:
            problems.append("encoded multipart")  # forbidden by RFC 2045 §6.4; read as if it were not encoded
        if not self._may_descend(depth, end - start, problems):
            return ()
        boundary = boundary_of(content.raw_params)
        if len(boundary) > 70:
            problems.append("boundary too long")
        spans = self._split(b"\n--" + boundary, start, end, problems)
        in_digest = content.subtype == "digest"
        parts: list[Part] = []
        for part_start, part_end in spans:
            if self._parts_left <= 0:
                problems.append("too many parts")
                break
            parts.append(self.parse_entity(part_start, part_end, depth=depth + 1, in_digest=in_digest))
        return tuple(parts)

    def _split(self, needle: bytes, start: int, end: int, problems: list[str]) -> list[tuple[int, int]]:
        """Find the parts between the delimiter lines in ``start..end``."""
        source = self._source
        self._budget -= end - start
        spans: list[tuple[int, int]] = []
        # The first delimiter may follow the blank line of the header directly.
        at = start - 1 if start else 0
        part_start = -1
        while (at := find(source, needle, at, end)) >= 0:
            tail = _DELIMITER_TAIL.match(source, at + len(needle), end)
            if tail is None:
                self._false_left -= 1
                if self._false_left <= 0:
                    problems.append("too many false boundaries")
                    break
                at += len(needle)
                continue
            if part_start >= 0:
                has_cr = at > part_start and source[at - 1] == 0x0D
                spans.append((part_start, max(part_start, at - has_cr)))
                part_start = -1
            if tail[1]:
                break
            part_start = tail.end()
            if len(spans) >= self._parts_left:
                problems.append("too many parts")
                return spans
            at = part_start - 1  # the line end of this delimiter may begin the next one
        if part_start >= 0:
            problems.append("no closing boundary")
            spans.append((part_start, end))
        elif not spans:
            problems.append("multipart without parts")
        return spans
