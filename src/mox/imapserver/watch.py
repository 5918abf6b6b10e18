"""What a client asked NOTIFY for, and whether an event is among it (RFC 5465). Pure.

Groups are looked at in the client's order; one with NONE ends what is said of the mailboxes it covers.
"""

from dataclasses import replace

from mox.imapserver.errors import RefusedError
from mox.imapserver.mailboxfilters import with_checked_names
from moxkit.imap import BadEvent, Code, EventGroup, FilterKind, Notify, NotifyEvent

__all__ = ["Watch", "watch_of"]

_E = NotifyEvent
_SUPPORTED = tuple(event for event in NotifyEvent if event is not _E.ANNOTATION_CHANGE)
_ABOUT_MESSAGES = (_E.MESSAGE_NEW, _E.MESSAGE_EXPUNGE, _E.FLAG_CHANGE)
# Each event of an account is held against each group and name (RFC 5465 §3.1: too complex or expensive).
_MOST_GROUPS = 100
_MOST_NAMES = 1000


class Watch:
    """The events that a client wants to hear of; `Watch(())` is NOTIFY NONE.

    Attributes:
        selected: What of the selected mailbox; None for nothing.
        needs_subscriptions: Whether `wants` has to know if a mailbox is subscribed.
    """

    __slots__ = ("_groups", "needs_subscriptions", "selected")

    def __init__(self, groups: tuple[EventGroup, ...]) -> None:
        selected = [group for group in groups if group.mailboxes.kind.is_selected and group.events]
        self.selected: EventGroup | None = selected[0] if selected else None
        self._groups = tuple(group for group in groups if not group.mailboxes.kind.is_selected)
        self.needs_subscriptions = any(g.mailboxes.kind is FilterKind.SUBSCRIBED for g in self._groups)

    @property
    def is_delayed(self) -> bool:
        """Whether the selected mailbox waits for a command that may tell removals (RFC 5465 §6.1.2)."""
        return self.selected is not None and self.selected.mailboxes.kind is FilterKind.SELECTED_DELAYED

    @property
    def is_deaf(self) -> bool:
        """Whether nothing at all is wanted."""
        return self.selected is None and not self._groups

    def wants(self, event: NotifyEvent, mailbox: str, *, is_subscribed: bool) -> bool:
        """Return whether an event is to be told; of the selected mailbox's messages see `selected`."""
        for group in self._groups:
            if group.mailboxes.covers(mailbox, is_subscribed=is_subscribed):
                if not group.events:
                    return False
                if event in group.events:
                    return True
        return False

    def wants_messages(self, mailbox: str, *, is_subscribed: bool) -> bool:
        """Return whether any event of a mailbox's messages is to be told."""
        return any(self.wants(event, mailbox, is_subscribed=is_subscribed) for event in _ABOUT_MESSAGES)

    @property
    def wants_server_metadata(self) -> bool:
        """Whether changes of the server's annotations are to be told, which belong to no mailbox."""
        return any(_E.SERVER_METADATA_CHANGE in group.events for group in self._groups)


def watch_of(command: Notify) -> Watch:
    """Take what a client asks for.

    Raises:
        RefusedError: An event that is not supported, or too many mailboxes.
    """
    for group in command.groups:
        if group.unknown or _E.ANNOTATION_CHANGE in group.events:
            raise RefusedError("event is not supported", BadEvent(_SUPPORTED))
    names = sum(len(group.mailboxes.mailboxes) for group in command.groups)
    if len(command.groups) > _MOST_GROUPS or names > _MOST_NAMES:
        raise RefusedError("too many groups or mailboxes", Code("NOTIFICATIONOVERFLOW"))
    return Watch(
        tuple(replace(group, mailboxes=with_checked_names(group.mailboxes)) for group in command.groups)
    )
