"""Access to the fields of one header (RFC 5322 §2.2): one regex pass, values decoded on demand."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from moxkit.message.octets import Source, take
from moxkit.message.part import Part
from moxkit.message.unfolding import display_text, unfold

__all__ = ["Field", "Headers", "content_fields", "header_fields", "header_of"]

# field-name is printable ASCII without ":"; the value runs over lines that begin with white space
# (RFC 5322 §2.2, §2.2.3). The literal newline in front lets the search hop from line to line.
_NAME = rb"[!-9;-~]++"
_VALUE = rb"[ \t]*+:[^\n]*+(?:\n[ \t][^\n]*+)*+"
_FIELD = re.compile(rb"\n(" + _NAME + rb")[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)")
_CONTENT_FIELD = re.compile(rb"\n((?i:content-[!-9;-~]++)" + _VALUE + rb")")
_NEVER = re.compile(rb"(?!)()")


@dataclass(frozen=True, slots=True)
class Field:
    """One header field as received.

    Attributes:
        name: Field name as written.
        raw: What follows the colon, still folded, without the final line end.
        start: Offset of the name in the header.
        end: Offset after the field's last line end.
    """

    name: str
    raw: bytes
    start: int
    end: int

    @property
    def text(self) -> str:
        """Value for people: unfolded, encoded words decoded."""
        return display_text(self.raw) or ""


class Headers:
    """The fields of one header, looked up by name in any case; lines that are no fields are skipped."""

    __slots__ = ("_by_name", "octets")

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        by_name: dict[bytes, list[bytes]] = {}
        for name, raw in _FIELD.findall(b"\n" + octets):
            by_name.setdefault(name.lower(), []).append(raw)
        self._by_name = by_name

    def __iter__(self) -> Iterator[Field]:
        for match in _FIELD.finditer(b"\n" + self.octets):
            end = min(match.end(), len(self.octets))  # the added newline stands for the field's own
            raw = match[2].removesuffix(b"\r")
            yield Field(match[1].decode("ascii"), raw, match.start(), end)

    def __contains__(self, name: str) -> bool:
        return name.lower().encode() in self._by_name

    def count(self, name: str) -> int:
        """Return how many fields have this name; loops show in ``Received`` (RFC 5321 §6.3)."""
        return len(self._by_name.get(name.lower().encode(), ()))

    def raw(self, name: str) -> list[bytes]:
        """Return the raw values of all fields with this name, folded, in order."""
        return self._by_name.get(name.lower().encode(), [])

    def first(self, name: str) -> bytes | None:
        """Return the first value of this name unfolded, or `None` if there is no such field."""
        values = self._by_name.get(name.lower().encode())
        return unfold(values[0]) if values else None

    def text(self, name: str) -> str | None:
        """Return the first value of this name for people: unfolded, encoded words decoded."""
        values = self._by_name.get(name.lower().encode())
        return display_text(values[0]) if values else None

    def texts(self, name: str) -> list[str]:
        """Return all values of this name for people."""
        return [display_text(raw) or "" for raw in self.raw(name)]


def header_of(part: Part, source: Source, *, limit: int = 256 * 1024) -> Headers:
    """Return the header of a part; of a longer one, the fields in its first ``limit`` octets."""
    return Headers(take(source, part.header_start, min(part.header_end, part.header_start + limit)))


def header_fields(octets: bytes, names: Iterable[str], *, negate: bool = False) -> bytes:
    """Cut out fields for BODY[HEADER.FIELDS (...)] and HEADER.FIELDS.NOT (RFC 9051 §6.4.5.1).

    Returns:
        The fields as they stand, in their order, and the blank line.
    """
    found = _pattern(frozenset(name.lower() for name in names), negate).findall(b"\n" + octets)
    return b"\n".join([*found, b"\r\n"]) if found else b"\r\n"


def content_fields(octets: bytes) -> bytes:
    """Cut out the Content fields for BODY[n.MIME], and the blank line (RFC 2045 §3)."""
    found = _CONTENT_FIELD.findall(b"\n" + octets)
    return b"\n".join([*found, b"\r\n"]) if found else b"\r\n"


@lru_cache(maxsize=128)
def _pattern(names: frozenset[str], negate: bool) -> re.Pattern[bytes]:
    usable = sorted(name for name in names if name.isascii() and name)
    alternatives = b"|".join(re.escape(name.encode()) for name in usable)
    if negate:
        refused = rb"(?!(?i:" + alternatives + rb")[ \t]*+:)" if usable else b""
        return re.compile(rb"\n(" + refused + _NAME + _VALUE + rb")")
    if not usable:
        return _NEVER
    return re.compile(rb"\n((?i:" + alternatives + rb")" + _VALUE + rb")")
