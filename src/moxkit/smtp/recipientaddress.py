r"""Addresses with their type, and how they are encoded (RFC 3461 §4, RFC 6533 §3).

An ``rfc822`` address goes into ORCPT as xtext (``+2B``), a ``utf-8`` one as unitext (``\x{FC}``), which
serves in fields of a status, too, where those must be ASCII.
"""

import re
from dataclasses import dataclass

__all__ = [
    "AddressError",
    "RecipientAddress",
    "decode_unitext",
    "decode_xtext",
    "encode_unitext",
    "encode_xtext",
    "format_orcpt",
    "parse_orcpt",
]

_MOST_ORCPT = 500  # characters, RFC 3461 §4.2
_TYPE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,60}")
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*+")
_HEX_CHARACTER = re.compile(r"\+([0-9A-F]{2})")
_NOT_XCHAR = re.compile(r"[^!-*,-<>-~]")
_EMBEDDED = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
# CTLs, SP, "\", "+", "=" (RFC 6533 §3); with ASCII only all others, too.
_NOT_QUCHAR = re.compile(r"[\x00-\x20\x7f\\+=]")
# Line ends and the like, which no field may hold.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NOT_QCHAR = re.compile(r"[^!-*,-<>-\[\]-~]")


class AddressError(ValueError):
    """The text is no encoded address."""


@dataclass(frozen=True, slots=True)
class RecipientAddress:
    """An address as DSNs have them (RFC 3464 §2.3.1).

    Attributes:
        type: "rfc822", "utf-8", "unknown" or another, lower-case.
        address: Decoded; not checked to be one of its type.
    """

    type: str
    address: str


def encode_xtext(text: str) -> str:
    """Encode text for a parameter such as ENVID (RFC 3461 §4).

    Raises:
        AddressError: It is not ASCII, for which there is no xtext.
    """
    if not text.isascii():
        raise AddressError("not ASCII")
    return _NOT_XCHAR.sub(lambda found: f"+{ord(found[0]):02X}", text)


def decode_xtext(text: str) -> str:
    """Decode a parameter such as ENVID.

    Raises:
        AddressError: It is no xtext, or encodes something else than printable ASCII.
    """
    if _XTEXT.fullmatch(text) is None:
        raise AddressError("bad xtext")
    decoded = _HEX_CHARACTER.sub(lambda found: chr(int(found[1], 16)), text)
    # Restricted by RFC 3461 §4.2 and §4.4, and no line end may get into a field.
    if not decoded.isascii() or not decoded.isprintable():
        raise AddressError("xtext of unprintable characters")
    return decoded


def encode_unitext(text: str, *, utf8: bool) -> str:
    """Encode an address of type utf-8; with ``utf8`` leave what is beyond ASCII (RFC 6533 §3)."""
    pattern = _NOT_QUCHAR if utf8 else _NOT_QCHAR
    return pattern.sub(lambda found: f"\\x{{{ord(found[0]):02X}}}", text)


def decode_unitext(text: str) -> str:
    """Decode what is embedded in an address of type utf-8; what does not conform stays (RFC 6533 §3)."""
    return _EMBEDDED.sub(_embedded, text)


def _embedded(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    if code > 0x10FFFF or 0xD800 <= code < 0xE000 or _CONTROL.match(chr(code)):
        return found[0]
    return chr(code)


def parse_orcpt(value: str) -> RecipientAddress:
    """Parse the value of an ORCPT parameter (RFC 3461 §4.2, RFC 6533 §3).

    Raises:
        AddressError: It is longer than 500 characters, has no type, or is badly encoded.
    """
    kind, separator, encoded = value.partition(";")
    if len(value) > _MOST_ORCPT or not separator or not encoded or _TYPE.fullmatch(kind) is None:
        raise AddressError("bad ORCPT")
    kind = kind.lower()
    if kind != "utf-8":
        return RecipientAddress(kind, decode_xtext(encoded))
    if _CONTROL.search(encoded) or " " in encoded:
        raise AddressError("bad ORCPT")
    return RecipientAddress(kind, decode_unitext(encoded))


def format_orcpt(address: RecipientAddress, *, utf8: bool = False) -> str:
    """Write the value of an ORCPT parameter.

    Args:
        address: Of any type; beyond ASCII it is written as utf-8.
        utf8: The server takes SMTPUTF8, so that UTF-8 may stay.

    Raises:
        AddressError: The type is none.
    """
    if _TYPE.fullmatch(address.type) is None:
        raise AddressError("bad address type")
    if address.type == "utf-8" or not address.address.isascii():
        return f"utf-8;{encode_unitext(address.address, utf8=utf8)}"
    return f"{address.type};{encode_xtext(address.address)}"
