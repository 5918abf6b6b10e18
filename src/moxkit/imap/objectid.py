"""Object identifiers in the grammar (RFC 8474 §7)."""

import re
from dataclasses import dataclass

from moxkit.imap.lexer import Cursor

__all__ = ["MailboxIdCode", "take_bracketed_object_id", "take_mailbox_id_code", "take_object_id"]

# objectid = 1*255(ALPHA / DIGIT / "_" / "-"), case significant
_OBJECT_ID = re.compile(rb"[A-Za-z0-9_-]{1,255}")


def take_object_id(cursor: Cursor) -> str:
    """Take an identifier.

    Raises:
        ImapSyntaxError: None here.
    """
    return cursor.expect(_OBJECT_ID, "object identifier")[0].decode("ascii")


def take_bracketed_object_id(cursor: Cursor) -> str:
    """Take an identifier in parentheses.

    Raises:
        ImapSyntaxError: None here.
    """
    cursor.require(b"(")
    object_id = take_object_id(cursor)
    cursor.require(b")")
    return object_id


@dataclass(frozen=True, slots=True)
class MailboxIdCode:
    """MAILBOXID: of the mailbox that was created or selected (RFC 8474 §4.1, §4.2)."""

    object_id: str

    def __bytes__(self) -> bytes:
        """Return the code without brackets."""
        return f"MAILBOXID ({self.object_id})".encode("ascii")


def take_mailbox_id_code(cursor: Cursor) -> MailboxIdCode:
    """Take what stands behind MAILBOXID.

    Raises:
        ResponseSyntaxError: Malformed.
    """
    cursor.space()
    return MailboxIdCode(take_bracketed_object_id(cursor))
