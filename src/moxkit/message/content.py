"""Reading the Content fields of a header (RFC 2045, RFC 2183) in one pass."""

import re

from moxkit.message.parameters import parse_parameters, without_comments
from moxkit.message.part import DEFAULT_CONTENT, Content
from moxkit.message.unfolding import unfold

__all__ = ["boundary_of", "parse_content"]

# The literal newline in front lets the search hop from line to line.
_FIELD = re.compile(rb"\n(?i:content-([a-z0-9-]++))[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)")
# type "/" subtype of tokens (RFC 2045 §5.1), then parameters or nothing.
_TYPE = re.compile(
    rb"\s*+([!#$%&'*+.^_`{|}~A-Za-z0-9-]++)\s*+/\s*+([!#$%&'*+.^_`{|}~A-Za-z0-9-]++)\s*+(;|\Z)?"
)
_DIGEST_CONTENT = Content(type="message", subtype="rfc822")
_LONGEST_TOKEN = 255


def parse_content(header: bytes, in_digest: bool, problems: list[str]) -> Content:
    """Read the Content fields of ``header``; what is malformed is added to ``problems``.

    Args:
        header: Octets of the header, with or without the blank line.
        in_digest: Whether the part stands in a multipart/digest, where the default is message/rfc822
            (RFC 2046 §5.1.5).
        problems: Short phrases, for strict checks.
    """
    default = _DIGEST_CONTENT if in_digest else DEFAULT_CONTENT
    found: dict[bytes, bytes] = {}
    for written_name, value in _FIELD.findall(b"\n" + header):
        name = written_name.lower()
        if name in found:
            # The first wins, as in most readers; two that differ would hide a part from a filter.
            problems.append("repeated content field")
            continue
        found[name] = value
    if not found:
        return default
    media, subtype, params = default.type, default.subtype, default.raw_params
    if (raw_type := found.get(b"type")) is not None:
        media, subtype, params = _parse_type(raw_type, problems)
    raw_cte = found.get(b"transfer-encoding")
    cte = "7bit" if raw_cte is None else _parse_cte(raw_cte, problems)
    location = found.get(b"location")
    return Content(
        type=media,
        subtype=subtype,
        raw_params=params,
        cte=cte,
        id=_unfolded(found.get(b"id")),
        description=_unfolded(found.get(b"description")),
        raw_disposition=found.get(b"disposition"),
        raw_language=found.get(b"language"),
        location=None if location is None else b"".join(location.split()),
        md5=_unfolded(found.get(b"md5")),
    )


def _unfolded(raw: bytes | None) -> bytes | None:
    return None if raw is None else unfold(raw)


def _parse_type(raw: bytes, problems: list[str]) -> tuple[str, str, tuple[tuple[bytes, bytes], ...]]:
    raw = without_comments(raw)
    match = _TYPE.match(raw)
    if match is None or len(match[1]) > _LONGEST_TOKEN or len(match[2]) > _LONGEST_TOKEN:
        # RFC 2045 §5.2 suggests text/plain; what cannot be understood is not shown, so octets it is.
        problems.append("malformed content type")
        return "application", "octet-stream", ()
    media, subtype = match[1].decode().lower(), match[2].decode().lower()
    if match[3] is None:
        problems.append("malformed content type")
    semicolon = raw.find(b";", match.end(2))
    params = () if semicolon < 0 else parse_parameters(raw[semicolon:])
    if media == "multipart" and not boundary_of(params):
        problems.append("multipart without boundary")
        return "application", "octet-stream", params
    return media, subtype, params


def _parse_cte(raw: bytes, problems: list[str]) -> str:
    text = unfold(without_comments(raw)).rstrip(b";").strip().lower()
    if not text or not text.isascii() or len(text) > _LONGEST_TOKEN or text.split() != [text]:
        problems.append("malformed content transfer encoding")
    return text[:_LONGEST_TOKEN].decode("ascii", "replace") or "7bit"


def boundary_of(params: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """Return the boundary parameter, empty if there is none (RFC 2046 §5.1.1)."""
    for name, value in params:
        if name.lower() == b"boundary":
            return value.rstrip()
    return b""
