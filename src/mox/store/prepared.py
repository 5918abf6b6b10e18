"""What is learned from a message's octets before it is filed: parsed once, rendered once.

Pure and without database; run in a worker thread. A malformed message is never refused, its problems are
noted.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mox.store.contents import open_content
from mox.store.spool import Content
from moxkit.message import (
    Part,
    Source,
    base_subject,
    header_of,
    message_id,
    parse,
    preview,
    references,
    render_bodystructure,
    render_envelope,
)

__all__ = ["RENDER_VERSION", "Prepared", "prepare", "prepare_content"]

# Raised when renderings change; older rows are rendered anew when read.
RENDER_VERSION = 1

# Header sections up to here are kept in the database, so that FETCH of header fields opens no file.
_KEPT_HEADER_OCTETS = 16 << 10
# What is worth noting of one message.
_MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message, ready to be filed.

    Attributes:
        size: Of the content, in octets.
        header: The content's header section; None if it is large.
        envelope: As IMAP writes it; likewise bodystructure, and body without extension data.
        needs_utf8: These hold UTF-8.
        preview: The first words, at most 256 characters.
        problems: What is malformed, in short phrases.
        message_id: Normalised; empty if there is none.
        references: Normalised ids of ancestors, oldest first.
        base_subject: RFC 5256 §2.1, lower case.
        is_reply: The subject says that it is a reply or was forwarded.
        is_dsn: A delivery status notification (RFC 3464).
    """

    size: int
    header: bytes | None
    envelope: bytes
    bodystructure: bytes
    body: bytes
    needs_utf8: bool
    preview: str
    problems: tuple[str, ...]
    message_id: str
    references: tuple[str, ...]
    base_subject: str
    is_reply: bool
    is_dsn: bool


def prepare_content(content: Content) -> Prepared:
    """Learn what there is to know of a spooled message; blocking."""
    # Closed before anybody renames or removes the file: Windows insists.
    with open_content(content) as octets:
        return prepare(octets)


def prepare(octets: Source) -> Prepared:
    """Learn what there is to know of a message's content, as it came."""
    part = parse(octets)
    headers = header_of(part, octets)
    envelope = render_envelope(part, octets)
    bodystructure = render_bodystructure(part, octets)
    body = render_bodystructure(part, octets, extended=False)
    subject = base_subject(headers.text("subject") or "")
    has_small_header = part.header_end - part.header_start <= _KEPT_HEADER_OCTETS
    return Prepared(
        size=len(octets),
        header=bytes(octets[part.header_start : part.header_end]) if has_small_header else None,
        envelope=envelope.octets,
        bodystructure=bodystructure.octets,
        body=body.octets,
        needs_utf8=envelope.needs_utf8 or bodystructure.needs_utf8,
        preview=preview(part, octets),
        problems=tuple(dict.fromkeys(_problems(part)))[:_MOST_PROBLEMS],
        message_id=message_id(headers) or "",
        references=references(headers),
        base_subject=subject.text,
        is_reply=subject.is_reply_or_forward,
        is_dsn=_is_dsn(part),
    )


def _problems(part: Part) -> Iterator[str]:
    for each in part.walk():
        yield from each.problems


def _is_dsn(part: Part) -> bool:
    # RFC 6522 §3 with the report type of RFC 3464 §2.
    return (
        part.type == "multipart"
        and part.subtype == "report"
        and part.params.get("report-type", "").lower() in {"delivery-status", "global-delivery-status"}
    )
