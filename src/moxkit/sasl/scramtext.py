"""The text of SCRAM messages (RFC 5802 §7): attributes, names, base64."""

import base64
import binascii
import re

__all__ = ["ScramSyntaxError", "attributes", "decode_base64", "decode_name", "encode_base64", "encode_name"]

# Nobody's messages are longer; bounds the work of a hostile one.
_LONGEST = 8192
_NAME_ESCAPE = re.compile(r"=(2C|3D|.{0,2})", re.DOTALL)


class ScramSyntaxError(ValueError):
    """A message is not of SCRAM's grammar."""


def attributes(message: str) -> list[tuple[str, str]]:
    """Split `a=x,b=y` into pairs, in order."""
    if len(message) > _LONGEST:
        raise ScramSyntaxError("message too long")
    pairs = []
    for item in message.split(","):
        name, equals, value = item.partition("=")
        if len(name) != 1 or not name.isascii() or not name.isalpha() or not equals:
            raise ScramSyntaxError("expected attribute=value")
        pairs.append((name, value))
    return pairs


def encode_name(name: str) -> str:
    """Write a saslname."""
    return name.replace("=", "=3D").replace(",", "=2C")


def decode_name(text: str) -> str:
    """Read a saslname.

    Raises:
        ScramSyntaxError: Empty, or an escape that is none.
    """

    def unescape(found: re.Match[str]) -> str:
        match found[1]:
            case "2C":
                return ","
            case "3D":
                return "="
            case _:
                raise ScramSyntaxError("bad escape in name")

    if not text or "\0" in text:
        raise ScramSyntaxError("bad name")
    return _NAME_ESCAPE.sub(unescape, text)


def encode_base64(octets: bytes) -> str:
    """Write base64."""
    return base64.b64encode(octets).decode()


def decode_base64(text: str) -> bytes:
    """Read base64, strictly."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ScramSyntaxError("bad base64") from error
