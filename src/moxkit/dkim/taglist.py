"""Lists of ``tag=value``, and the encodings inside their values (RFC 6376 §3.2, §2.11)."""

import binascii
import re

from moxkit.dkim.errors import TagListError

__all__ = ["decode_base64", "decode_quoted", "encode_quoted", "parse_tag_list", "split_list"]

# tag-spec = [FWS] tag-name [FWS] "=" [FWS] tag-value [FWS]; UTF-8 is accepted in values, as §3.2 advises and
# RFC 8616 §5 needs.
_TAG = re.compile(r"[ \t]*+([A-Za-z][A-Za-z0-9_]*+)[ \t]*+=(.*+)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_HEX = re.compile(rb"=([0-9A-Fa-f]{2})?")
# dkim-safe-char without what would end a value or look like an escape (RFC 6376 §2.11).
_SAFE = frozenset(b for b in range(0x21, 0x7F) if b not in b";=|")


def parse_tag_list(text: str, *, max_octets: int = 1 << 16) -> dict[str, str]:
    """Parse a tag list; values lose the white space around them and their folding.

    Raises:
        TagListError: Too long, bad syntax, or a tag that is there twice.
    """
    if len(text) > max_octets:
        raise TagListError("tag list too long")
    unfolded = text.replace("\r\n", "")
    if found := _CONTROL.search(unfolded):
        raise TagListError(f"control character {ord(found[0]):#04x}")
    specs = unfolded.split(";")
    # A final semicolon is allowed.
    if len(specs) > 1 and not specs[-1].strip(" \t"):
        specs.pop()
    tags: dict[str, str] = {}
    for spec in specs:
        tag = _TAG.fullmatch(spec)
        if tag is None:
            raise TagListError(f"no tag=value: {spec.strip()[:40]!r}")
        if tag[1] in tags:
            raise TagListError(f"duplicate tag {tag[1][:40]}=")
        tags[tag[1]] = tag[2].strip(" \t")
    return tags


def split_list(value: str) -> tuple[str, ...]:
    """Split at colons; each item without white space around it, in lower case, none empty.

    Raises:
        TagListError: An item is empty or has white space inside.
    """
    items = tuple(item.strip(" \t").lower() for item in value.split(":"))
    for item in items:
        if not item or " " in item or "\t" in item:
            raise TagListError(f"bad item {item[:40]!r} in list")
    return items


def decode_base64(value: str) -> bytes:
    """Decode, ignoring white space and nothing else.

    Raises:
        TagListError: It is not base64.
    """
    try:
        return binascii.a2b_base64(value.encode("ascii").translate(None, b" \t"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        raise TagListError("not base64") from None


def decode_quoted(value: str) -> str:
    """Decode dkim-quoted-printable (RFC 6376 §2.11).

    Raises:
        TagListError: A "=" without two hexadecimal digits, or what comes out is not UTF-8.
    """
    octets = value.encode("utf-8", "surrogateescape").translate(None, b" \t")
    try:
        return _HEX.sub(_unhex, octets).decode()
    except UnicodeDecodeError:
        raise TagListError("quoted-printable text is not UTF-8") from None


def encode_quoted(text: str) -> str:
    """Encode as dkim-quoted-printable, which is ASCII."""
    return "".join(chr(octet) if octet in _SAFE else f"={octet:02X}" for octet in text.encode())


def _unhex(found: re.Match[bytes]) -> bytes:
    if found[1] is None:
        raise TagListError("bad quoted-printable text")
    return bytes([int(found[1], 16)])
