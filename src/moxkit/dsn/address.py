"""Addresses with their type in the fields of a status (RFC 3464 §2.3.1, RFC 6533 §4.1).

The same addresses in ORCPT, and their encoded forms, are SMTP's: `moxkit.smtp`.
"""

import re

from moxkit.smtp import RecipientAddress, decode_unitext, encode_unitext

__all__ = ["read_address", "recipient_address", "write_address"]

_TYPE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,60}")


def recipient_address(address: str) -> RecipientAddress:
    """Return a mail address with the type that it needs."""
    return RecipientAddress("rfc822" if address.isascii() else "utf-8", address)


def read_address(text: str) -> RecipientAddress | None:
    """Read a field such as Final-Recipient, as careless as it may be written; None if there is no address."""
    kind, separator, address = text.partition(";")
    if not separator:
        kind, address = "rfc822", text
    address = address.strip()
    if address.startswith("<") and address.endswith(">"):
        address = address[1:-1]
    kind = kind.strip().lower()
    if not address or _TYPE.fullmatch(kind) is None:
        return None
    return RecipientAddress(kind, decode_unitext(address) if kind == "utf-8" else address)


def write_address(address: RecipientAddress, *, utf8: bool) -> str:
    """Write a field such as Final-Recipient (RFC 3464 §2.3.1, RFC 6533 §4.1)."""
    if address.type != "utf-8" and address.address.isascii():
        return f"{address.type}; {address.address}"
    # Written plainly where that is understood, unless it looks as if it were encoded.
    if utf8 and "\\" not in address.address:
        return f"utf-8; {address.address}"
    return f"utf-8; {encode_unitext(address.address, utf8=utf8)}"
