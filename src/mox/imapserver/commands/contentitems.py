"""One FETCH response with whatever was asked for, content included.

A message is its prefix (headers this server put before it) and its file. Sections of parts lie in the file
alone; only the header of the whole message has the prefix in front.
"""

import mmap
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from mox.imapserver.errors import RefusedError
from mox.imapserver.session import Session
from mox.store import MessageRow, StoredContent, email_object_id, thread_object_id
from moxkit import message
from moxkit.imap import (
    BinaryPart,
    BinarySize,
    BodySection,
    FetchAttribute,
    FetchItem,
    Partial,
    Section,
    SectionText,
    part_content,
    part_content_header,
    part_date,
    part_modseq,
    part_number,
    part_octets,
    part_preview,
    part_uid,
)

__all__ = ["ContentWriter", "sets_seen"]

_A = FetchAttribute
_RENDERED = frozenset({_A.ENVELOPE, _A.BODYSTRUCTURE, _A.BODY, _A.PREVIEW, _A.PREVIEW_LAZY})
# The old names, and the sections they mean (RFC 3501 §6.4.5).
_OLD_NAMES = {
    _A.RFC822: Section(),
    _A.RFC822_HEADER: Section(text=SectionText.HEADER),
    _A.RFC822_TEXT: Section(text=SectionText.TEXT),
}
# What the message's row alone answers; the second argument is the account's prefix of identifiers.
_FROM_ROW: dict[FetchItem, Callable[[MessageRow, str], bytes]] = {
    _A.UID: lambda row, _: part_uid(row.uid),
    _A.FLAGS: lambda row, _: f"FLAGS ({row.flags_text})".encode(),
    _A.MODSEQ: lambda row, _: part_modseq(row.modseq),
    _A.RFC822_SIZE: lambda row, _: part_number(b"RFC822.SIZE", row.size),
    _A.SAVEDATE: lambda row, _: part_date(b"SAVEDATE", datetime.fromtimestamp(row.saved_at, UTC)),
    _A.EMAILID: lambda row, prefix: f"EMAILID ({email_object_id(prefix, row.email_id)})".encode(),
    _A.THREADID: lambda row, prefix: f"THREADID ({thread_object_id(prefix, row.thread_id)})".encode(),
}
# Files up to here are read whole; larger ones are mapped.
_READ_WHOLE_OCTETS = 4 << 20
_PIECE_OCTETS = 1 << 20
_PREVIEW_CHARACTERS = 200


def sets_seen(item: FetchItem) -> bool:
    r"""Say whether fetching an item sets \Seen (RFC 9051 §6.4.5)."""
    if isinstance(item, BodySection | BinaryPart):
        return not item.peek
    return item in (_A.RFC822, _A.RFC822_TEXT)


class _Octets:
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


class ContentWriter:
    """Writes FETCH responses of one command."""

    def __init__(self, session: Session, items: Sequence[FetchItem]) -> None:
        self._session = session
        # Written once, not once for each message.
        self._items = [
            (item, item.encode() if isinstance(item, FetchAttribute) else item.label) for item in items
        ]
        self._pieces: list[bytes] = []
        self._is_begun = False

    @property
    def needs_renderings(self) -> bool:
        """Whether an item is answered by what was rendered when the message was filed."""
        return any(item in _RENDERED for item, _ in self._items)

    async def write(self, number: int, row: MessageRow, content: StoredContent) -> None:
        """Write one response; large content goes out in pieces.

        Raises:
            RefusedError: An item cannot be answered; nothing was written.
            ConnectionError: It failed with half of the response sent already.
        """
        octets = _Octets(content)
        head = b"* %d UIDFETCH (" % row.uid if self._session.uid_only else b"* %d FETCH (" % number
        pieces = self._pieces = [head]
        self._is_begun = False
        try:
            for index, (item, label) in enumerate(self._items):
                if index:
                    pieces.append(b" ")
                await self._write_item(item, label, row, content=content, octets=octets)
            pieces.append(b")\r\n")
        except (RefusedError, OSError) as error:
            if self._is_begun:
                # A tagged answer would be taken for the rest of the literal.
                raise ConnectionError("message could not be sent to its end") from error
            raise
        finally:
            octets.close()
        self._hand_over()

    def _hand_over(self) -> None:
        write = self._session.write
        for piece in self._pieces:
            write(piece)
        self._pieces.clear()

    async def _write_item(
        self, item: FetchItem, label: bytes, row: MessageRow, *, content: StoredContent, octets: _Octets
    ) -> None:
        write = self._pieces.append
        match item:
            case FetchAttribute() if item in _OLD_NAMES:
                await self._write_section(
                    item.encode(), _OLD_NAMES[item], None, content=content, octets=octets
                )
            case FetchAttribute():
                write(self._attribute(item, row, content, octets))
            case BodySection(section, _, partial):
                await self._write_section(label, section, partial, content=content, octets=octets)
            case BinaryPart(part, _, partial):
                decoded = _decoded(octets, part)
                write(part_content(label, _cut(decoded, partial), binary=True))
            case BinarySize(part):
                write(part_number(label, len(_decoded(octets, part) or b"")))

    def _attribute(
        self, item: FetchAttribute, row: MessageRow, content: StoredContent, octets: _Octets
    ) -> bytes:
        from_row = _FROM_ROW.get(item)
        if from_row is not None:
            return from_row(row, self._session.mail.object_prefix)
        utf8 = self._session.utf8
        rerender = content.needs_utf8 and not utf8
        match item:
            case _A.INTERNALDATE:
                return f'INTERNALDATE "{content.internaldate}"'.encode()
            case _A.PREVIEW | _A.PREVIEW_LAZY:
                return part_preview((content.preview or "")[:_PREVIEW_CHARACTERS], utf8=utf8)
            case _A.ENVELOPE:
                rendered = content.envelope
                if rerender:
                    rendered = message.render_envelope(octets.part, octets.source, utf8=False).octets
                return part_octets(b"ENVELOPE", rendered or b"NIL")
            case _:
                extended = item is _A.BODYSTRUCTURE
                rendered = content.bodystructure if extended else content.body
                if rerender:
                    rendered = message.render_bodystructure(
                        octets.part, octets.source, extended=extended, utf8=False
                    ).octets
                return part_octets(item.encode(), rendered or b"NIL")

    async def _write_section(
        self,
        label: bytes,
        section: Section,
        partial: Partial | None,
        *,
        content: StoredContent,
        octets: _Octets,
    ) -> None:
        header = _from_header(section, content, octets)
        if header is not None:
            self._pieces.append(part_content(label, _cut(header, partial)))
            return
        span = _span(section, octets)
        if span is None:
            self._pieces.append(label + b" NIL")
            return
        # The whole message, and its parts, are cut from prefix and file as if they were one.
        prefix = octets.prefix if not section.part and section.text is None else b""
        await self._write_cut(label, prefix, octets.source, span, partial)

    async def _write_cut(
        self,
        label: bytes,
        prefix: bytes,
        source: bytes | mmap.mmap,
        span: tuple[int, int],
        partial: Partial | None,
    ) -> None:
        pieces, (start, end) = self._pieces, span
        size = len(prefix) + end - start
        first, last = 0, size
        if partial is not None:
            first = min(partial.offset, size)
            last = min(size, first + partial.count)
        pieces.append(part_content_header(label, last - first))
        if first < len(prefix):
            pieces.append(prefix[first:last])
        at = start + max(0, first - len(prefix))
        stop = start + max(0, last - len(prefix))
        if at == 0 and stop == len(source) and isinstance(source, bytes):
            pieces.append(source)
            return
        while at < stop:
            pieces.append(source[at : min(stop, at + _PIECE_OCTETS)])
            at += _PIECE_OCTETS
            if at < stop:
                self._is_begun = True
                self._hand_over()
                await self._session.flush()


def _cut(octets: bytes | None, partial: Partial | None) -> bytes | None:
    if octets is None or partial is None:
        return octets
    return octets[partial.offset : partial.offset + partial.count]


def _from_header(section: Section, content: StoredContent, octets: _Octets) -> bytes | None:
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


def _mime_header(section: Section, octets: _Octets) -> bytes | None:
    """RFC 9051 §6.4.5.1: the MIME header of a part, of which the Content fields count."""
    span = message.section(octets.part, section.part, message.Section.MIME)
    return None if span is None else message.content_fields(bytes(octets.source[span.start : span.end]))


def _part_header(section: Section, octets: _Octets) -> bytes | None:
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


def _span(section: Section, octets: _Octets) -> tuple[int, int] | None:
    kind = _KINDS.get(section.text)
    if kind is None:
        return None
    if not section.part and section.text is None:
        # No need to know the parts.
        return 0, len(octets.source)
    return message.section(octets.part, section.part, kind)


def _decoded(octets: _Octets, path: tuple[int, ...]) -> bytes | None:
    """Return a part without its transfer encoding (RFC 3516 §4.2)."""
    if not path:
        return octets.prefix + bytes(octets.source)
    part = message.find_part(octets.part, path)
    if part is None:
        return None
    if part.is_multipart:
        raise RefusedError("BINARY of a multipart is not possible")
    try:
        return b"".join(message.decoded(part, octets.source))
    except message.UnknownTransferEncodingError as error:
        raise RefusedError("unknown transfer encoding", "UNKNOWN-CTE") from error
