"""What a client is told of mailboxes that are not its selected one: LIST, STATUS, METADATA without values.

Gathered from changes, told from the database: one line for each mailbox, as it is when it is told.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Protocol

from mox.database import Connection
from mox.imapserver.selected import Selected
from mox.imapserver.watch import Watch
from mox.store import (
    AnnotationsChanged,
    Change,
    FlagsChanged,
    Mailbox,
    MailboxAdded,
    MailboxRemoved,
    MailboxRenamed,
    MailboxUnknownError,
    MessagesAdded,
    MessagesRemoved,
    SubscriptionAdded,
    SubscriptionRemoved,
    get_mailbox,
    list_mailboxes,
    list_subscriptions,
)
from moxkit.imap import ListData, MetadataChangedData, NotifyEvent, StatusData, StatusItem

__all__ = ["Audience", "MailboxNews", "Mailboxes", "status_values"]

_E, _I = NotifyEvent, StatusItem


class Audience(Protocol):
    """What is asked of the session."""

    enabled: set[str]
    condstore: bool
    selected: Selected | None

    @property
    def is_rev2(self) -> bool:
        """Whether it asked for IMAP4rev2's answers."""

    @property
    def utf8(self) -> bool:
        """Whether it takes UTF-8."""


class Mailboxes:
    """Mailboxes and subscriptions as they are, read when first asked for."""

    def __init__(self, reader: Connection) -> None:
        self._reader = reader
        self._by_id: dict[int, Mailbox | None] = {}

    @cached_property
    def by_name(self) -> dict[str, Mailbox]:
        """All of them."""
        return {mailbox.name: mailbox for mailbox in list_mailboxes(self._reader)}

    def get(self, mailbox_id: int) -> Mailbox | None:
        """Return a live one; alone, since a busy account has this asked for every message."""
        if mailbox_id not in self._by_id:
            try:
                self._by_id[mailbox_id] = get_mailbox(self._reader, mailbox_id)
            except MailboxUnknownError:
                self._by_id[mailbox_id] = None
        return self._by_id[mailbox_id]

    @cached_property
    def subscribed(self) -> frozenset[str]:
        """Names that are subscribed."""
        return frozenset(list_subscriptions(self._reader))

    @cached_property
    def _parents(self) -> frozenset[str]:
        return frozenset(name.rpartition("/")[0] for name in self.by_name)

    def attributes(self, name: str) -> tuple[str, ...]:
        """Return what LIST says of a name (RFC 5465 §5.4, §5.5: accurately computed)."""
        attributes = ["\\Subscribed"] if name in self.subscribed else []
        if (mailbox := self.by_name.get(name)) is None:
            return (*attributes, "\\NonExistent")
        attributes.append("\\HasChildren" if name in self._parents else "\\HasNoChildren")
        if mailbox.special_use is not None:
            attributes.append(mailbox.special_use)
        return tuple(attributes)


def status_values(mailbox: Mailbox, items: Iterable[StatusItem]) -> StatusData:
    """Return STATUS with the items that NOTIFY tells of (RFC 5465 §5.1-§5.3)."""
    values = {
        _I.MESSAGES: mailbox.total,
        _I.UIDNEXT: mailbox.uidnext,
        _I.UIDVALIDITY: mailbox.uidvalidity,
        _I.UNSEEN: mailbox.unseen,
        _I.HIGHESTMODSEQ: mailbox.modseq,
    }
    wanted = set(items)
    return StatusData(mailbox.name, tuple((item, value) for item, value in values.items() if item in wanted))


class MailboxNews:
    """Gathers what others did, for one telling."""

    def __init__(self, audience: Audience, watch: Watch | None, reader: Connection) -> None:
        self._audience = audience
        self._watch = watch
        self._now = Mailboxes(reader)
        self._lists: dict[str, str | None] = {}
        self._renamed: dict[str, str] = {}
        self._statuses: dict[int, tuple[Mailbox, set[StatusItem]]] = {}
        self._annotations: dict[str, dict[str, None]] = {}

    def note(self, change: Change) -> None:
        """Take a change of somebody else."""
        match change:
            case MailboxAdded(name=name) | MailboxRemoved(name=name):
                self._note_name(name)
            case MailboxRenamed():
                self._note_renamed(change)
            case SubscriptionAdded(name=name) | SubscriptionRemoved(name=name):
                if self._wants(_E.SUBSCRIPTION_CHANGE, name):
                    self._lists.setdefault(name, None)
            case AnnotationsChanged():
                self._note_annotations(change)
            case MessagesAdded() | MessagesRemoved() | FlagsChanged():
                self._note_messages(change)
            case _:
                pass

    def _wants(self, event: NotifyEvent, name: str) -> bool:
        watch = self._watch
        if watch is None:
            return True
        is_subscribed = watch.needs_subscriptions and name in self._now.subscribed
        return watch.wants(event, name, is_subscribed=is_subscribed)

    def _note_name(self, name: str) -> None:
        if self._wants(_E.MAILBOX_NAME, name):
            self._lists.setdefault(name, None)
        # RFC 5465 §5.4: its direct parent is affected too.
        parent = name.rpartition("/")[0]
        if self._watch is not None and parent and self._wants(_E.MAILBOX_NAME, parent):
            self._lists.setdefault(parent, None)

    def _note_renamed(self, change: MailboxRenamed) -> None:
        old, name = change.old_name, change.name
        if not (self._wants(_E.MAILBOX_NAME, name) or self._wants(_E.MAILBOX_NAME, old)):
            return
        self._renamed[name] = old
        parent, old_parent = name.rpartition("/")[0], old.rpartition("/")[0]
        # RFC 5465 §5.4: no more events for the children that go with it.
        if self._watch is None or not parent or self._renamed.get(parent) != old_parent:
            self._lists[name] = old

    def _note_annotations(self, change: AnnotationsChanged) -> None:
        watch, enabled = self._watch, self._audience.enabled
        of_server = change.mailbox_id is None
        if watch is None:
            # RFC 5464 §4.1; METADATA-SERVER is about the server's own alone.
            is_wanted = "METADATA" in enabled or (of_server and "METADATA-SERVER" in enabled)
        elif of_server:
            is_wanted = watch.wants_server_metadata
        else:
            is_wanted = self._wants(_E.MAILBOX_METADATA_CHANGE, change.mailbox)
        if is_wanted:
            self._annotations.setdefault(change.mailbox, {}).update(dict.fromkeys(change.names))

    def _note_messages(self, change: MessagesAdded | MessagesRemoved | FlagsChanged) -> None:
        selected = self._audience.selected
        if self._watch is None or (selected is not None and change.mailbox_id == selected.mailbox_id):
            return
        mailbox = self._now.get(change.mailbox_id)
        if mailbox is None:
            return
        if isinstance(change, FlagsChanged):
            event, items = _E.FLAG_CHANGE, {_I.UIDVALIDITY, _I.UNSEEN}
        else:
            event = _E.MESSAGE_NEW if isinstance(change, MessagesAdded) else _E.MESSAGE_EXPUNGE
            items = {_I.MESSAGES, _I.UIDNEXT, _I.UNSEEN}
        if self._wants(event, mailbox.name):
            self._statuses.setdefault(mailbox.id, (mailbox, set()))[1].update(items)

    def octets(self) -> bytes:
        """Return the lines."""
        audience, now = self._audience, self._now
        out: list[bytes] = []
        is_modern = self._watch is not None or audience.is_rev2
        for name, old_name in self._lists.items():
            if not is_modern and name not in now.by_name:
                # RFC 9051 §7.3.1: only clients of rev2 know \NonExistent to be no mailbox.
                continue
            told = old_name if is_modern else None
            out.append(ListData(now.attributes(name), "/", name, old_name=told).encode(utf8=audience.utf8))
        more = {_I.HIGHESTMODSEQ} if audience.condstore else set()
        for mailbox, items in self._statuses.values():
            out.append(status_values(mailbox, items | more).encode(utf8=audience.utf8))
        for place, names in self._annotations.items():
            out.append(MetadataChangedData(place, tuple(names)).encode(utf8=audience.utf8))
        return b"".join(out)
