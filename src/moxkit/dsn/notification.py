"""Whole notifications: composing a multipart/report, and finding one in a message (RFC 3464, 6522, 6533)."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from moxkit.dsn.readstatus import parse_delivery_status
from moxkit.dsn.status import DeliveryStatus, DsnError
from moxkit.dsn.writestatus import encode_delivery_status
from moxkit.message import (
    Address,
    Composer,
    Entity,
    Part,
    Source,
    UnknownTransferEncodingError,
    bounded_text,
    decoded,
    embedded_message,
    entity,
    find_header_end,
    multipart,
    parse,
    text_entity,
)

__all__ = ["Notification", "compose_dsn", "is_dsn", "parse_dsn"]

_MOST_STATUS_OCTETS = 4 << 20
_LONGEST_TEXT = 100_000
_STATUS_SUBTYPES = {"delivery-status", "global-delivery-status"}
_HEADER_TYPES = {("text", "rfc822-headers"), ("message", "global-headers"), ("message", "rfc822-headers")}
_MESSAGE_TYPES = {("message", "rfc822"), ("message", "global")}


@dataclass(frozen=True, slots=True)
class Notification:
    """A delivery status notification.

    Attributes:
        text: For people.
        status: For programs.
        original: The message in question, or its header; empty if it was not returned.
        is_header_only: Whether `original` is, or is to be sent as, the header alone.
    """

    text: str
    status: DeliveryStatus
    original: bytes = b""
    is_header_only: bool = True


def compose_dsn(
    notification: Notification,
    *,
    author: Address,
    recipient: Address,
    subject: str,
    now: datetime,
    message_id: str,
    references: Sequence[str] = (),
    utf8: bool = False,
    may_8bit: bool = True,
) -> bytes:
    """Compose the message; it is to be sent with the null reverse-path (RFC 3464 §2).

    Args:
        notification: What to tell.
        author: From.
        recipient: To: the reverse-path of the original.
        subject: For people.
        now: Date.
        message_id: Without angle brackets.
        references: Identifiers of the original, so that the notification shows beside it.
        utf8: Whoever receives it takes SMTPUTF8: use the types of RFC 6533 where there is need.
        may_8bit: Whoever receives it takes 8BITMIME; else an 8-bit message is returned as its header.

    Raises:
        ValueError: Something cannot be written (`moxkit.message.ComposeError`, `encode_delivery_status`).
    """
    composer = Composer(utf8=utf8)
    composer.addresses("From", [author])
    composer.addresses("To", [recipient])
    composer.text("Subject", subject)
    composer.date(now)
    composer.message_ids("Message-ID", [message_id])
    composer.message_ids("References", references)
    composer.structured("Auto-Submitted", "auto-replied")  # RFC 3834 §5: nobody's vacation answers it
    parts = [text_entity(notification.text, may_8bit=may_8bit), _status_part(notification.status, utf8=utf8)]
    if notification.original:
        parts.append(_original_part(notification, utf8=utf8, may_8bit=may_8bit))
    return composer.message(multipart("report", parts, params={"report-type": "delivery-status"}))


def _status_part(status: DeliveryStatus, *, utf8: bool) -> Entity:
    body = encode_delivery_status(status, utf8=utf8)
    # Without loss in ASCII, the traditional type is for everybody (RFC 6533 §4.4).
    if body.isascii():
        return entity(body, content_type="message/delivery-status", cte="7bit")
    return entity(body, content_type="message/global-delivery-status", cte="8bit")


def _original_part(notification: Notification, *, utf8: bool, may_8bit: bool) -> Entity:
    original = notification.original
    end = find_header_end(original, 0, len(original))
    header = original if end < 0 else original[:end].rstrip(b"\r\n") + b"\r\n"
    # A message of ASCII header must not be encoded (RFC 2046 §5.2.1), so what cannot pass is left out.
    is_header_only = notification.is_header_only or not (
        may_8bit or original.isascii() or not header.isascii()
    )
    returned = header if is_header_only else original
    if header.isascii() or (utf8 and may_8bit):
        return embedded_message(returned, is_header_only=is_header_only)
    # RFC 6533 §4.5: encoded for those without SMTPUTF8, which these types permit.
    subtype = "global-headers" if is_header_only else "global"
    body = base64.encodebytes(returned).replace(b"\n", b"\r\n")
    return entity(body, content_type=f"message/{subtype}", cte="base64")


def is_dsn(root: Part) -> bool:
    """Return whether a message is a notification: a multipart/report whose second part is a status."""
    return (
        root.is_multipart and root.subtype == "report" and len(root.parts) > 1 and _is_status(root.parts[1])
    )


def parse_dsn(source: Source) -> Notification:
    """Parse a notification of any producer; the status is taken wherever in the message it stands.

    Raises:
        DsnError: There is no status, it cannot be read, or it is too large.
    """
    root = parse(source)
    for container in root.walk():
        for at, part in enumerate(container.parts):
            if _is_status(part):
                return _read(container.parts, at, source)
    if _is_status(root):  # the status alone
        return _read((root,), 0, source)
    raise DsnError("no delivery status in message")


def _read(parts: Sequence[Part], at: int, source: Source) -> Notification:
    status = parse_delivery_status(_content(parts[at], source, limit=_MOST_STATUS_OCTETS))
    texts = [part for part in parts[:at] if part.type == "text"]
    text = _text(texts[0], source) if texts else ""
    for part in parts[at + 1 :]:
        if (kind := (part.type, part.subtype)) in _HEADER_TYPES | _MESSAGE_TYPES:
            return Notification(text, status, _content(part, source), kind in _HEADER_TYPES)
    return Notification(text, status)


def _is_status(part: Part) -> bool:
    return part.type == "message" and part.subtype in _STATUS_SUBTYPES


def _text(part: Part, source: Source) -> str:
    try:
        return bounded_text(part, source, limit=_LONGEST_TEXT)
    except UnknownTransferEncodingError:
        return ""


def _content(part: Part, source: Source, *, limit: int | None = None) -> bytes:
    if limit is not None and part.size_octets > 2 * limit:
        raise DsnError("status too large")
    try:
        return b"".join(decoded(part, source))
    except UnknownTransferEncodingError as error:
        raise DsnError(str(error)) from None
