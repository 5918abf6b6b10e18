"""Mailbox names: the two wire forms, and which names exist at all (RFC 9051 §5.1, RFC 3501 §5.1.3).

Inside, a name is text with ``/`` between its components and the inbox is ``Inbox``.
"""

import re
import unicodedata
from binascii import Error as Base64Error, a2b_base64, b2a_base64

from moxkit.imap.errors import MailboxNameError

__all__ = [
    "INBOX",
    "check_mailbox_name",
    "decode_mailbox",
    "decode_modified_utf7",
    "encode_modified_utf7",
]

INBOX = "Inbox"

_SHIFT = re.compile(rb"&([A-Za-z0-9+,]*)-")
_PRINTABLE = re.compile(rb"[ -%'-~]*")
_NEEDS_SHIFT = re.compile(r"[^ -~]+")
# C0, DEL, C1, and the line separators of RFC 5198 §2.
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def decode_modified_utf7(octets: bytes) -> str:
    """Decode a name in modified UTF-7, strictly: one spelling per name (RFC 3501 §5.1.3).

    Raises:
        MailboxNameError: It is not modified UTF-7.
    """
    pieces: list[str] = []
    position = 0
    shifted_before = False
    while position < len(octets):
        plain = _PRINTABLE.match(octets, position)
        if plain is not None and plain[0]:
            pieces.append(plain[0].decode("ascii"))
            position = plain.end()
            shifted_before = False
            continue
        shift = _SHIFT.match(octets, position)
        if shift is None:
            raise MailboxNameError("mailbox name is not modified UTF-7")
        if shift[1] and shifted_before:
            # Two shifts in a row spell one name in two ways.
            raise MailboxNameError("superfluous shift in modified UTF-7")
        pieces.append(_decode_shift(shift[1]) if shift[1] else "&")
        shifted_before = bool(shift[1])
        position = shift.end()
    return "".join(pieces)


def _decode_shift(encoded: bytes) -> str:
    padded = encoded.replace(b",", b"/") + b"=" * (-len(encoded) % 4)
    try:
        text = a2b_base64(padded).decode("utf-16-be")
    except (Base64Error, UnicodeDecodeError):
        raise MailboxNameError("bad base64 in modified UTF-7") from None
    if _NEEDS_SHIFT.fullmatch(text) is None:
        raise MailboxNameError("printable character shifted in modified UTF-7")
    if _encode_shift(text) != encoded:
        raise MailboxNameError("non-zero padding in modified UTF-7")
    return text


def _encode_shift(text: str) -> bytes:
    return b2a_base64(text.encode("utf-16-be"), newline=False).rstrip(b"=").replace(b"/", b",")


def encode_modified_utf7(name: str) -> bytes:
    """Encode a name for clients without UTF8=ACCEPT and IMAP4rev2.

    Raises:
        UnicodeEncodeError: The name holds a lone surrogate, which no checked name does.
    """
    if name.isascii() and name.isprintable():
        return name.encode("ascii").replace(b"&", b"&-")
    pieces: list[bytes] = []
    position = 0
    for found in _NEEDS_SHIFT.finditer(name):
        pieces.append(name[position : found.start()].encode("ascii").replace(b"&", b"&-"))
        pieces.append(b"&" + _encode_shift(found[0]) + b"-")
        position = found.end()
    pieces.append(name[position:].encode("ascii").replace(b"&", b"&-"))
    return b"".join(pieces)


def decode_mailbox(octets: bytes, *, utf8: bool) -> str:
    """Decode a mailbox name or LIST pattern from the wire; `check_mailbox_name` judges it.

    Raises:
        MailboxNameError: It is not in the wire form in force.
    """
    if not utf8:
        return decode_modified_utf7(octets)
    try:
        return octets.decode()
    except UnicodeDecodeError:
        raise MailboxNameError("mailbox name is not UTF-8") from None


def check_mailbox_name(name: str) -> str:
    """Return the name with its inbox part spelled `INBOX`, if a mailbox can have it.

    INBOX is the same in any case, also as first component, so that ``inbox/a`` lies below it (RFC 9051 §5.1).

    Raises:
        MailboxNameError: It cannot.
    """
    first, slash, rest = name.partition("/")
    if first.upper() == "INBOX":
        name = INBOX + slash + rest
    if not name:
        raise MailboxNameError("empty mailbox name")
    if name.startswith("#"):
        raise MailboxNameError("mailbox name begins with #, which is reserved for namespaces")
    if any(component in {"", ".", ".."} for component in name.split("/")):
        raise MailboxNameError("mailbox name has an empty, . or .. component")
    if _FORBIDDEN.search(name) is not None:
        raise MailboxNameError("mailbox name has a control character")
    if not unicodedata.is_normalized("NFC", name):
        raise MailboxNameError("mailbox name is not in Unicode normalization form C")
    return name
