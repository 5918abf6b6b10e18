"""The pieces of APPEND around its message literals (RFC 9051 §6.3.12, RFC 3502 §6, RFC 6855 §4)."""

from dataclasses import dataclass
from datetime import datetime

from moxkit.imap.dates import take_date_time
from moxkit.imap.flags import take_flag_list
from moxkit.imap.lexer import ANNOUNCEMENT, MAX_NUMBER64, Cursor

__all__ = ["MessageHead", "take_message_head"]


@dataclass(frozen=True, slots=True)
class MessageHead:
    """What stands before one message, with its announcement.

    Attributes:
        flags: To set on it.
        date: Its INTERNALDATE; `None` for now.
        size: Octets announced.
        sync: Whether the client waits for a continuation before it sends them.
        binary: Whether it is a literal8.
        utf8: Whether it is in ``UTF8 (...)``, so that a parenthesis must follow.
        catenate: What follows ``CATENATE (`` on the line; `None` for a message in one literal.
    """

    flags: tuple[str, ...]
    date: datetime | None
    size: int
    sync: bool
    binary: bool
    utf8: bool
    catenate: bytes | None = None


def take_message_head(cursor: Cursor) -> MessageHead:
    """Take ``[SP flag-list] [SP date-time] SP literal``, up to and with the announcement.

    Raises:
        CommandSyntaxError: Malformed, or no message literal at the end of the line (but for CATENATE).
    """
    cursor.space()
    # IMAPClient says two between the messages of one APPEND.
    cursor.take(b" ")
    flags: tuple[str, ...] = ()
    if cursor.at(b"("):
        flags = take_flag_list(cursor)
        cursor.space()
    date: datetime | None = None
    if cursor.at(b'"'):
        date = take_date_time(cursor)
        cursor.space()
    # append-data-ext of RFC 6855 §4: "UTF8" SP "(" literal8 ")"
    utf8 = False
    if cursor.at(b"U") or cursor.at(b"u"):
        if cursor.word() != "UTF8":
            raise cursor.fail("unknown append data")
        cursor.require(b" (")
        utf8 = True
    elif cursor.at(b"C") or cursor.at(b"c"):
        return _catenated(cursor, flags, date)
    literal = cursor.expect(ANNOUNCEMENT, "message literal")
    size = int(literal[2])
    if size > MAX_NUMBER64:
        raise cursor.fail("literal size too large")
    if utf8 and not literal[1]:
        raise cursor.fail("UTF8 needs a literal8")
    return MessageHead(flags, date, size, not literal[3], bool(literal[1]), utf8)


def _catenated(cursor: Cursor, flags: tuple[str, ...], date: datetime | None) -> MessageHead:
    """Take ``CATENATE (`` (RFC 4469 §5); the parts are taken line by line, elsewhere."""
    if cursor.word() != "CATENATE":
        raise cursor.fail("unknown append data")
    cursor.require(b" (")
    rest = cursor.octets[cursor.position :].removesuffix(b"\r\n")
    cursor.position = len(cursor.octets)
    return MessageHead(flags, date, 0, sync=False, binary=False, utf8=False, catenate=rest)
