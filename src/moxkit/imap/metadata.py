"""METADATA: annotations of mailboxes and of the server (RFC 5464): commands, responses and their grammar.

Entry names are case-insensitive (RFC 5464 §3.2); here they are lower-case. Values are octets.
"""

import re
from dataclasses import dataclass, field
from typing import ClassVar

from moxkit.imap.commands import Command
from moxkit.imap.encode import encode_astring, encode_mailbox, encode_string
from moxkit.imap.entryname import can_be_set, take_entry
from moxkit.imap.errors import MailboxNameError
from moxkit.imap.lexer import Cursor
from moxkit.imap.mailboxname import decode_mailbox
from moxkit.imap.takemailboxes import take_mailbox

__all__ = [
    "ENTIRE_DEPTH",
    "GetMetadata",
    "MetadataChangedData",
    "MetadataData",
    "SetMetadata",
    "take_get_metadata",
    "take_metadata_data",
    "take_set_metadata",
]

# DEPTH infinity.
ENTIRE_DEPTH = -1

_DEPTHS = {"0": 0, "1": 1, "INFINITY": ENTIRE_DEPTH}
_OPTIONS = re.compile(rb" \((?=MAXSIZE|DEPTH)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class GetMetadata(Command):
    """GETMETADATA.

    Attributes:
        mailbox: Empty for the server's own.
        entries: Names.
        max_size: Larger values are left out; `None` for no limit.
        depth: Levels below the names that are wanted too: 0, 1 or `ENTIRE_DEPTH`.
    """

    mailbox: str
    entries: tuple[str, ...]
    max_size: int | None = None
    depth: int = 0
    verb: ClassVar[str] = "GETMETADATA"


@dataclass(frozen=True, slots=True)
class SetMetadata(Command):
    """SETMETADATA; a value of `None` removes the entry.

    Attributes:
        mailbox: Empty for the server's own.
    """

    mailbox: str
    entries: tuple[tuple[str, bytes | None], ...] = field(repr=False)
    verb: ClassVar[str] = "SETMETADATA"


@dataclass(frozen=True, slots=True)
class MetadataData:
    """METADATA with values; `None` for an entry that is not there (RFC 5464 §4.4.1, RFC 9590 §3)."""

    mailbox: str
    entries: tuple[tuple[str, bytes | None], ...]

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return the response."""
        pieces: list[bytes] = []
        for name, value in self.entries:
            pieces += (encode_astring(name), b"NIL" if value is None else encode_string(value, utf8=utf8))
        return b"* METADATA %b (%b)\r\n" % (encode_mailbox(self.mailbox, utf8=utf8), b" ".join(pieces))


@dataclass(frozen=True, slots=True)
class MetadataChangedData:
    """METADATA without values: what somebody changed (RFC 5464 §4.4.2)."""

    mailbox: str
    names: tuple[str, ...]

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return the line."""
        names = map(encode_astring, self.names)
        return b"* METADATA %b %b\r\n" % (encode_mailbox(self.mailbox, utf8=utf8), b" ".join(names))


def take_get_metadata(cursor: Cursor) -> GetMetadata:
    """Take the arguments of GETMETADATA.

    Options stand before the mailbox in the grammar, and after it in the examples.

    Raises:
        CommandSyntaxError: Malformed (RFC 5464 §5).
        LiteralPendingError: A literal was not received yet.
    """
    options = _take_options(cursor)
    cursor.space()
    mailbox = take_mailbox(cursor)
    options |= _take_options(cursor)
    cursor.space()
    depth = options.get("DEPTH", 0)
    if cursor.take(b"("):
        names = {take_entry(cursor, is_root_allowed=depth != 0): None}
        while cursor.take(b" "):
            names[take_entry(cursor, is_root_allowed=depth != 0)] = None
        cursor.require(b")")
    else:
        names = {take_entry(cursor, is_root_allowed=depth != 0): None}
    return GetMetadata(mailbox, tuple(names), options.get("MAXSIZE"), depth)


def _take_options(cursor: Cursor) -> dict[str, int]:
    options: dict[str, int] = {}
    if cursor.match(_OPTIONS) is None:
        return options
    while True:
        option = cursor.word()
        cursor.space()
        if option in options:
            raise cursor.fail("repeated option")
        if option == "MAXSIZE":
            options[option] = cursor.number()
        elif option == "DEPTH" and (depth := cursor.word()) in _DEPTHS:
            options[option] = _DEPTHS[depth]
        else:
            raise cursor.fail("unknown option")
        if not cursor.take(b" "):
            break
    cursor.require(b")")
    return options


def take_set_metadata(cursor: Cursor) -> SetMetadata:
    """Take the arguments of SETMETADATA.

    Raises:
        CommandSyntaxError: Malformed, a name twice, or one that nobody can set (RFC 5464 §3.2).
        LiteralPendingError: A literal was not received yet.
    """
    cursor.space()
    mailbox = take_mailbox(cursor)
    cursor.require(b" (")
    entries: dict[str, bytes | None] = {}
    while True:
        name = take_entry(cursor)
        if not can_be_set(name):
            raise cursor.fail("entry cannot be set")
        if name in entries:
            raise cursor.fail("repeated entry")
        cursor.space()
        entries[name] = cursor.nstring()
        if not cursor.take(b" "):
            break
    cursor.require(b")")
    return SetMetadata(mailbox, tuple(entries.items()))


def take_metadata_data(cursor: Cursor) -> MetadataData | MetadataChangedData:
    """Take either response behind its name, for clients.

    Raises:
        ResponseSyntaxError: Malformed.
    """
    cursor.space()
    octets = cursor.astring()
    try:
        mailbox = decode_mailbox(octets, utf8=cursor.utf8_names)
    except MailboxNameError:
        mailbox = octets.decode(errors="replace")
    cursor.space()
    if not cursor.take(b"("):
        names = [cursor.text(cursor.astring())]
        while cursor.take(b" "):
            names.append(cursor.text(cursor.astring()))
        return MetadataChangedData(mailbox, tuple(names))
    entries: list[tuple[str, bytes | None]] = []
    while not cursor.take(b")"):
        if entries:
            cursor.space()
        name = cursor.text(cursor.astring())
        cursor.space()
        entries.append((name, cursor.nstring()))
    return MetadataData(mailbox, tuple(entries))
