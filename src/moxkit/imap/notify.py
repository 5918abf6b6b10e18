"""NOTIFY (RFC 5465): which events of which mailboxes a client wants to hear of, at any time.

What the RFC calls an error of the client is refused here; which events a server knows is its own question.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from moxkit.imap.commands import Command
from moxkit.imap.fetchitems import FetchItem, take_fetch_items
from moxkit.imap.lexer import ATOM, Cursor
from moxkit.imap.mailboxfilter import NOTIFY_FILTERS, MailboxFilter, take_filter

__all__ = ["EventGroup", "Notify", "NotifyEvent", "take_notify"]

_NONE = re.compile(rb"NONE(?![!-'*-~])", re.IGNORECASE)


class NotifyEvent(StrEnum):
    """Registered events (RFC 5465 §5)."""

    MESSAGE_NEW = "MessageNew"
    MESSAGE_EXPUNGE = "MessageExpunge"
    FLAG_CHANGE = "FlagChange"
    ANNOTATION_CHANGE = "AnnotationChange"
    MAILBOX_NAME = "MailboxName"
    SUBSCRIPTION_CHANGE = "SubscriptionChange"
    MAILBOX_METADATA_CHANGE = "MailboxMetadataChange"
    SERVER_METADATA_CHANGE = "ServerMetadataChange"


_E = NotifyEvent
_ABOUT_MESSAGES = frozenset({_E.MESSAGE_NEW, _E.MESSAGE_EXPUNGE, _E.FLAG_CHANGE, _E.ANNOTATION_CHANGE})
_BY_NAME = {event.lower(): event for event in NotifyEvent}


@dataclass(frozen=True, slots=True)
class EventGroup:
    """What a client wants to hear of some mailboxes.

    Attributes:
        mailboxes: Which.
        events: Empty for NONE, which also ends what later groups say of these mailboxes.
        items: To fetch of new messages in the selected mailbox; empty for what the server likes to tell.
        unknown: Names of events that are not registered, as the client spelled them.
    """

    mailboxes: MailboxFilter
    events: frozenset[NotifyEvent] = frozenset()
    items: tuple[FetchItem, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notify(Command):
    """NOTIFY SET, or NOTIFY NONE without groups.

    Attributes:
        groups: In the client's order, which counts.
        status: Whether STATUS of the mailboxes is wanted first.
    """

    groups: tuple[EventGroup, ...] = ()
    status: bool = False
    verb: ClassVar[str] = "NOTIFY"


def take_notify(cursor: Cursor) -> Notify:
    """Take the arguments of NOTIFY (RFC 5465 §8).

    Raises:
        CommandSyntaxError: Malformed, or groups that must not be asked for together (RFC 5465 §5, §6.1).
        LiteralPendingError: A literal was not received yet.
    """
    cursor.space()
    form = cursor.word()
    if form == "NONE":
        return Notify()
    if form != "SET":
        raise cursor.fail("expected SET or NONE")
    cursor.space()
    status = not cursor.at(b"(")
    if status:
        if cursor.word() != "STATUS":
            raise cursor.fail("expected STATUS")
        cursor.space()
    groups = [_take_group(cursor)]
    while cursor.take(b" "):
        groups.append(_take_group(cursor))
    if sum(group.mailboxes.kind.is_selected for group in groups) > 1:
        raise cursor.fail("the selected mailbox can be specified once")
    return Notify(tuple(groups), status)


def _take_group(cursor: Cursor) -> EventGroup:
    cursor.require(b"(")
    mailboxes = take_filter(cursor, NOTIFY_FILTERS)
    cursor.space()
    if cursor.match(_NONE) is not None:
        cursor.require(b")")
        return EventGroup(mailboxes)
    cursor.require(b"(")
    events: set[NotifyEvent] = set()
    unknown: dict[str, None] = {}
    items: tuple[FetchItem, ...] = ()
    while True:
        name = cursor.expect(ATOM, "event")[0].decode("ascii")
        event = _BY_NAME.get(name.lower())
        if event is None:
            unknown[name] = None
        else:
            events.add(event)
            if event is _E.MESSAGE_NEW and cursor.at(b" ("):
                items = _take_items(cursor, mailboxes)
        if not cursor.take(b" "):
            break
    cursor.require(b"))")
    _check(cursor, mailboxes, events)
    return EventGroup(mailboxes, frozenset(events), items, tuple(unknown))


def _take_items(cursor: Cursor, mailboxes: MailboxFilter) -> tuple[FetchItem, ...]:
    cursor.space()
    if not mailboxes.kind.is_selected:
        raise cursor.fail("only of the selected mailbox can items be fetched")
    return take_fetch_items(cursor)


def _check(cursor: Cursor, mailboxes: MailboxFilter, events: set[NotifyEvent]) -> None:
    about_messages = events & _ABOUT_MESSAGES
    if about_messages and not {_E.MESSAGE_NEW, _E.MESSAGE_EXPUNGE} <= events:
        raise cursor.fail("MessageNew and MessageExpunge go together, and FlagChange needs both")
    if mailboxes.kind.is_selected and events - _ABOUT_MESSAGES:
        raise cursor.fail("of the selected mailbox only events of messages can be asked for")
