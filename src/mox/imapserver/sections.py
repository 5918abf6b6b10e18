"""Octets of a stored message and of its sections (RFC 9051 §6.4.5.1), large ones in pieces.

A message is its prefix (headers this server put before it) and its file. Sections of parts lie in the file
alone; only the header of the whole message has the prefix in front.
"""

import mmap
import os
from collections.abc import Iterator

from mox.store import StoredContent
from moxkit import message
from moxkit.imap import Section, SectionText

__all__ = ["PIECE_OCTETS", "MessageOctets", "cut_section", "header_section"]

# Files up to here are read whole; larger ones are mapped.
_READ_WHOLE_OCTETS = 4 << 20
PIECE_OCTETS = 1 << 20


class MessageOctets:
    """A message's file, opened at most once, and its parts, parsed at most once."""

    __slots__ = ("_file", "_part", "_source", "prefix")

    def __init__(self, content: StoredContent) -> None:
        self._file = content.file
        self.prefix = content.prefix
        self._source: bytes | mmap.mmap | None = None
        self._part: message.Part | None = None

    @property
    def source(self) -> bytes | mmap.mmap:
        """The file's octets."""
        if self._source is None:
            self._source = _read(self._file)
        return self._source

    @property
    def part(self) -> message.Part:
        """The file's part tree."""
        if self._part is None:
            self._part = message.parse(self.source)
        return self._part

    def close(self) -> None:
        """Let a mapped file go: Windows cannot remove it otherwise."""
        if isinstance(self._source, mmap.mmap):
            self._source.close()


def _read(file: str) -> bytes | mmap.mmap:
    # Without Python's file objects, which cost more than the reading.
    fd = os.open(file, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        size = os.fstat(fd).st_size
        if size > _READ_WHOLE_OCTETS:
            return mmap.mmap(fd, 0, access=mmap.ACCESS_READ)
        octets = os.read(fd, size)
        while len(octets) < size and (more := os.read(fd, size - len(octets))):
            octets += more
        return octets
    finally:
        os.close(fd)


def header_section(section: Section, content: StoredContent, octets: MessageOctets) -> bytes | None:
    """Answer from the header section of the message or of a part, if that is what is asked for."""
    if section.text is SectionText.MIME:
        return _mime_header(section, octets)
    if section.text not in (SectionText.HEADER, SectionText.HEADER_FIELDS, SectionText.HEADER_FIELDS_NOT):
        return None
    if section.part:
        return _part_header(section, octets)
    header = content.header
    if header is None:
        header = octets.prefix + octets.source[: octets.part.header_end]
    return _fields(section, header)


def _mime_header(section: Section, octets: MessageOctets) -> bytes | None:
    """RFC 9051 §6.4.5.1: the MIME header of a part, of which the Content fields count."""
    span = message.section(octets.part, section.part, message.Section.MIME)
    return None if span is None else message.content_fields(bytes(octets.source[span.start : span.end]))


def _part_header(section: Section, octets: MessageOctets) -> bytes | None:
    span = message.section(octets.part, section.part, message.Section.HEADER)
    if span is None:
        return None
    return _fields(section, bytes(octets.source[span.start : span.end]))


def _fields(section: Section, header: bytes) -> bytes:
    if section.text is SectionText.HEADER:
        return header
    return message.header_fields(header, section.fields, negate=section.text is SectionText.HEADER_FIELDS_NOT)


_KINDS = {
    None: message.Section.BODY,
    SectionText.TEXT: message.Section.TEXT,
}


def section_span(section: Section, octets: MessageOctets) -> tuple[int, int] | None:
    kind = _KINDS.get(section.text)
    if kind is None:
        return None
    if not section.part and section.text is None:
        # No need to know the parts.
        return 0, len(octets.source)
    return message.section(octets.part, section.part, kind)


def cut_section(
    section: Section, partial: tuple[int, int | None] | None, octets: MessageOctets
) -> tuple[int, Iterator[bytes]] | None:
    """Return how many octets a section, or a cut of it, has, and these in pieces; None: no such section.

    Args:
        section: Any that `header_section` does not answer.
        partial: First octet, and how many at most (None: all that follow).
        octets: The message's; it stays open until the last piece was taken.
    """
    span = section_span(section, octets)
    if span is None:
        return None
    # The whole message, and its parts, are cut from prefix and file as if they were one.
    prefix = octets.prefix if not section.part and section.text is None else b""
    size = len(prefix) + span[1] - span[0]
    first, last = 0, size
    if partial is not None:
        first = min(partial[0], size)
        last = size if partial[1] is None else min(size, first + partial[1])
    return last - first, _pieces(prefix, octets.source, span[0], first, last)


def _pieces(prefix: bytes, source: bytes | mmap.mmap, start: int, first: int, last: int) -> Iterator[bytes]:
    if before := prefix[first:last]:
        yield before
    at = start + max(0, first - len(prefix))
    stop = start + max(0, last - len(prefix))
    if at == 0 and stop == len(source) and isinstance(source, bytes):
        # All of it, as it was read.
        yield source
        return
    while at < stop:
        yield source[at : min(stop, at + PIECE_OCTETS)]
        at += PIECE_OCTETS
