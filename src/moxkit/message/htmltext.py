"""HTML to plain text in one forward pass, for previews and word lists; never for showing HTML.

Every search either moves forward or finds out that there is nothing left to find, which is remembered: time
is linear whatever the input, unlike patterns that try again at each "<".
"""

import html
import re

__all__ = ["html_to_text"]

_TAG_NAME = re.compile(r"(/?)([a-zA-Z][a-zA-Z0-9:-]{0,31})")
_TAG_PIECE = re.compile(r"[^>\"']*+([>\"'])?")
_ZERO_WIDTH = "\u00ad\u034f\u200b-\u200f\u2060-\u2064\ufeff"
# Senders pad what mail programs preview with runs of these; a single one can be part of a word.
_ZERO_WIDTH_RUN = re.compile(rf"[{_ZERO_WIDTH}](?:\s*+[{_ZERO_WIDTH}])++\s*+")

_SKIPPED = frozenset({"dialog", "head", "map", "math", "script", "style", "svg", "template"})
_RAW = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in ("script", "style")}
_INLINE = frozenset(
    [
        "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font",
        "i", "img", "ins", "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike", "strong",
        "sub", "sup", "time", "tt", "u", "var", "wbr",
    ]
)  # fmt: skip
_DEEPEST_QUOTE = 5


def html_to_text(text: str, *, limit: int) -> str:
    """Return the text of an HTML document: blocks as lines, quotations after ``> ``, white space collapsed.

    Args:
        text: The document, in whatever shape.
        limit: Characters of text after which to stop.
    """
    return _Stripper(text, limit).run()


class _Stripper:
    """The state of one pass; ``_at`` only ever grows."""

    __slots__ = (
        "_at",
        "_exhausted",
        "_gathered",
        "_limit",
        "_line",
        "_lines",
        "_quotes",
        "_skip_depth",
        "_skip_name",
        "_source",
    )

    def __init__(self, source: str, limit: int) -> None:
        self._source = source
        self._limit = limit
        self._at = 0
        self._lines: list[str] = []
        self._line: list[str] = []
        self._gathered = 0
        self._quotes = 0
        self._skip_name, self._skip_depth = "", 0
        self._exhausted: set[str] = set()  # quote characters of which none follow

    def run(self) -> str:
        """Walk over the source and return the lines."""
        source = self._source
        while self._at < len(source) and self._gathered < self._limit:
            opened = source.find("<", self._at)
            end = len(source) if opened < 0 else opened
            if end > self._at and not self._skip_name:
                self._add(source[self._at : end])
            self._at = end
            if opened >= 0:
                self._markup()
        self._end_line()
        return "\n".join(self._lines)

    def _add(self, text: str) -> None:
        text = text[: self._limit * 4]
        try:
            text = html.unescape(text) if "&" in text else text
        except ValueError:  # a character reference with more digits than Python converts
            text = text.replace("&#", "")
        self._line.append(text)
        self._gathered += len(text) - text.count(" ") - text.count("\n")

    def _end_line(self) -> None:
        if not self._line:
            return
        line = _ZERO_WIDTH_RUN.sub(" ", "".join(self._line))
        line = " ".join(line.split())
        self._line = []
        if line:
            self._lines.append("> " * min(self._quotes, _DEEPEST_QUOTE) + line)

    def _markup(self) -> None:
        """Handle what begins with "<" at the current position."""
        source, at = self._source, self._at
        if source.startswith("<!--", at):
            self._skip_to("-->", at + 4)
        elif source.startswith(("<!", "<?"), at):
            self._skip_to(">", at + 2)
        elif (match := _TAG_NAME.match(source, at + 1)) is not None:
            self._at = match.end()
            self._skip_attributes()
            self._tag(match[2].lower(), is_end=bool(match[1]))
        else:
            # At the very end it is a tag that was cut off.
            if not self._skip_name and at + 1 < len(source):
                self._add("<")
            self._at = at + 1

    def _skip_to(self, mark: str, start: int) -> None:
        found = self._source.find(mark, start)
        self._at = len(self._source) if found < 0 else found + len(mark)

    def _skip_attributes(self) -> None:
        """Move behind the ">" of a tag; a ">" inside quotes does not count."""
        source = self._source
        while (match := _TAG_PIECE.match(source, self._at)) is not None:
            self._at = match.end()
            quote = match[1]
            if quote is None or quote == ">":
                return
            if quote in self._exhausted:
                continue
            closed = source.find(quote, self._at)
            if closed < 0:
                self._exhausted.add(quote)
            else:
                self._at = closed + 1

    def _tag(self, name: str, *, is_end: bool) -> None:
        if self._skip_name:
            self._tag_in_skipped(name, is_end=is_end)
        elif name in _SKIPPED:
            if not is_end:
                self._begin_skip(name)
        elif name in {"td", "th"}:
            self._line.append(" ")
        elif name == "blockquote":
            self._end_line()
            self._quotes = max(0, self._quotes + (-1 if is_end else 1))
        elif name not in _INLINE:
            self._end_line()

    def _begin_skip(self, name: str) -> None:
        if (raw := _RAW.get(name)) is None:
            self._skip_name, self._skip_depth = name, 1
            return
        # Nothing but its own end tag is markup in a script or style element.
        end = raw.search(self._source, self._at)
        self._at = len(self._source) if end is None else end.end()
        self._skip_attributes()

    def _tag_in_skipped(self, name: str, *, is_end: bool) -> None:
        if name == self._skip_name:
            self._skip_depth += -1 if is_end else 1
        elif name in _RAW and not is_end:
            self._begin_skip(name)
        elif name == "body" and self._skip_name == "head":
            self._skip_depth = 0  # the end tag of head may be left out
        if self._skip_depth <= 0:
            self._skip_name = ""
