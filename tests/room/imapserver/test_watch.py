"""Which events are wanted: groups in their order, NONE, names as mailboxes have them (RFC 5465)."""

import pytest

from mox.imapserver.errors import RefusedError
from mox.imapserver.watch import Watch, watch_of
from moxkit.imap import BadEvent, EventGroup, FilterKind, MailboxFilter, Notify, NotifyEvent as Event

BOTH = frozenset({Event.MESSAGE_NEW, Event.MESSAGE_EXPUNGE})
FLAGS = BOTH | {Event.FLAG_CHANGE}
PERSONAL = MailboxFilter(FilterKind.PERSONAL)
SUBSCRIBED = MailboxFilter(FilterKind.SUBSCRIBED)
SELECTED = MailboxFilter(FilterKind.SELECTED)
DELAYED = MailboxFilter(FilterKind.SELECTED_DELAYED)


def named(kind: FilterKind, *names: str) -> MailboxFilter:
    return MailboxFilter(kind, names)


def watching(*groups: EventGroup) -> Watch:
    return watch_of(Notify(groups))


def test_groups_add_up_until_none() -> None:
    watch = watching(
        EventGroup(named(FilterKind.MAILBOXES, "a"), BOTH),
        EventGroup(named(FilterKind.SUBTREE, "b")),
        EventGroup(PERSONAL, frozenset({Event.MAILBOX_NAME})),
    )
    assert watch.wants(Event.MESSAGE_NEW, "a", is_subscribed=False)
    # RFC 5465 §6: several groups apply to one mailbox.
    assert watch.wants(Event.MAILBOX_NAME, "a", is_subscribed=False)
    assert not watch.wants(Event.FLAG_CHANGE, "a", is_subscribed=False)
    assert not watch.wants(Event.MAILBOX_NAME, "b/c", is_subscribed=False)
    assert watch.wants(Event.MAILBOX_NAME, "c", is_subscribed=False)
    assert watch.wants_messages("a", is_subscribed=False)
    assert not watch.wants_messages("c", is_subscribed=False)


def test_none_behind_does_not_count() -> None:
    watch = watching(EventGroup(PERSONAL, BOTH), EventGroup(named(FilterKind.MAILBOXES, "a")))
    assert watch.wants(Event.MESSAGE_NEW, "a", is_subscribed=False)


def test_selected_is_apart() -> None:
    """RFC 5465 §3.1: without it nothing is told of the selected mailbox, though it is named."""
    assert watching(EventGroup(PERSONAL, FLAGS)).selected is None
    assert watching(EventGroup(SELECTED)).selected is None
    watch = watching(EventGroup(SELECTED, BOTH), EventGroup(PERSONAL, FLAGS))
    assert watch.selected is not None
    assert not watch.is_delayed
    assert watching(EventGroup(DELAYED, BOTH)).is_delayed
    assert not watching(EventGroup(SELECTED, BOTH)).wants_messages("Inbox", is_subscribed=True)


def test_nothing_at_all() -> None:
    assert Watch(()).is_deaf
    assert not watching(EventGroup(SELECTED, BOTH)).is_deaf
    assert not watching(EventGroup(PERSONAL, BOTH)).is_deaf


def test_subscriptions_are_asked_for_where_they_count() -> None:
    watch = watching(EventGroup(SUBSCRIBED, BOTH))
    assert watch.needs_subscriptions
    assert watch.wants(Event.MESSAGE_NEW, "a", is_subscribed=True)
    assert not watch.wants(Event.MESSAGE_NEW, "a", is_subscribed=False)
    assert not watching(EventGroup(PERSONAL, BOTH)).needs_subscriptions


def test_names_are_spelled_as_mailboxes_have_them() -> None:
    watch = watching(EventGroup(named(FilterKind.MAILBOXES, "iNbOx", "#impossible", "a/"), BOTH))
    assert watch.wants(Event.MESSAGE_NEW, "Inbox", is_subscribed=False)
    assert watch.wants(Event.MESSAGE_NEW, "a", is_subscribed=False)
    assert not watch.wants(Event.MESSAGE_NEW, "#impossible", is_subscribed=False)


def test_servers_annotations_belong_to_no_mailbox() -> None:
    events = frozenset({Event.SERVER_METADATA_CHANGE})
    assert watching(EventGroup(named(FilterKind.MAILBOXES, "nowhere"), events)).wants_server_metadata
    assert not watching(EventGroup(PERSONAL, BOTH)).wants_server_metadata


@pytest.mark.parametrize(
    "group",
    [
        EventGroup(PERSONAL, BOTH | {Event.ANNOTATION_CHANGE}),
        EventGroup(PERSONAL, BOTH, unknown=("Weather",)),
        EventGroup(SELECTED, unknown=("Weather",)),
    ],
)
def test_events_that_are_not_supported_are_named(group: EventGroup) -> None:
    with pytest.raises(RefusedError) as refused:
        watching(group)
    code = refused.value.code
    assert isinstance(code, BadEvent)
    assert set(code.events) == set(Event) - {Event.ANNOTATION_CHANGE}


@pytest.mark.parametrize(
    "groups",
    [
        (EventGroup(PERSONAL, BOTH),) * 101,
        (EventGroup(named(FilterKind.MAILBOXES, *map(str, range(1001))), BOTH),),
    ],
)
def test_too_much_is_refused(groups: tuple[EventGroup, ...]) -> None:
    with pytest.raises(RefusedError) as refused:
        watching(*groups)
    assert bytes(refused.value.code or b"") == b"NOTIFICATIONOVERFLOW"
