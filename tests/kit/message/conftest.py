"""A strict reader of IMAP values, to prove that what is rendered is valid (RFC 9051 §9)."""

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

Value = str | int | bytes | None | list["Value"]

_NUMBER = re.compile(rb"[0-9]+")
# TEXT-CHAR without quoted-specials, escaped quoted-specials, or 8-bit octets (checked as UTF-8 below).
_QUOTED = re.compile(rb'"((?:[^\x00\r\n"\\]|\\["\\])*)"')
_LITERAL = re.compile(rb"\{([0-9]+)\}\r\n")


@pytest.fixture(scope="session")
def read_value() -> "Callable[[bytes], Value]":
    """Return the reader; it raises ValueError on what is not valid IMAP."""
    return _read_value


def _read_value(octets: bytes) -> "Value":
    """Read one value that fills ``octets``; raise ValueError otherwise."""
    value, at = _read(octets, 0)
    if at != len(octets):
        raise ValueError(f"trailing octets at {at}")
    return value


def _read(octets: bytes, at: int) -> tuple["Value", int]:
    if octets[at : at + 1] == b"(":
        return _read_list(octets, at + 1)
    if octets[at : at + 3] == b"NIL":
        return None, at + 3
    if (number := _NUMBER.match(octets, at)) is not None:
        return int(number[0]), number.end()
    if (quoted := _QUOTED.match(octets, at)) is not None:
        quoted[1].decode()
        return re.sub(rb"\\(.)", rb"\1", quoted[1]), quoted.end()
    if (literal := _LITERAL.match(octets, at)) is not None:
        end = literal.end() + int(literal[1])
        content = octets[literal.end() : end]
        content.decode()
        if b"\0" in content or end > len(octets):
            raise ValueError("bad literal")
        return content, end
    raise ValueError(f"no value at {at}: {octets[at : at + 20]!r}")


def _read_list(octets: bytes, at: int) -> tuple["Value", int]:
    values: list[Value] = []
    while octets[at : at + 1] != b")":
        value, at = _read(octets, at)
        values.append(value)
        if octets[at : at + 1] == b" ":
            at += 1
            if octets[at : at + 1] == b")":
                raise ValueError("space before )")
        # Only lists may follow a list without a space (address lists, multiparts).
        elif octets[at : at + 1] == b"(" and not isinstance(value, list):
            raise ValueError("missing space")
        elif octets[at : at + 1] not in (b"(", b")"):
            raise ValueError(f"unexpected {octets[at : at + 10]!r}")
    return values, at + 1
