"""Writing messages: header fields one by one, then the body (RFC 5322 §3.6).

Time and identifiers are the caller's; nothing here reads a clock or rolls dice.
"""

import re
from collections.abc import Iterable
from datetime import datetime

from moxkit.domain import DomainError, parse_domain
from moxkit.message.addresses import Address, Group, is_localpart, quote_localpart
from moxkit.message.dates import format_date
from moxkit.message.encodedwords import encode_word
from moxkit.message.entity import Entity
from moxkit.message.folding import encode_text, fold, without_controls

__all__ = ["ComposeError", "Composer", "format_address"]

_FIELD_NAME = re.compile(r"[!-9;-~]{1,70}")
# What a phrase may hold without quotes (RFC 5322 §3.2.5).
_PLAIN_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ \u0080-\U0010ffff-]*")
_LITERAL = re.compile(r"\[[0-9A-Za-z:.-]{1,100}\]")  # RFC 5321 §4.1.3
_LONGEST_QUOTED_NAME = 200


class ComposeError(ValueError):
    """A value cannot be written: an address needs SMTPUTF8, or a name or identifier is none."""


def format_address(address: Address, *, utf8: bool = False) -> str:
    """Write an address for a header field.

    Args:
        address: The domain may be in Unicode; it is written in ASCII unless ``utf8``.
        utf8: Leave UTF-8 as it is (RFC 6532).

    Raises:
        ComposeError: The domain is none, or the localpart needs ``utf8``.
    """
    localpart = address.localpart
    if not is_localpart(localpart) or not (utf8 or localpart.isascii()):
        raise ComposeError("localpart cannot be written in this message")
    spec = f"{quote_localpart(localpart)}@{_domain(address.domain, utf8=utf8)}"
    name = _phrase(address.name, utf8=utf8)
    return f"{name} <{spec}>" if name else spec if localpart.isascii() else f"<{spec}>"


def _domain(text: str, *, utf8: bool) -> str:
    if _LITERAL.fullmatch(text):
        return text
    try:
        domain = parse_domain(text, allow_underscore=True)
    except DomainError as error:
        raise ComposeError(str(error)) from None
    return domain.unicode if utf8 and not text.isascii() else domain.ascii


def _phrase(name: str, *, utf8: bool) -> str:
    name = " ".join(without_controls(name).split())
    if "=?" in name or len(name) > _LONGEST_QUOTED_NAME or not (utf8 or name.isascii()):
        return encode_word(name)
    if _PLAIN_NAME.fullmatch(name):
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Composer:
    """Collects header fields in order, then gives the message.

    With ``utf8`` the header holds UTF-8 and the message needs SMTPUTF8 where it does; else it is ASCII.
    """

    __slots__ = ("_fields", "_utf8")

    def __init__(self, *, utf8: bool = False) -> None:
        self._fields: list[bytes] = []
        self._utf8 = utf8

    def text(self, name: str, text: str) -> None:
        """Add a field of unstructured text, such as Subject; encoded and folded as needed."""
        self._add(name, encode_text(text, utf8=self._utf8))

    def structured(self, name: str, value: str) -> None:
        """Add a field whose ASCII value the caller has written in that field's own syntax.

        Raises:
            ComposeError: It is not ASCII although the header must be, or it holds controls.
        """
        if without_controls(value) != value or not (self._utf8 or value.isascii()):
            raise ComposeError(f"bad value for {name}")
        self._add(name, value)

    def addresses(self, name: str, entries: Iterable[Address | Group]) -> None:
        """Add a field of addresses, such as To; nothing is added where there are none.

        Raises:
            ComposeError: An address cannot be written in this message.
        """
        written = ", ".join(self._entry(entry) for entry in entries)
        if written:
            self._add(name, written)

    def date(self, when: datetime, *, name: str = "Date") -> None:
        """Add a date; ``when`` must have a time zone."""
        self._add(name, format_date(when))

    def message_ids(self, name: str, ids: Iterable[str]) -> None:
        """Add identifiers, such as Message-ID or References; each without its angle brackets.

        Raises:
            ComposeError: One holds white space, brackets or controls.
        """
        written = list(ids)
        for each in written:
            if not each or not each.isprintable() or set(each) & set("<> ") or len(each) > 900:
                raise ComposeError("bad message identifier")
            if not (self._utf8 or each.isascii()):
                raise ComposeError("message identifier needs UTF-8 headers")
        if written:
            self._add(name, " ".join(f"<{each}>" for each in written))

    def message(self, body: Entity) -> bytes:
        """Return the message: the fields, MIME-Version, and the body with its Content fields."""
        return b"".join((*self._fields, b"MIME-Version: 1.0\r\n", bytes(body)))

    def _entry(self, entry: Address | Group) -> str:
        if isinstance(entry, Address):
            return format_address(entry, utf8=self._utf8)
        members = ", ".join(format_address(member, utf8=self._utf8) for member in entry.members)
        name = _phrase(entry.name, utf8=self._utf8) or '""'
        return f"{name}: {members};"

    def _add(self, name: str, value: str) -> None:
        if not _FIELD_NAME.fullmatch(name):
            raise ComposeError("bad field name")
        self._fields.append(fold(name, value))
