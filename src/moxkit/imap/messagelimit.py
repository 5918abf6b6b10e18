"""MESSAGELIMIT: a server works on so many messages at a time, and says where it stopped (RFC 9738)."""

from dataclasses import dataclass

from moxkit.imap.lexer import Cursor

__all__ = ["MessageLimitCode", "take_message_limit_code"]


@dataclass(frozen=True, slots=True)
class MessageLimitCode:
    """MESSAGELIMIT: a command was about more messages than the server works on at a time (RFC 9738 §3).

    Attributes:
        limit: Messages.
        lowest_uid: In an OK: messages below were not worked on. None in a NO: none was.
    """

    limit: int
    lowest_uid: int | None = None

    def __bytes__(self) -> bytes:
        """Return the code without brackets."""
        return f"MESSAGELIMIT {self.limit}{'' if self.lowest_uid is None else f' {self.lowest_uid}'}".encode()


def take_message_limit_code(cursor: Cursor) -> MessageLimitCode:
    """Take what follows the name.

    Raises:
        ResponseSyntaxError: Malformed.
    """
    cursor.space()
    return MessageLimitCode(cursor.nz_number(), cursor.nz_number() if cursor.take(b" ") else None)
