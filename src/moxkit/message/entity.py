"""Entities to compose messages of: text, attachments, multiparts, embedded messages (RFC 2045, RFC 2046)."""

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from moxkit.message.folding import encode_parameter, fold
from moxkit.message.parse import find_header_end

__all__ = ["Entity", "attachment", "embedded_message", "entity", "multipart", "text_entity"]

_NO_PARAMS: Mapping[str, str] = {}
_LONGEST_TEXT_LINE = 76


@dataclass(frozen=True, slots=True)
class Entity:
    """A part to be sent: its Content fields, folded, and its encoded body; both end in CRLF or are empty."""

    header: bytes
    body: bytes

    def __bytes__(self) -> bytes:
        """Return the entity as it stands inside a multipart."""
        return self.header + b"\r\n" + self.body


def entity(
    body: bytes,
    *,
    content_type: str,
    params: Mapping[str, str] = _NO_PARAMS,
    cte: str | None = None,
    disposition: str | None = None,
    filename: str | None = None,
    content_id: str | None = None,
    utf8: bool = False,
) -> Entity:
    """Build an entity around an encoded body.

    Args:
        body: As it goes over the wire, in the transfer encoding ``cte``.
        content_type: ``type/subtype``.
        params: Parameters of the type, encoded as needed.
        cte: Content-Transfer-Encoding; left out if `None`.
        disposition: "inline" or "attachment"; left out if `None`.
        filename: Goes into the disposition (RFC 2183 §2.3).
        content_id: With its angle brackets.
        utf8: Leave UTF-8 in the header as it is.
    """
    written = "".join(encode_parameter(name, value, utf8=utf8) for name, value in params.items())
    header = fold("Content-Type", content_type + written)
    if cte is not None:
        header += fold("Content-Transfer-Encoding", cte)
    if disposition is not None:
        name = "" if filename is None else encode_parameter("filename", filename, utf8=utf8)
        header += fold("Content-Disposition", disposition + name)
    if content_id is not None:
        header += fold("Content-ID", content_id)
    return Entity(header, body)


def text_entity(
    text: str, *, subtype: str = "plain", params: Mapping[str, str] = _NO_PARAMS, may_8bit: bool = True
) -> Entity:
    """Build a text part in US-ASCII or UTF-8, its lines ended by CRLF.

    Long lines, and 8-bit text where that may not be sent, are written as quoted-printable.
    """
    # Only CR and LF end a line; other separators that Python knows are text.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n") if text else []
    octets = b"".join(line.encode("utf-8", "replace") + b"\r\n" for line in lines)
    is_ascii = octets.isascii()
    charset = "us-ascii" if is_ascii else "utf-8"
    has_long_line = any(len(line) > _LONGEST_TEXT_LINE + 2 for line in octets.splitlines(keepends=True))
    if has_long_line or b"\0" in octets or not (is_ascii or may_8bit):
        octets, cte = binascii.b2a_qp(octets, istext=True), "quoted-printable"
    else:
        cte = "7bit" if is_ascii else "8bit"
    return entity(octets, content_type=f"text/{subtype}", params={"charset": charset, **params}, cte=cte)


def attachment(
    octets: bytes,
    *,
    content_type: str = "application/octet-stream",
    filename: str | None = None,
    disposition: str = "attachment",
    content_id: str | None = None,
    params: Mapping[str, str] = _NO_PARAMS,
) -> Entity:
    """Build a part of any octets, in base64 lines of 76 characters (RFC 2045 §6.8)."""
    body = base64.encodebytes(octets).replace(b"\n", b"\r\n")
    return entity(
        body,
        content_type=content_type,
        params=params,
        cte="base64",
        disposition=disposition,
        filename=filename,
        content_id=content_id,
    )


def embedded_message(octets: bytes, *, is_header_only: bool = False) -> Entity:
    """Build a part that holds a message, or its header as in a DSN (RFC 2046 §5.2.1, RFC 6522 §4).

    Never encoded beyond 8bit, as these types demand; with UTF-8 in the header it is message/global
    (RFC 6532 §3.7).
    """
    end = find_header_end(octets, 0, len(octets))
    is_global = not octets[: len(octets) if end < 0 else end].isascii()
    if is_header_only:
        content_type = "message/global-headers" if is_global else "text/rfc822-headers"
    else:
        content_type = "message/global" if is_global else "message/rfc822"
    body = octets if octets.endswith(b"\n") else octets + b"\r\n"
    return entity(body, content_type=content_type, cte="7bit" if octets.isascii() else "8bit")


def multipart(subtype: str, parts: Sequence[Entity], *, params: Mapping[str, str] = _NO_PARAMS) -> Entity:
    """Join parts; the boundary comes from what they hold and occurs in none of them (RFC 2046 §5.1.1)."""
    contents = [bytes(part) for part in parts]
    digest = hashlib.sha256(b"\0".join(contents))
    boundary = _boundary(digest.hexdigest())
    while any(boundary.encode() in content for content in contents):
        digest.update(b"again")
        boundary = _boundary(digest.hexdigest())
    delimiter = b"--" + boundary.encode()
    body = b"".join(delimiter + b"\r\n" + content + b"\r\n" for content in contents) + delimiter + b"--\r\n"
    # The encoding of a multipart is the widest of its parts (RFC 2045 §6.4).
    cte = None if body.isascii() else "8bit"
    return entity(body, content_type=f"multipart/{subtype}", params={"boundary": boundary, **params}, cte=cte)


def _boundary(digest: str) -> str:
    return f"=_{digest[:32]}"
