"""Where BODY[...] sections lie in the source (RFC 9051 §6.4.5.1)."""

from enum import StrEnum
from typing import NamedTuple

from moxkit.message.part import Part

__all__ = ["Section", "Span", "find_part", "section"]


class Section(StrEnum):
    """What of the addressed part is wanted."""

    BODY = ""  # BODY[n]; with an empty path the whole message, BODY[]
    HEADER = "HEADER"
    TEXT = "TEXT"
    MIME = "MIME"


class Span(NamedTuple):
    """Offsets of a section in the source."""

    start: int
    end: int


def find_part(part: Part, path: tuple[int, ...]) -> Part | None:
    """Return the part a path of numbers from 1 leads to, or `None` if there is none.

    The root is a message. Part 1 of a message that is no multipart is its body, so the result can be the
    message itself. Numbers below a message/rfc822 part count in the message inside.
    """
    container: Part | None = part  # the message or multipart in which the next number counts
    for number in path:
        if container is None or number < 1:
            return None
        if container.is_multipart:
            if number > max(1, len(container.parts)):
                return None
            part = container.parts[number - 1] if container.parts else _empty_part(container)
        elif number == 1:
            part = container
        else:
            return None
        container = part.message if part.is_message else part if part.is_multipart else None
    return part


def _empty_part(multipart: Part) -> Part:
    """Stand in for the one part that BODYSTRUCTURE must show of a multipart without any."""
    end = multipart.body_end
    return Part(header_start=end, header_end=end, body_end=end)


def section(part: Part, path: tuple[int, ...], kind: Section = Section.BODY) -> Span | None:
    """Return where a section lies, or `None` if the message has no such section.

    ``MIME`` gives the whole header of the part; `content_fields` cuts out the Content fields. An empty path
    means the message itself; HEADER and TEXT of a part exist only where that part is a message.
    """
    if not path:
        return _of_message(part, kind)
    if (found := find_part(part, path)) is None:
        return None
    if kind is Section.BODY:
        return Span(found.header_end, found.body_end)
    if kind is Section.MIME:
        return Span(found.header_start, found.header_end)
    return None if found.message is None else _of_message(found.message, kind)


def _of_message(message: Part, kind: Section) -> Span | None:
    match kind:
        case Section.BODY:
            return Span(message.header_start, message.body_end)
        case Section.HEADER:
            return Span(message.header_start, message.header_end)
        case Section.TEXT:
            return Span(message.header_end, message.body_end)
        case Section.MIME:
            return None  # section-part is required before MIME
