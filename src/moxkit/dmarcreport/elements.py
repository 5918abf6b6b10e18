"""XML to small trees, piece by piece, with bounds; entities are never expanded.

The standard library's expat is used as it is: with a document type declaration refused there are no entities
but the five of XML itself, so neither a billion laughs nor an external entity can occur, and no further
package is needed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from xml.parsers import expat

from moxkit.dmarcreport.errors import ReportError

__all__ = ["Element", "read_elements"]

_DEEPEST = 20
_MOST_ELEMENTS = 1_000_000  # in one document; a row of a usual report has some 20 in 700 octets
_MOST_IN_PIECE = 20_000  # in one child of the root
_LONGEST_TEXT = 10_000  # characters kept of one element


@dataclass(slots=True)
class Element:
    """An element without its namespace, which senders of reports get wrong.

    Attributes:
        name: Local name, lower-case.
        text: Its own text, stripped.
    """

    name: str
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def child(self, name: str) -> "Element":
        """Return the first child of this name, an empty one if there is none."""
        for each in self.children:
            if each.name == name:
                return each
        return Element(name)

    def get(self, name: str) -> str:
        """Return the text of the first child of this name; empty if there is none."""
        for each in self.children:  # not by way of `child`: most of the time goes here
            if each.name == name:
                return each.text
        return ""

    def all(self, name: str) -> list["Element"]:
        """Return the children of this name."""
        return [each for each in self.children if each.name == name]

    def __contains__(self, name: str) -> bool:
        return any(each.name == name for each in self.children)


def read_elements(octets: bytes, root: str, take: Callable[[Element], None]) -> None:
    """Parse a document, and hand over each child of its root when it is complete.

    Args:
        octets: The document, in UTF-8 or what its declaration says.
        root: Name that its root must have.
        take: Called with each child, which is not kept otherwise.

    Raises:
        ReportError: The document is malformed or beyond a bound, has a document type or another root.
    """
    reader = _Reader(root, take)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.refuse_doctype
    try:
        # Some reports begin with white space, where the declaration should.
        parser.Parse(octets.lstrip(b" \t\r\n"), True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        if isinstance(error, ReportError):
            raise
        raise ReportError(f"bad XML: {error}") from None


class _Reader:
    """Builds the child of the root that is being read."""

    __slots__ = ("_count", "_count_in_piece", "_open", "_root", "_take")

    def __init__(self, root: str, take: Callable[[Element], None]) -> None:
        self._root = root
        self._take = take
        self._open: list[Element] = []
        self._count = self._count_in_piece = 0

    def start(self, qualified: str, _attributes: dict[str, str]) -> None:
        element = Element(qualified.rpartition(" ")[2].lower())
        depth = len(self._open)
        self._count += 1
        self._count_in_piece = self._count_in_piece + 1 if depth > 1 else 0
        if self._count > _MOST_ELEMENTS or self._count_in_piece > _MOST_IN_PIECE:
            raise ReportError("too many elements")
        if depth >= _DEEPEST:
            raise ReportError("nested too deeply")
        if depth > 1:
            self._open[-1].children.append(element)
        elif not depth and element.name != self._root:
            raise ReportError(f"root is not {self._root}")
        self._open.append(element)

    def text(self, text: str) -> None:
        element = self._open[-1]
        if len(element.text) < _LONGEST_TEXT:
            element.text += text

    def end(self, _qualified: str) -> None:
        element = self._open.pop()
        element.text = element.text[:_LONGEST_TEXT].strip()
        if len(self._open) == 1:
            self._take(element)

    def refuse_doctype(self, _name: str, _system: str | None, _public: str | None, _subset: bool) -> None:
        raise ReportError("document type declaration")
