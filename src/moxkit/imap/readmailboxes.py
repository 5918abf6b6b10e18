"""Responses about mailboxes from the wire, for clients (RFC 9051 §7.2, §7.3)."""

import re

from moxkit.imap.commands import StatusItem
from moxkit.imap.errors import MailboxNameError
from moxkit.imap.lexer import Cursor
from moxkit.imap.mailboxname import decode_mailbox
from moxkit.imap.objectid import take_bracketed_object_id
from moxkit.imap.responses import ListData, LsubData, NamespaceData, NamespaceEntry, StatusData

__all__ = [
    "skip_value",
    "take_list_data",
    "take_lsub_data",
    "take_mailbox_name",
    "take_namespace_data",
    "take_response_flags",
    "take_status_data",
]

_FLAG = re.compile(rb"\\?[!#$&'+-\[^-z|}~*]+")
_STATUS_ITEMS = {item.value: item for item in StatusItem}


def take_mailbox_name(cursor: Cursor) -> str:
    """Take a name; one in no form that is known comes as it can be shown.

    Raises:
        ResponseSyntaxError: Malformed.
    """
    octets = cursor.astring()
    try:
        return decode_mailbox(octets, utf8=cursor.utf8_names)
    except MailboxNameError:
        # Old mailboxes have names in neither form; the client must still be able to list them.
        return octets.decode(errors="replace")


def take_response_flags(cursor: Cursor) -> tuple[str, ...]:
    """Take flags in parentheses.

    Raises:
        ResponseSyntaxError: Malformed.
    """
    cursor.require(b"(")
    flags: list[str] = []
    while not cursor.take(b")"):
        if flags:
            cursor.space()
        flags.append(cursor.expect(_FLAG, "flag")[0].decode("ascii"))
    return tuple(flags)


def _take_list_head(cursor: Cursor) -> tuple[tuple[str, ...], str | None, str]:
    cursor.space()
    flags = take_response_flags(cursor)
    cursor.space()
    separator = cursor.nstring()
    cursor.space()
    return flags, None if separator is None else cursor.text(separator), take_mailbox_name(cursor)


def take_list_data(cursor: Cursor) -> ListData:
    """Take what stands behind LIST.

    Raises:
        ResponseSyntaxError: Malformed.
    """
    flags, separator, mailbox = _take_list_head(cursor)
    children: list[str] = []
    old_name: str | None = None
    if cursor.take(b" ("):
        first = True
        while not cursor.take(b")"):
            if not first:
                cursor.space()
            first = False
            match cursor.text(cursor.astring()).upper():
                case "CHILDINFO":
                    cursor.require(b" (")
                    children.append(cursor.text(cursor.astring()))
                    while cursor.take(b" "):
                        children.append(cursor.text(cursor.astring()))
                    cursor.require(b")")
                case "OLDNAME":
                    cursor.require(b" (")
                    old_name = take_mailbox_name(cursor)
                    cursor.require(b")")
                case _:
                    cursor.space()
                    skip_value(cursor)
    return ListData(flags, separator, mailbox, tuple(children), old_name)


def skip_value(cursor: Cursor) -> None:
    """Pass over an extension's value: astring or values in parentheses (RFC 4466 §6, tagged-ext-val).

    Raises:
        ResponseSyntaxError: Malformed, or nested too deeply.
    """
    if not cursor.take(b"("):
        cursor.astring()
        return
    cursor.descend()
    first = True
    while not cursor.take(b")"):
        if not first:
            cursor.space()
        first = False
        skip_value(cursor)
    cursor.ascend()


def take_lsub_data(cursor: Cursor) -> LsubData:
    """Take what stands behind LSUB.

    Raises:
        ResponseSyntaxError: Malformed.
    """
    return LsubData(*_take_list_head(cursor))


def take_status_data(cursor: Cursor) -> StatusData:
    """Take what stands behind STATUS.

    Raises:
        ResponseSyntaxError: Malformed.
    """
    cursor.space()
    mailbox = take_mailbox_name(cursor)
    cursor.require(b" (")
    items: list[tuple[StatusItem, int | str | None]] = []
    first = True
    while not cursor.take(b")"):
        if not first:
            cursor.space()
        first = False
        name = cursor.word()
        cursor.space()
        value = _take_status_value(cursor)
        if name in _STATUS_ITEMS:
            items.append((_STATUS_ITEMS[name], value))
    return StatusData(mailbox, tuple(items))


def _take_status_value(cursor: Cursor) -> int | str | None:
    if cursor.at(b"("):
        return take_bracketed_object_id(cursor)
    return None if cursor.nil() else cursor.number()


def take_namespace_data(cursor: Cursor) -> NamespaceData:
    """Take what stands behind NAMESPACE.

    Raises:
        ResponseSyntaxError: Malformed.
    """
    kinds = []
    for _ in range(3):
        cursor.space()
        kinds.append(_take_namespace_entries(cursor))
    return NamespaceData(*kinds)


def _take_namespace_entries(cursor: Cursor) -> tuple[NamespaceEntry, ...]:
    if cursor.nil():
        return ()
    cursor.require(b"(")
    entries: list[NamespaceEntry] = []
    while not cursor.take(b")"):
        cursor.require(b"(")
        prefix = take_mailbox_name(cursor)
        cursor.space()
        separator = cursor.nstring()
        while cursor.take(b" "):
            skip_value(cursor)
        cursor.require(b")")
        entries.append(NamespaceEntry(prefix, None if separator is None else cursor.text(separator)))
    return tuple(entries)
