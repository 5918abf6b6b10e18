"""One FETCH response with whatever was asked for, content included.

A message is its prefix (headers this server put before it) and its file. Sections of parts lie in the file
alone; only the header of the whole message has the prefix in front.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from mox.imapserver.errors import RefusedError
from mox.imapserver.sections import PIECE_OCTETS, MessageOctets, cut_section, header_section
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
_PREVIEW_CHARACTERS = 200


def sets_seen(item: FetchItem) -> bool:
    r"""Say whether fetching an item sets \Seen (RFC 9051 §6.4.5)."""
    if isinstance(item, BodySection | BinaryPart):
        return not item.peek
    return item in (_A.RFC822, _A.RFC822_TEXT)


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
        octets = MessageOctets(content)
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
        self, item: FetchItem, label: bytes, row: MessageRow, *, content: StoredContent, octets: MessageOctets
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
        self, item: FetchAttribute, row: MessageRow, content: StoredContent, octets: MessageOctets
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
        octets: MessageOctets,
    ) -> None:
        header = header_section(section, content, octets)
        if header is not None:
            self._pieces.append(part_content(label, _cut(header, partial)))
            return
        cut = cut_section(section, None if partial is None else (partial.offset, partial.count), octets)
        if cut is None:
            self._pieces.append(label + b" NIL")
            return
        size, cut_pieces = cut
        self._pieces.append(part_content_header(label, size))
        waiting = 0
        for piece in cut_pieces:
            if waiting >= PIECE_OCTETS:
                self._is_begun = True
                self._hand_over()
                await self._session.flush()
                waiting = 0
            self._pieces.append(piece)
            waiting += len(piece)


def _cut(octets: bytes | None, partial: Partial | None) -> bytes | None:
    if octets is None or partial is None:
        return octets
    return octets[partial.offset : partial.offset + partial.count]


def _decoded(octets: MessageOctets, path: tuple[int, ...]) -> bytes | None:
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
